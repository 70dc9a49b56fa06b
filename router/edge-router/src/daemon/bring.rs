//! Brings the kernel to a configuration.

use super::{Daemon, sweep};
use edge_config::Config;
use edge_control::{Failure, FailureKind};
use edge_plan::{Diff, Op, Space, State, Waiting, announced, desired, diff, router_space};
use std::time::Duration;

/// When the neighbours are told of an address, after it was made: at once; when a bridge and its port have settled; and once more
/// (RFC 5227 section 2.3: two announcements, two seconds apart), when a card that negotiates has its carrier.
const ANNOUNCED_AFTER: [Duration; 3] = [Duration::ZERO, Duration::from_millis(50), Duration::from_secs(2)];

/// How often it looks again after it wrote: devices come and go while it works.
const ROUNDS: usize = 4;

/// What was done.
pub struct Done {
    pub ops: Vec<Op>,
    pub writes: u64,
}

impl Daemon {
    /// Until nothing is left to be done. Must be called by whoever has the turn.
    pub(super) async fn bring(&self, config: &Config) -> Result<Done, Failure> {
        self.know_namespace(config).await;
        let facts = self.current.read().await.facts.clone();
        let wanted = desired(config, &facts);
        let before = self.kernel.writes();
        let mut ops = Vec::new();
        let mut outcome = Ok(());
        let mut devices = Comings::default();
        for round in 0..=ROUNDS {
            let Diff { ops: now, waiting, conflicts } = match self.kernel.observe().await {
                Ok(observed) => diff(&wanted, &observed),
                Err(error) => {
                    outcome = Err(Failure::from_error(FailureKind::Internal, &error));
                    break;
                }
            };
            devices.see(&waiting);
            {
                let mut current = self.current.write().await;
                (current.waiting, current.conflicts) = (waiting, conflicts);
            }
            let Some(first) = now.first() else {
                outcome = Ok(());
                break;
            };
            if round == ROUNDS {
                outcome = outcome.and_then(|()| Err(unstable(first)));
                if devices.come_and_go {
                    // Each time it changes the kernel says so, and then it is taken up or waited for.
                    log::warn!("a device comes and goes while it is set up; the rest is in force");
                    outcome = Ok(());
                }
                break;
            }
            if now.iter().any(|op| matches!(op, Op::SetTable { .. })) {
                self.current.write().await.swept = false;
            }
            outcome = self.carry_out(&now).await;
            ops.extend(now);
        }
        self.announce(&wanted, &ops);
        self.current.write().await.failed = outcome.as_ref().err().map(Failure::in_full);
        outcome.map(|()| Done { ops, writes: self.kernel.writes() - before })
    }

    /// What the kernel refuses is told, and the rest made all the same: one port that cannot be bridged must not cost the other
    /// networks. Only without a namespace or a policy nothing goes on.
    async fn carry_out(&self, ops: &[Op]) -> Result<(), Failure> {
        let mut first_refusal = Ok(());
        let mut rest = ops;
        while let Err(error) = self.kernel.execute(rest).await {
            let vital = matches!(*error.op, Op::SetTable { .. } | Op::CreateNamespace(_));
            rest = rest.get(error.index + 1..).filter(|_| !vital).unwrap_or_default();
            first_refusal = first_refusal.and_then(|()| Err(Failure::from_error(FailureKind::Internal, &error)));
        }
        first_refusal
    }

    fn announce(&self, wanted: &State, ops: &[Op]) {
        let addresses = announced(wanted, ops);
        if addresses.is_empty() {
            return;
        }
        let kernel = self.kernel.clone();
        tokio::spawn(async move {
            let begun = tokio::time::Instant::now();
            for after in ANNOUNCED_AFTER {
                tokio::time::sleep_until(begun + after).await;
                kernel.announce(addresses.clone()).await;
            }
        });
    }

    /// Written down before it is made: after a restart the name is how it is known to be ours.
    async fn know_namespace(&self, config: &Config) {
        if let Space::Named(name) = router_space(config)
            && let Err(error) = self.files.remember_namespace(&name)
        {
            log::warn!("a restart may not know the namespace {name} again: {error}");
        }
        self.kernel.trust(self.files.namespaces()).await;
    }

    /// Cuts the flows that an older policy let in and this one does not, once after each change of the policy.
    pub(super) async fn cut_flows(&self, config: &Config) {
        if !self.current.read().await.swept {
            let swept = sweep::sweep(config).await;
            self.current.write().await.swept = swept;
        }
    }
}

/// Whether devices were pulled or put back between the rounds.
#[derive(Default)]
struct Comings {
    waiting: Option<Vec<Waiting>>,
    come_and_go: bool,
}

impl Comings {
    fn see(&mut self, waiting: &[Waiting]) {
        self.come_and_go |= self.waiting.as_deref().is_some_and(|before| before != waiting);
        self.waiting = Some(waiting.to_owned());
    }
}

fn unstable(op: &Op) -> Failure {
    let change = edge_control::Change::from(op);
    let what = format!("the kernel does not stay as configured: {} in space {} comes undone", change.object, change.space);
    Failure::new(FailureKind::Conflict, what)
        .detail("something else on this machine manages it too (NetworkManager, systemd-networkd?)")
}
