//! Brings the kernel to what is wanted: look, change, look again.

use crate::{
    Condition, Datapath, InForce, Look,
    announce::announce,
    patience::Patience,
    rounds::{Refused, Rounds, Stop},
};
use edge_api::Failure;
use edge_config::Config;
use edge_plan::{Diff, Op, State, announced, diff, urgent};
use std::sync::Arc;
use tokio::sync::watch;

/// So many operations are sent before it is asked whether the kernel still answers.
const AT_ONCE: usize = 64;

/// What to do about what the kernel refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All of it or nothing: the caller goes back. A refusal counts by what a second look at the kernel asks for, for a device may have
    /// gone in between.
    Whole,
    /// It is told, and the rest made all the same: one port that cannot be bridged must not cost the other networks. Only without the
    /// policy, and what comes before it, nothing goes on.
    Most,
    /// Like `Most`, of what plugs a device in or keeps the policy. The rest has drifted, and is told.
    Urgent,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Every operation that was sent, in order.
    pub ops: Vec<Op>,
    /// How many requests to the kernel that took.
    pub writes: u64,
    /// What was in force before, where somebody asked for another configuration.
    pub before: Option<Before>,
}

/// A configuration that gave way to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// As it was parsed.
    pub config: Arc<Config>,
    /// Its text is not that of the other: whether it says something else is to be seen.
    pub is_other_text: bool,
}

/// What others have to do while the kernel changes. See [`Service`](crate::Service), which says it for one of them.
pub trait Hooks: Sync {
    /// Before the first operation.
    fn prepare(&self, target: &InForce) -> impl Future<Output = Result<(), Failure>> + Send;
    /// These are sent now.
    fn changing(&self, ops: &[Op]);
    /// The policy of `target` stands, and nothing is plugged in yet that was not before.
    fn closed(&self, target: &InForce) -> impl Future<Output = ()> + Send;
}

/// What is wanted of the kernel, and how it differs.
pub(crate) struct Planned {
    pub wanted: State,
    pub diff: Diff,
}

pub(crate) struct Converge<'a, D, H> {
    pub datapath: &'a Arc<D>,
    pub hooks: &'a H,
    pub patience: Patience,
    pub condition: &'a watch::Sender<Condition>,
}

impl<D: Datapath, H: Hooks> Converge<'_, D, H> {
    /// What there is to do, by the kernel as it is now.
    pub async fn plan(&self, target: &InForce, mode: Mode) -> Result<Planned, Failure> {
        let wanted = target.wanted();
        let diff = self.difference(&wanted, mode, Look::Changes).await?;
        Ok(Planned { wanted, diff })
    }

    /// Until nothing is left to be done, seen by looking at the kernel again.
    pub async fn converge(&self, target: &InForce, planned: &Planned, mode: Mode) -> Result<Done, Failure> {
        if !planned.diff.ops.is_empty() {
            self.hooks.prepare(target).await?;
        }
        let before = self.datapath.writes();
        let (ops, outcome) = self.rounds(target, planned, mode).await.end();
        announce(self.datapath.clone(), announced(&planned.wanted, &ops));
        self.condition.send_modify(|condition| condition.failed = outcome.as_ref().err().map(Failure::in_full));
        outcome.map(|()| Done { ops, writes: self.datapath.writes() - before, ..Done::default() })
    }

    async fn rounds(&self, target: &InForce, planned: &Planned, mode: Mode) -> Rounds {
        let mut rounds = Rounds::new(mode);
        let mut look = Ok(planned.diff.clone());
        loop {
            let found = match look {
                Ok(found) => found,
                Err(failure) => {
                    rounds.blind(failure);
                    return rounds;
                }
            };
            self.tell(&found);
            if !rounds.looked(&found) {
                return rounds;
            }
            let carried = self.carry_out(target, &found.ops, mode).await;
            if !rounds.carried_out(found.ops, carried) {
                return rounds;
            }
            look = self.verify(&planned.wanted, mode).await;
        }
    }

    /// What was written is looked at by its events. What seems left to be done may be an event that was missed: nothing is written for
    /// that before everything was looked at.
    async fn verify(&self, wanted: &State, mode: Mode) -> Result<Diff, Failure> {
        match self.difference(wanted, mode, Look::Changes).await {
            Ok(found) if !found.ops.is_empty() => self.difference(wanted, mode, Look::Whole).await,
            found => found,
        }
    }

    fn tell(&self, found: &Diff) {
        let (waiting, conflicts) = (found.waiting.clone(), found.conflicts.clone());
        self.condition.send_modify(|condition| (condition.waiting, condition.conflicts) = (waiting, conflicts));
    }

    /// Up to the new policy nothing may be left undone: what should have gone before would be under that policy. Then the flows that it
    /// does not let in are cut, before anything is plugged in: some may have waited for a link to come back, since a policy before the last.
    pub async fn carry_out(&self, target: &InForce, ops: &[Op], mode: Mode) -> Result<(), Stop> {
        self.hooks.changing(ops);
        let closed = ops.iter().rposition(|op| matches!(op, Op::SetTable { to: Some(_), .. })).map_or(0, |last| last + 1);
        let (closing, opening) = ops.split_at(closed);
        self.execute(closing, Mode::Whole).await?;
        if !closing.is_empty() {
            self.hooks.closed(target).await;
        }
        self.execute(opening, mode).await
    }

    /// The first refusal is told.
    async fn execute(&self, ops: &[Op], mode: Mode) -> Result<(), Stop> {
        let mut outcome = Ok(());
        let mut rest = ops;
        while !rest.is_empty() {
            let now = &rest[..rest.len().min(AT_ONCE)];
            let refusal = match self.patience.wait("carry out a change", self.datapath.execute(now)).await {
                Ok(Ok(())) => {
                    rest = &rest[now.len()..];
                    continue;
                }
                Ok(Err(refusal)) => refusal,
                // Nothing else would be answered either.
                Err(failure) => return outcome.and(Err(Stop { failure, refused: None })),
            };
            let refused = now.get(refusal.index).map(|op| Refused { op: op.clone(), gone: refusal.gone });
            rest = rest.get(refusal.index + 1..).filter(|_| mode != Mode::Whole).unwrap_or_default();
            outcome = outcome.and(Err(Stop { failure: refusal.failure, refused }));
        }
        outcome
    }

    pub async fn observe(&self, look: Look) -> Result<State, Failure> {
        self.patience.wait("tell what there is", self.datapath.observe(look)).await?
    }

    async fn difference(&self, wanted: &State, mode: Mode, look: Look) -> Result<Diff, Failure> {
        let observed = self.observe(look).await?;
        let found = diff(wanted, &observed);
        Ok(match mode {
            Mode::Whole => found,
            Mode::Most => self.without_lost(found),
            Mode::Urgent => self.without_lost(Diff { ops: urgent(wanted, &observed, &found), ..found }),
        })
    }

    /// Without what was fought for in vain: only who applies wants it again.
    fn without_lost(&self, mut found: Diff) -> Diff {
        let condition = self.condition.borrow();
        found.ops.retain(|op| !condition.fights.is_lost(op));
        found
    }
}
