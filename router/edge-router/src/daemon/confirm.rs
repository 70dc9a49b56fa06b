//! The window in which an apply must be confirmed, and the way back at its end or by hand.

use super::{
    Daemon, apply,
    boot::{Moment, boot_ms},
    bring::Done,
    decision::Outcome,
    journal::{Journal, Phase},
    transaction::Wish,
};
use edge_api::{Confirmed, Failure, FailureKind};
use std::{sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

/// How long it sleeps at most before it looks at `CLOCK_BOOTTIME` again: tokio's clock stands still while the box sleeps.
const LOOK: Duration = Duration::from_secs(1);
/// How soon to try again what the kernel refused on the way back.
const RETRY: Duration = Duration::from_secs(5);

/// Ends each window in time, and brings each way back to its end.
pub async fn keep(daemon: Arc<Daemon>) {
    loop {
        let open = daemon.current.read().await.open.clone();
        match open.as_ref().map(|open| &open.phase) {
            Some(Phase::Confirming { deadline_ms, .. }) => {
                let wait = LOOK.min(Duration::from_millis(deadline_ms.saturating_sub(boot_ms())));
                let _ = timeout(wait, daemon.keeper.notified()).await;
            }
            // Each way back that fails notifies, this task's own too: that must not shorten the rest.
            Some(_) => sleep(RETRY).await,
            None => {
                daemon.keeper.notified().await;
                continue;
            }
        }
        daemon.end_what_is_over().await;
    }
}

impl Daemon {
    async fn end_what_is_over(&self) {
        let Ok(_turn) = self.take_turn().await else { return };
        let Some(open) = self.current.read().await.open.clone() else { return };
        let back = match open.phase.clone() {
            Phase::Confirming { .. } if open.left(&Moment::now()).is_some_and(|left| left > 0) => return,
            Phase::Confirming { .. } => {
                log::warn!("{} was not confirmed in time: the configuration before it comes back", open.new.name);
                let because = "nobody said routerctl confirm in time".to_owned();
                self.go_back(open, Outcome::Unconfirmed, because).await
            }
            Phase::Reverting { outcome, because } => self.go_back(open, outcome, because).await,
            Phase::Applying => return,
        };
        match back {
            Ok(done) => log::info!("the configuration before is in force again: {} changes", done.ops.len()),
            Err(error) => log::error!("the configuration before is not wholly back: {}", error.in_full()),
        }
    }

    pub(super) async fn confirm_open(&self) -> Result<Confirmed, Failure> {
        let _turn = self.take_turn().await?;
        let Some((journal, left)) = self.window().await else {
            return Err(Failure::new(FailureKind::Conflict, "nothing waits to be confirmed")
                .detail("routerctl status tells what is in force, and why"));
        };
        let committed = self.commit(&journal).await;
        committed.map_err(|error| {
            Failure::new(FailureKind::Internal, format!("not confirmed: it cannot be written down: {error}"))
                .detail("the configuration before comes back at the end of the window")
        })?;
        log::info!("{} is confirmed", journal.new.name);
        Ok(Confirmed { name: journal.new.name, left: whole_seconds(left) })
    }

    /// Within a window to what was confirmed last; else to the configuration before, so that a second one returns.
    pub(super) async fn revert_by_hand(&self) -> Result<Done, Failure> {
        let _turn = self.take_turn().await?;
        let open = self.current.read().await.open.clone();
        if let Some(open) = open {
            return self.go_back(open, Outcome::Reverted, "somebody said routerctl revert".to_owned()).await;
        }
        let before = self.current.read().await.decision.as_ref().and_then(|decision| decision.before.clone());
        let Some(text) = self.files.previous(before) else {
            return Err(Failure::new(FailureKind::Conflict, "there is no configuration before this one to go back to"));
        };
        let config = apply::parse(&text)?;
        let file = self.files.read_config().fingerprint;
        let about = self.current.read().await.kept.as_ref().map(|kept| kept.text.name.clone());
        let done = self.transact(Wish { text, config, file: file.clone(), confirm: None }).await?;
        let because = Some("somebody said routerctl revert".to_owned());
        self.decide(Outcome::Reverted, &about.unwrap_or_default(), because, file).await;
        Ok(done)
    }

    /// What waits to be confirmed, and the milliseconds left.
    pub(super) async fn window(&self) -> Option<(Journal, u64)> {
        let open = self.current.read().await.open.clone()?;
        let left = open.left(&Moment::now()).filter(|left| *left > 0)?;
        Some((open, left))
    }
}

pub fn whole_seconds(ms: u64) -> u32 {
    u32::try_from(ms.div_ceil(1000)).unwrap_or(u32::MAX)
}
