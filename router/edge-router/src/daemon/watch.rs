use super::Daemon;
use edge_kernel::Events;
use std::{sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

/// A NIC that appears says so several times over; wait until it has finished.
const SETTLE: Duration = Duration::from_millis(100);
/// How soon to try again what the kernel refused.
const RETRY: Duration = Duration::from_secs(5);

/// Brings the kernel back to what is applied whenever something changes there: a device that comes is plugged in.
pub async fn follow(daemon: Arc<Daemon>, mut events: Events) {
    let mut failed = false;
    loop {
        if failed {
            // Nothing may ever change again, so do not wait for it alone.
            let _ = timeout(RETRY, events.changed()).await;
        } else {
            events.changed().await;
        }
        sleep(SETTLE).await;
        match daemon.reconcile().await {
            Ok(done) if done.ops.is_empty() => failed = false,
            Ok(done) => {
                failed = false;
                let summary = daemon.current.read().await.summary();
                log::info!("the kernel had changed: {} mended; now {summary}", done.ops.len());
            }
            Err(error) => {
                if !failed {
                    log::error!("cannot bring the kernel to what is configured: {}", error.in_full());
                }
                failed = true;
            }
        }
    }
}
