use crate::{
    Decision, Moment,
    journal::{Journal, Kept, Stage, Text},
};

/// What is known of configurations: the one to come back to, what came of the last one, and the transaction that is not over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// What was confirmed last, the way back of the next apply; `None`: there was nothing yet.
    pub kept: Option<Kept>,
    /// What came of the last configuration that was tried.
    pub decision: Option<Decision>,
    /// The transaction that waits to be confirmed, or whose way back is not at its end.
    pub open: Option<Journal>,
    /// Unix seconds, when what is in force was applied; `None`: nothing was ever.
    pub applied_at: Option<u64>,
    /// Why the next start may not find what is in force.
    pub not_kept: Option<String>,
}

impl Ledger {
    /// What waits to be confirmed, and the milliseconds left.
    pub fn window(&self, now: &Moment) -> Option<(&Journal, u64)> {
        let open = self.open.as_ref()?;
        let left = open.left(now).filter(|left| *left > 0)?;
        Some((open, left))
    }

    /// What is in force says this; `None`: nothing is, or it is on its way back.
    pub fn text(&self) -> Option<&Text> {
        match &self.open {
            Some(Journal { phase: Stage::Confirming { .. }, new, .. }) => Some(new),
            Some(_) => None,
            None => self.kept.as_ref().map(|kept| &kept.text),
        }
    }

    /// What was in force before what is kept is called so.
    pub fn before(&self) -> Option<String> {
        self.decision.as_ref()?.before.clone()
    }
}
