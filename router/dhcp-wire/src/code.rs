//! Options used here (RFC 2132, where nothing else is said).

pub const PAD: u8 = 0;
pub const SUBNET_MASK: u8 = 1;
pub const ROUTER: u8 = 3;
pub const DNS: u8 = 6;
pub const HOST_NAME: u8 = 12;
pub const DOMAIN: u8 = 15;
pub const MTU: u8 = 26;
pub const BROADCAST_ADDRESS: u8 = 28;
pub const REQUESTED_ADDRESS: u8 = 50;
pub const LEASE_TIME: u8 = 51;
pub const OVERLOAD: u8 = 52;
pub const MESSAGE_TYPE: u8 = 53;
pub const SERVER_ID: u8 = 54;
pub const PARAMETERS: u8 = 55;
pub const MESSAGE: u8 = 56;
pub const MAX_SIZE: u8 = 57;
pub const RENEWAL: u8 = 58;
pub const REBINDING: u8 = 59;
pub const CLIENT_ID: u8 = 61;
/// RFC 4039.
pub const RAPID_COMMIT: u8 = 80;
/// RFC 3046: only a relay may add it.
pub const RELAY_AGENT: u8 = 82;
/// RFC 3011: a client's wish for another subnet.
pub const SUBNET_SELECTION: u8 = 118;
/// RFC 3397.
pub const SEARCH: u8 = 119;
/// RFC 3442.
pub const CLASSLESS_ROUTES: u8 = 121;
pub const END: u8 = 255;

/// Option 53.
pub mod message_type {
    pub const DISCOVER: u8 = 1;
    pub const OFFER: u8 = 2;
    pub const REQUEST: u8 = 3;
    pub const DECLINE: u8 = 4;
    pub const ACK: u8 = 5;
    pub const NAK: u8 = 6;
    pub const RELEASE: u8 = 7;
    pub const INFORM: u8 = 8;
}
