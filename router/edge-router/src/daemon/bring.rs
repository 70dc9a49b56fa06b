//! Brings the kernel to a configuration.

use super::{Daemon, sweep};
use edge_api::{Failure, FailureKind};
use edge_config::Config;
use edge_plan::{Diff, Facts, Op, Space, State, Waiting, announced, desired, diff, router_space, urgent};
use nix::errno::Errno;
use std::time::Duration;
use tokio::time::timeout;

/// When the neighbours are told of an address, after it was made: at once, which suffices unless a link on the way does not carry yet. A
/// bridge and its port take the time the kernel takes to tell (milliseconds, seconds on a busy machine), a card as long as it negotiates
/// (RFC 5227 section 2.3 too wants two announcements, two seconds apart).
const ANNOUNCED_AFTER: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// How often it looks again after it wrote: devices come and go while it works, and a look sees the one or the other by chance.
const ROUNDS: usize = 8;
/// So many operations are sent before it is asked whether the kernel still answers.
const AT_ONCE: usize = 64;

/// What was done.
pub struct Done {
    pub ops: Vec<Op>,
    pub writes: u64,
}

/// What is wanted of the kernel, and how it differs.
pub struct Planned {
    pub wanted: State,
    pub diff: Diff,
}

/// What to do about what the kernel refuses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// All of it or nothing: the caller goes back. A refusal counts by what a second look at the kernel asks for ([`Refused::stands`]),
    /// for a device may have gone in between.
    Whole,
    /// It is told, and the rest made all the same: one port that cannot be bridged must not cost the other networks. Only without the
    /// policy, and what comes before it, nothing goes on.
    Most,
    /// Like `Most`, of what plugs a device in or keeps the policy. The rest has drifted, and is told.
    Urgent,
}

impl Daemon {
    /// Makes the kernel what `current` says; writes nothing when it is.
    pub(super) async fn reconcile(&self) -> Result<Done, Failure> {
        self.reconcile_in(Manner::Most).await
    }

    pub(super) async fn reconcile_in(&self, manner: Manner) -> Result<Done, Failure> {
        let _turn = self.take_turn().await?;
        let config = {
            let current = self.current.read().await;
            if !current.is_applied() {
                return Ok(Done { ops: Vec::new(), writes: 0 });
            }
            current.config.clone()
        };
        let done = self.bring(&config, manner).await?;
        if done.ops.is_empty() {
            // A container that ended took its port along, which leaves the plan nothing to do but frees the record.
            self.tend_containers(&config).await;
            self.cut_flows(&config).await;
        } else {
            self.after(&config).await;
        }
        Ok(done)
    }

    /// Carries out what was found out about the uplinks, and nothing that has drifted besides.
    pub(super) async fn follow_uplinks(&self) -> Result<Done, Failure> {
        let _turn = self.take_turn().await?;
        let (config, before) = {
            let current = self.current.read().await;
            (current.config.clone(), current.facts.clone())
        };
        self.know_uplinks(&config).await;
        let followed = self.follow_from(&config, &before).await;
        if followed.is_err() {
            // Not followed yet: the next try starts from what was known before.
            self.current.write().await.facts = before;
        }
        followed
    }

    async fn follow_from(&self, config: &Config, before: &Facts) -> Result<Done, Failure> {
        let wanted = desired(config, &self.current.read().await.facts);
        let led_to = diff(&wanted, &desired(config, before)).ops;
        let drifted = diff(&wanted, &self.observe().await?).ops;
        let mut ops: Vec<Op> = drifted.iter().filter(|op| led_to.contains(op)).cloned().collect();
        let writes = self.kernel.writes();
        self.carry_out(config, &ops, Manner::Most).await.map_err(|(failure, _)| failure)?;
        if !ops.is_empty() {
            // With the last address of a link the kernel takes its routes too, also those that are wanted before and after.
            let mut undone = diff(&wanted, &self.observe().await?).ops;
            undone.retain(|op| !drifted.contains(op));
            self.carry_out(config, &undone, Manner::Most).await.map_err(|(failure, _)| failure)?;
            ops.extend(undone);
        }
        self.announce(&wanted, &ops);
        self.after(config).await;
        Ok(Done { ops, writes: self.kernel.writes() - writes })
    }

    /// What there is to do for `config`, by the kernel as it is now.
    pub(super) async fn plan_for(&self, config: &Config, manner: Manner) -> Result<Planned, Failure> {
        timeout(self.patience, self.know_namespace(config)).await.map_err(|_| silent("take a name", self.patience))?;
        if manner != Manner::Urgent {
            self.know_uplinks(config).await;
        }
        let wanted = desired(config, &self.current.read().await.facts);
        let diff = difference(&wanted, &self.observe().await?, manner);
        Ok(Planned { wanted, diff })
    }

    pub(super) async fn bring(&self, config: &Config, manner: Manner) -> Result<Done, Failure> {
        match self.plan_for(config, manner).await {
            Ok(planned) => self.carry_through(config, planned, manner).await,
            Err(failure) => {
                self.current.write().await.failed = Some(failure.in_full());
                Err(failure)
            }
        }
    }

