use super::{NewLink, Reported};
use crate::{
    Error,
    socket::NetlinkError,
    space::{OpenSpace, Spaces},
};
use edge_net::IfName;
use edge_plan::{LinkKind, Space};
use netlink_packet_route::link::LinkMessage;

/// What the kernel is told and asked of each kind of link, in the file of its name.
pub(crate) trait LinkBehaviour {
    /// The message that makes it, and the space to send it in.
    fn create(&self, spaces: &mut Spaces, new: &NewLink) -> Result<(Space, LinkMessage), Error>;

    /// Sets what a link of the kind cannot be born with, before it is up, and what of it changes while it lives.
    /// `from`: what it is; `None`: it was just made.
    fn set(&self, _spaces: &mut Spaces, _at: &Space, _name: &IfName, _from: Option<&LinkKind>) -> Result<(), Error> {
        Ok(())
    }

    /// What rtnetlink does not tell of one that is ours, asked for after its message. `None`: nothing, or it went away meanwhile.
    fn ask(_space: &mut OpenSpace, _index: u32) -> Result<Option<LinkKind>, NetlinkError>
    where
        Self: Sized,
    {
        Ok(None)
    }

    /// Whether [`LinkBehaviour::read`] looks at `IFLA_INFO_DATA`, which is long for some and otherwise forgotten.
    fn reads_data() -> bool
    where
        Self: Sized,
    {
        false
    }

    /// `None`: nothing that we would call one of this kind.
    fn read(reported: Reported) -> Option<LinkKind>
    where
        Self: Sized,
    {
        reported.asked.cloned()
    }
}

/// How a kind of link is told from what the kernel reports.
pub(super) struct Reader {
    pub ask: fn(&mut OpenSpace, u32) -> Result<Option<LinkKind>, NetlinkError>,
    pub reads_data: fn() -> bool,
    pub read: fn(Reported) -> Option<LinkKind>,
}

impl Reader {
    pub fn of<K: LinkBehaviour>() -> Self {
        Self { ask: K::ask, reads_data: K::reads_data, read: K::read }
    }
}
