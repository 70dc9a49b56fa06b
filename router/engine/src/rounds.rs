//! When to look again, when to go on, when to give up. Pure, but for a line in the log.

use crate::Mode;
use edge_api::{Failure, FailureKind};
use edge_plan::{Diff, Op, Waiting};

/// How often it looks again after it wrote: devices come and go while it works, and a look sees the one or the other by chance.
const ROUNDS: usize = 8;

/// Why operations were not carried out.
#[derive(Debug)]
pub(crate) struct Stop {
    pub failure: Failure,
    /// The operation, when it was one that the kernel answered.
    pub refused: Option<Refused>,
}

/// What the kernel did not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub op: Op,
    /// The answer was that there is no such link (`ENODEV`), which a look had just seen.
    pub gone: bool,
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
struct Flapping {
    waiting: Option<Vec<Waiting>>,
    seen: bool,
}

impl Flapping {
    fn look(&mut self, waiting: &[Waiting]) {
        self.seen |= self.waiting.as_deref().is_some_and(|before| before != waiting);
        self.waiting = Some(waiting.to_owned());
    }
}

/// Looks and changes in turn, until a look finds nothing to be done.
pub(crate) struct Rounds {
    mode: Mode,
    begun: usize,
    outcome: Result<(), Failure>,
    refused: Option<Refused>,
    flapping: Flapping,
    /// All that was sent.
    ops: Vec<Op>,
}

impl Rounds {
    pub fn new(mode: Mode) -> Self {
        Self { mode, begun: 0, outcome: Ok(()), refused: None, flapping: Flapping::default(), ops: Vec::new() }
    }

    /// What a look found; whether it is to be carried out.
    pub fn looked(&mut self, found: &Diff) -> bool {
        self.flapping.look(&found.waiting);
        let Some(first) = found.ops.first() else {
            self.outcome = Ok(());
            return false;
        };
        if self.mode == Mode::Whole && self.refused.as_ref().is_some_and(|refused| refused.stands(&found.ops)) {
            return false;
        }
        if self.begun == ROUNDS {
            self.give_up(first, &found.ops);
            return false;
        }
        self.begun += 1;
        true
    }

    /// What came of carrying `ops` out; whether a look follows.
    pub fn carried_out(&mut self, ops: Vec<Op>, carried: Result<(), Stop>) -> bool {
        let missed = self.refused.take().filter(|refused| refused.gone);
        self.outcome = carried.map_err(|stop| {
            self.refused = stop.refused;
            stop.failure
        });
        // Its link was away, and is not now.
        let is_back = |missed: Refused| self.refused.as_ref().is_none_or(|refused| refused.op != missed.op);
        self.flapping.seen |= missed.is_some_and(is_back);
        self.ops.extend(ops);
        // A kernel that does not answer would not answer the next look either.
        self.outcome.is_ok() || self.refused.is_some()
    }

    /// There was no look.
    pub fn blind(&mut self, failure: Failure) {
        self.outcome = Err(failure);
    }

    pub fn end(self) -> (Vec<Op>, Result<(), Failure>) {
        (self.ops, self.outcome)
    }

    fn give_up(&mut self, first: &Op, left: &[Op]) {
        let lasts = self.refused.as_ref().is_some_and(|refused| !refused.gone && left.contains(&refused.op));
        if self.flapping.seen && !(self.mode == Mode::Whole && lasts) {
            // Each time it changes the kernel says so, and then it is taken up or waited for.
            log::warn!("a device comes and goes while it is set up; the rest is in force");
            self.outcome = Ok(());
        } else if self.outcome.is_ok() {
            self.outcome = Err(unstable(first));
        }
    }
}

fn unstable(op: &Op) -> Failure {
    let change = edge_report::change(op);
    let what = format!("the kernel does not stay as configured: {} in space {} comes undone", change.object, change.space);
    Failure::new(FailureKind::Conflict, what)
        .detail("something else on this machine manages it too (NetworkManager, systemd-networkd?)")
}
