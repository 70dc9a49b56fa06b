use crate::{Record, reconcile::may_keep};
use edge_config::Config;

/// What becomes of one that is plugged in, when another configuration is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreseen {
    /// Its interface stays.
    Stays,
    /// It is unplugged, and plugged in again.
    Replugged,
    /// It is unplugged: its network goes.
    Unplugged,
}

impl Record {
    /// As `Attach::withdraw` and `Attach::reconcile` do it. `None`: it is not plugged in.
    pub fn foresee(&self, before: &Config, after: &Config) -> Option<Foreseen> {
        let plugged = self.plugged()?;
        let Some(network) = after.network(&self.network) else { return Some(Foreseen::Unplugged) };
        let is_on_it = before.network(&self.network).is_none_or(|old| old.bridge == network.bridge);
        let stays = is_on_it && plugged.kind == network.attach && may_keep(after, network, self);
        Some(if stays { Foreseen::Stays } else { Foreseen::Replugged })
    }
}
