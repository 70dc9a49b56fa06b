//! The connections the kernel tracks: a rule that changes does not end what an older one let in, so what no rule allows any more is
//! swept. IPv4 only, as is the forwarding.

mod flow;

use crate::nfnetlink::{self, NlFamily, Socket};
use nix::errno::Errno;

pub use flow::{Flow, Ports, Tuple};

/// `AF_INET`
const IPV4: u8 = 2;
/// `NFNL_SUBSYS_CTNETLINK`
const SUBSYSTEM: u16 = 1;
const IPCTNL_MSG_CT_GET: u16 = SUBSYSTEM << 8 | 1;
const IPCTNL_MSG_CT_DELETE: u16 = SUBSYSTEM << 8 | 2;

/// One socket in one network namespace (`NETLINK_NETFILTER`, `NFNL_SUBSYS_CTNETLINK`).
pub struct Conntrack {
    socket: Socket,
}

/// The kernel refused, or could not be understood.
#[derive(Debug, thiserror::Error)]
#[error("conntrack: {0}")]
pub struct ConntrackError(#[from] nfnetlink::NfnetlinkError);

impl Conntrack {
    /// In the network namespace the calling thread is in, for as long as it lives.
    pub fn open() -> Result<Self, ConntrackError> {
        Ok(Self { socket: Socket::open(NlFamily::Netfilter)? })
    }

    /// All connections that are tracked now, in no order.
    pub fn flows(&mut self) -> Result<Vec<Flow>, ConntrackError> {
        Ok(self.socket.dump(IPCTNL_MSG_CT_GET, IPV4, |_| {}, |attributes| flow::read(attributes).map(Some))?)
    }

    /// True when it was still there. The flow's next packet is that of a new connection.
    pub fn delete(&mut self, flow: &Flow) -> Result<bool, ConntrackError> {
        match self.socket.execute(IPCTNL_MSG_CT_DELETE, IPV4, |writer| flow::write(writer, flow)) {
            Ok(()) => Ok(true),
            Err(nfnetlink::NfnetlinkError::Refused(refusal)) if refusal.errno == Errno::ENOENT => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes what is not to be kept; says how many.
    pub fn sweep(&mut self, keep: impl Fn(&Flow) -> bool) -> Result<usize, ConntrackError> {
        let mut swept = 0;
        for flow in self.flows()?.iter().filter(|flow| !keep(flow)) {
            swept += usize::from(self.delete(flow)?);
        }
        Ok(swept)
    }
}
