use super::{cpu_budget::CpuBudget, drift, router::Machine, summary::summary};
use edge_api::Failure;
use edge_engine::{Done, Stop};
use edge_kernel::{Events, Kernel};
use edge_plan::{loosened, settings};
use nix::time::{ClockId, clock_gettime};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// How soon to try again what the kernel refused.
const RETRY: Duration = Duration::from_secs(5);

/// How often the settings are looked at that the kernel tells no event of.
const LOOK: Duration = Duration::from_secs(5);

/// How long nothing may be heard before the kernel is looked at all the same, which after so long is a look at everything.
const SILENCE: Duration = Duration::from_secs(60);

/// Brings the kernel back to what is applied whenever something changes there: a device that comes is plugged in at once.
pub async fn follow(engine: Arc<Machine>, kernel: Kernel, mut events: Events, mut stop: Stop) {
    let mut failed = false;
    let mut drift = drift::LoggedDrift::default();
    let mut budget = CpuBudget::new(Instant::now());
    loop {
        tokio::select! {
            () = stop.wait() => return,
            () = async {
                next(&engine, &kernel, &mut events, failed).await;
                sleep(budget.wait(Instant::now())).await;
            } => {}
        }
        // An apply that is under way is not our work, and sees what changed so far by itself.
        engine.idle().await;
        events.forget();
        let before = processor_time();
        failed = tell(&engine, drift::reconcile(&engine, &mut drift).await, failed);
        budget.spent(processor_time().saturating_sub(before), Instant::now());
    }
}

/// Returns when it is time to look.
async fn next(engine: &Machine, kernel: &Kernel, events: &mut Events, failed: bool) {
    if failed {
        // Nothing may ever change again, so do not wait for it alone.
        let _ = timeout(RETRY, events.changed()).await;
    } else {
        let end = Instant::now() + SILENCE;
        while timeout(LOOK, events.changed()).await.is_err() && Instant::now() < end && !has_loosened(engine, kernel).await {}
    }
}

/// Whether `/proc/sys` says otherwise than it should.
async fn has_loosened(engine: &Machine, kernel: &Kernel) -> bool {
    let (in_force, fights) = (engine.in_force(), engine.condition().fights);
    let found = kernel.settings().await.unwrap_or_default();
    in_force.is_applied() && loosened(&settings(&in_force.config), &found).iter().any(|op| !fights.is_lost(op))
}

/// Whether it failed; that is told once.
fn tell(engine: &Machine, done: Result<Done, Failure>, has_failed: bool) -> bool {
    match done {
        Ok(done) => {
            if !done.ops.is_empty() {
                log::info!("the kernel had changed; put back: {}; now {}", edge_report::put_back(&done.ops), summary(engine));
            }
            false
        }
        Err(error) => {
            if !has_failed {
                log::error!("cannot bring the kernel to what is configured: {}", error.in_full());
            }
            true
        }
    }
}

/// What this process has used so far, all threads together: on a busy machine the clock says nothing about our own work.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}
