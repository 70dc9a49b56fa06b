use super::{Daemon, drift, pace::Pace};
use edge_kernel::Events;
use nix::time::{ClockId, clock_gettime};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// How soon to try again what the kernel refused.
const RETRY: Duration = Duration::from_secs(5);

/// Brings the kernel back to what is applied whenever something changes there: a device that comes is plugged in at once.
pub async fn follow(daemon: Arc<Daemon>, mut events: Events) {
    let mut failed = false;
    let mut drift = drift::Told::default();
    let mut pace = Pace::new(Instant::now());
    loop {
        if failed {
            // Nothing may ever change again, so do not wait for it alone.
            let _ = timeout(RETRY, events.changed()).await;
        } else {
            events.changed().await;
        }
        sleep(pace.wait(Instant::now())).await;
        // An apply that is under way is not our work, and sees what changed so far by itself.
        drop(daemon.turn.lock().await);
        events.forget();
        let before = processor_time();
        match daemon.mend(&mut drift).await {
            Ok(done) if done.ops.is_empty() => failed = false,
            Ok(done) => {
                failed = false;
                let summary = daemon.current.read().await.summary();
                log::info!("the kernel had changed; put back: {}; now {summary}", drift::named(&done.ops));
            }
            Err(error) => {
                if !failed {
                    log::error!("cannot bring the kernel to what is configured: {}", error.in_full());
                }
                failed = true;
            }
        }
        pace.spent(processor_time().saturating_sub(before), Instant::now());
    }
}

/// What this process has used so far, all threads together: on a busy machine the clock says nothing about our own work.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}
