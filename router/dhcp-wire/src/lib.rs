//! DHCPv4 as bytes (RFC 2131, 2): the one codec, of the server and of the uplinks' client. Pure; every byte that comes in is hostile.
//!
//! Of our own, though there are crates: the server answers some ten thousand messages a second on a small board, and a message of a
//! known client may cost no allocation. dhcproto 0.15 keeps the options in a map of owned values, joins no option that is split
//! (RFC 3396) and splits none, keeps none of them in the client's order, does not look into `file` and `sname` when they hold options,
//! and stops at the first it cannot make sense of. So it is what the tests hold this codec against, in `tests/oracle.rs`.

pub mod at;
pub mod code;
mod frame;
pub mod header;
pub mod hostname;
mod options;
mod relayed;
mod reply;
mod request;
mod writer;

pub use frame::{udp_header, udp_packet};
pub use header::Header;
pub use options::{Options, without_relay_agent};
pub use relayed::Relayed;
pub use reply::{Reply, ReplyKind, relay_agent};
pub use request::{ClientId, Malformed, Request, RequestKind};
pub use writer::{MessageWriter, TextField, size};

/// UDP ports.
pub const SERVER_PORT: u16 = 67;
pub const CLIENT_PORT: u16 = 68;

/// Ethernet's MTU less the headers of IP and UDP: the longest message that is no fragment.
pub const LONGEST: usize = 1472;
/// BOOTP's shortest, which some clients still insist on (RFC 1542, 2.1).
pub const SHORTEST: usize = 300;
