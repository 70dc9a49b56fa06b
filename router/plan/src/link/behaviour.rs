use super::LinkKind;
use crate::{Difference, Effect, Space};
use edge_net::IfName;

/// What each kind of link says of itself, in the file of its name.
pub(crate) trait LinkBehaviour {
    /// As `ip link` has it.
    fn word(&self) -> &'static str;

    fn rank(&self) -> Rank;

    /// The link of the host space that it is made on.
    fn parent(&self) -> Option<&IfName> {
        None
    }

    /// The other end, which is made and removed with it as one.
    fn peer(&self) -> Option<(&Space, &IfName)> {
        None
    }

    /// What it is made of, in words: `id 10 on enp2s0`.
    fn made_of(&self) -> Option<String> {
        None
    }

    /// Wanted where a link is already: with what is left to that one. `None`: nothing is.
    fn over(&self, _found: &LinkKind) -> Option<LinkKind> {
        None
    }

    /// What of it is otherwise in one that is wanted; of another kind it has nothing to say.
    /// What only this kind has is an [`Attribute::OfKind`](crate::Attribute), which says whether a living link can get another.
    fn differences(&self, wanted: &LinkKind) -> Vec<Difference>;

    /// What these changes interrupt, besides what they interrupt on a link of any kind.
    fn effect(&self, changes: Changes) -> Option<Effect>;
}

/// Masters and parents come before what is put on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Master,
    Device,
    /// Made on a device.
    Tagged,
    Pair,
    /// Made on any of these.
    Child,
}

/// What is done to a link, as far as it may interrupt something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changes {
    /// Removed, to be made again or not.
    pub goes: bool,
    /// It gets another MAC address.
    pub mac: bool,
    /// It goes into a bridge, out of one, or from one to another.
    pub master: bool,
    /// Out of a bridge, where there was one.
    pub left_bridge: bool,
}
