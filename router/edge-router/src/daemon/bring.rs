//! Brings the kernel to a configuration.

use super::{Daemon, sweep};
use edge_config::Config;
use edge_control::{Failure, FailureKind};
use edge_plan::{Diff, Op, Space, desired, diff, router_space};

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
        for round in 0..=ROUNDS {
            let Diff { ops: now, waiting, conflicts } = match self.kernel.observe().await {
                Ok(observed) => diff(&wanted, &observed),
                Err(error) => {
                    outcome = Err(Failure::from_error(FailureKind::Internal, &error));
                    break;
                }
            };
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
                break;
            }
            if now.iter().any(|op| matches!(op, Op::SetTable { .. })) {
                self.current.write().await.swept = false;
            }
            outcome = self.carry_out(&now).await;
            ops.extend(now);
        }
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

fn unstable(op: &Op) -> Failure {
    let change = edge_control::Change::from(op);
    let what = format!("the kernel does not stay as configured: {} in space {} comes undone", change.object, change.space);
    Failure::new(FailureKind::Conflict, what)
        .detail("something else on this machine manages it too (NetworkManager, systemd-networkd?)")
}
