//! Messages of NETLINK_NETFILTER, which nf_tables and conntrack share: framing and attributes of our own over neli's socket
//! (kernel doc userspace-api/netlink/intro; include/uapi/linux/netfilter/nfnetlink.h). They serve generic netlink as well: its header
//! (include/uapi/linux/genetlink.h) is as long, with a command where these have a `family`.

mod attributes;
mod reply;
mod socket;
mod writer;

pub use attributes::{Attributes, Malformed};
pub use neli::consts::socket::NlFamily;
pub use reply::Refusal;
pub use socket::{NfnetlinkError, Socket};
pub use writer::Writer;

pub const NLM_F_REQUEST: u16 = 0x1;
pub const NLM_F_ACK: u16 = 0x4;
pub const NLM_F_CREATE: u16 = 0x400;
pub const NLM_F_APPEND: u16 = 0x800;