    /// Until nothing is left to be done, seen by looking at the kernel again. Must be called by whoever has the turn.
    pub(super) async fn carry_through(&self, config: &Config, planned: Planned, manner: Manner) -> Result<Done, Failure> {
        let Planned { wanted, diff: first } = planned;
        if !first.ops.is_empty() {
            self.attach.part(config).await?;
        }
        let before = self.kernel.writes();
        let mut next = Ok(first);
        let mut ops = Vec::new();
        let mut outcome = Ok(());
        let mut refused: Option<Refused> = None;
        let mut devices = Comings::default();
        for round in 0..=ROUNDS {
            let Diff { ops: now, waiting, conflicts } = match next {
                Ok(next) => next,
                Err(failure) => {
                    outcome = Err(failure);
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
            if manner == Manner::Whole && refused.as_ref().is_some_and(|refused| refused.stands(&now)) {
                break;
            }
            if round == ROUNDS {
                outcome = outcome.and_then(|()| Err(unstable(first)));
                let lasts = refused.is_some_and(|refused| !refused.gone && now.contains(&refused.op));
                if devices.come_and_go && !(manner == Manner::Whole && lasts) {
                    // Each time it changes the kernel says so, and then it is taken up or waited for.
                    log::warn!("a device comes and goes while it is set up; the rest is in force");
                    outcome = Ok(());
                }
                break;
            }
            if now.iter().any(|op| matches!(op, Op::SetTable { .. })) {
                self.current.write().await.swept = false;
            }
            let missed = refused.take().filter(|refused| refused.gone);
            (outcome, refused) = match self.carry_out(config, &now, manner).await {
                Ok(()) => (Ok(()), None),
                Err((failure, refused)) => (Err(failure), refused),
            };
            // Its link was away, and is not now.
            devices.come_and_go |= missed.is_some_and(|missed| refused.as_ref().is_none_or(|refused| refused.op != missed.op));
            ops.extend(now);
            if outcome.is_err() && refused.is_none() {
                // A kernel that does not answer would not answer the next look either.
                break;
            }
            next = self.observe().await.map(|observed| difference(&wanted, &observed, manner));
        }
        self.announce(&wanted, &ops);
        self.current.write().await.failed = outcome.as_ref().err().map(Failure::in_full);
        outcome.map(|()| Done { ops, writes: self.kernel.writes() - before })
    }

    /// Up to the new policy nothing may be left undone: what should have gone before would be under that policy. Then the flows that it
    /// does not let in are cut, before anything is plugged in: some may have waited for a link to come back, since a policy before the last.
    async fn carry_out(&self, config: &Config, ops: &[Op], manner: Manner) -> Result<(), (Failure, Option<Refused>)> {
        let closed = ops.iter().rposition(|op| matches!(op, Op::SetTable { to: Some(_), .. })).map_or(0, |last| last + 1);
        let (closing, opening) = ops.split_at(closed);
        self.execute(closing, Manner::Whole).await?;
        if !closing.is_empty() {
            self.cut_flows(config).await;
        }
        self.execute(opening, manner).await
    }

    /// The first refusal is told, with the operation when it was one that the kernel answered.
    async fn execute(&self, ops: &[Op], manner: Manner) -> Result<(), (Failure, Option<Refused>)> {
        let mut first_refusal = Ok(());
        let mut rest = ops;
        while !rest.is_empty() {
            let now = &rest[..rest.len().min(AT_ONCE)];
            let refused = match timeout(self.patience, self.kernel.execute(now)).await {
                Ok(Ok(())) => {
                    rest = &rest[now.len()..];
                    continue;
                }
                Ok(Err(refused)) => refused,
                // Nothing else would be answered either.
                Err(_) => return first_refusal.and(Err((silent("carry out a change", self.patience), None))),
            };
            rest = rest.get(refused.index + 1..).filter(|_| manner != Manner::Whole).unwrap_or_default();
            let failure = Failure::from_error(FailureKind::Internal, &refused);
            let gone = refused.source.errno() == Some(Errno::ENODEV);
            first_refusal = first_refusal.and(Err((failure, Some(Refused { op: *refused.op, gone }))));
        }
        first_refusal
    }

    pub(super) async fn observe(&self) -> Result<State, Failure> {
        let observed =
            timeout(self.patience, self.kernel.observe()).await.map_err(|_| silent("tell what there is", self.patience))?;
        observed.map_err(|error| Failure::from_error(FailureKind::Internal, &error))
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
            let facts = self.current.read().await.facts.clone();
            let swept = sweep::sweep(config, &facts).await;
            self.current.write().await.swept = swept;
        }
        self.cut_lost(config).await;
    }
}

fn difference(wanted: &State, observed: &State, manner: Manner) -> Diff {
    let diff = diff(wanted, observed);
    if manner == Manner::Urgent { Diff { ops: urgent(wanted, observed, &diff), ..diff } } else { diff }
}

/// What the kernel did not do.
struct Refused {
    op: Op,
    /// The answer was that there is no such link (`ENODEV`), which a look had just seen.
    gone: bool,
}

impl Refused {
    /// Whether it is the kernel's last word, by what is still to be done: the same again, while all that came before it is as it was made.
    /// Where some of that is undone a device was pulled and put back, and may have been away at the time.
    fn stands(&self, now: &[Op]) -> bool {
        !self.gone && now.first() == Some(&self.op)
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

fn silent(what: &str, patience: Duration) -> Failure {
    Failure::new(FailureKind::Internal, format!("the kernel does not {what}: no answer within {} s", patience.as_secs()))
        .detail("dmesg may tell which driver hangs; what is under way ends when it answers")
}

fn unstable(op: &Op) -> Failure {
    let change = edge_report::change(op);
    let what = format!("the kernel does not stay as configured: {} in space {} comes undone", change.object, change.space);
    Failure::new(FailureKind::Conflict, what)
        .detail("something else on this machine manages it too (NetworkManager, systemd-networkd?)")
}
