//! What goes over the wire: bytes to [`Request`], and a reply to bytes. Pure; every byte that comes in is hostile.

mod frame;
pub mod hostname;
mod options;
mod reply;
mod request;

pub use frame::udp_packet;
pub use reply::{Reply, ReplyKind};
pub use request::{Kind, Request};

pub const SERVER_PORT: u16 = 67;
pub const CLIENT_PORT: u16 = 68;

/// Options used here (RFC 2132).
mod code {
    pub const PAD: u8 = 0;
    pub const HOST_NAME: u8 = 12;
    pub const REQUESTED_ADDRESS: u8 = 50;
    pub const LEASE_TIME: u8 = 51;
    pub const OVERLOAD: u8 = 52;
    pub const MESSAGE_TYPE: u8 = 53;
    pub const SERVER_ID: u8 = 54;
    pub const PARAMETERS: u8 = 55;
    pub const MAX_SIZE: u8 = 57;
    pub const CLIENT_ID: u8 = 61;
    /// RFC 3046: only a relay may add it.
    pub const RELAY_AGENT: u8 = 82;
    pub const END: u8 = 255;
}
