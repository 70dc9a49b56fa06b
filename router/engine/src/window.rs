//! Ends each window in time, and brings each way back to its end.

use crate::{Datapath, Engine, Event, Ledger, Stop, Store, journal::Stage};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// How long it sleeps at most before it looks at the boot clock again: tokio's clock stands still while the box sleeps.
const LOOK: Duration = Duration::from_secs(1);
/// How soon to try again what the kernel refused on the way back.
const RETRY: Duration = Duration::from_secs(5);

impl<D: Datapath, S: Store> Engine<D, S> {
    /// The timer of windows, until `stop`.
    pub async fn time_windows(&self, mut stop: Stop) {
        let mut ledger = self.watch_ledger();
        loop {
            // What was begun is never left half-way.
            tokio::select! {
                () = stop.wait() => return,
                is_due = self.wait_for_end(&mut ledger) => if !is_due { continue },
            }
            self.end_window().await;
        }
    }

    /// Whether something may be over by now.
    async fn wait_for_end(&self, ledger: &mut watch::Receiver<Arc<Ledger>>) -> bool {
        let stage = ledger.borrow_and_update().open.as_ref().map(|open| open.phase.clone());
        match stage {
            Some(Stage::Confirming { deadline_ms, .. }) => {
                let left = deadline_ms.saturating_sub((self.clock)().moment.ms);
                let _ = timeout(LOOK.min(Duration::from_millis(left)), ledger.changed()).await;
            }
            // Each way back that fails is told, this task's own too: that must not shorten the rest.
            Some(_) => sleep(RETRY).await,
            None => return ledger.changed().await.is_err(),
        }
        true
    }

    async fn end_window(&self) {
        let Ok(mut guard) = self.lock().await else { return };
        let before = self.ledger();
        match self.drive(&mut guard, Event::Time).await {
            Ok(_) if before.open == self.ledger().open => {}
            Ok(done) => log::info!("the configuration before is in force again: {} changes", done.ops.len()),
            Err(error) => log::error!("the configuration before is not wholly back: {}", error.in_full()),
        }
    }
}
