//! The fixed fields of a message (RFC 2131, 2).

use crate::{Options, at};
use std::net::Ipv4Addr;

/// `op`: who speaks.
pub const BOOTREQUEST: u8 = 1;
pub const BOOTREPLY: u8 = 2;
/// `htype` and `hlen`.
pub const ETHERNET: [u8; 2] = [1, 6];
/// The first bit of the flags: the client cannot take a unicast before it has an address (RFC 2131, 4.1).
pub const BROADCAST: u16 = 0x8000;
pub const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];

/// A message that is long enough to be one, its fields read where they lie.
#[derive(Clone, Copy)]
pub struct Header<'a> {
    fixed: &'a [u8; at::OPTIONS],
    rest: &'a [u8],
}

impl<'a> Header<'a> {
    /// None for what is shorter than the fixed fields and the cookie.
    pub fn read(message: &'a [u8]) -> Option<Self> {
        let (fixed, rest) = message.split_first_chunk()?;
        Some(Self { fixed, rest })
    }

    pub fn op(self) -> u8 {
        self.fixed[0]
    }

    pub fn is_ethernet(self) -> bool {
        self.fixed[1..3] == ETHERNET
    }

    pub fn has_cookie(self) -> bool {
        self.fixed[at::COOKIE..] == MAGIC_COOKIE
    }

    pub fn hops(self) -> u8 {
        self.fixed[at::HOPS]
    }

    pub fn xid(self) -> u32 {
        u32::from_be_bytes(self.word(at::XID))
    }

    pub fn flags(self) -> u16 {
        u16::from_be_bytes([self.fixed[at::FLAGS], self.fixed[at::FLAGS + 1]])
    }

    pub fn is_broadcast(self) -> bool {
        self.flags() & BROADCAST != 0
    }

    /// The client's address, where it has one.
    pub fn ciaddr(self) -> Option<Ipv4Addr> {
        specified(self.word(at::CIADDR))
    }

    /// The address it is to have.
    pub fn yiaddr(self) -> Option<Ipv4Addr> {
        specified(self.word(at::YIADDR))
    }

    /// The relay agent it comes through.
    pub fn giaddr(self) -> Option<Ipv4Addr> {
        specified(self.word(at::GIADDR))
    }

    /// The first six bytes of `chaddr`.
    pub fn chaddr(self) -> [u8; 6] {
        std::array::from_fn(|byte| self.fixed[at::CHADDR + byte])
    }

    pub fn options(self) -> Options<'a> {
        Options::read(self.rest, &self.fixed[at::FILE..at::COOKIE], &self.fixed[at::SNAME..at::FILE])
    }

    fn word(self, at: usize) -> [u8; 4] {
        [self.fixed[at], self.fixed[at + 1], self.fixed[at + 2], self.fixed[at + 3]]
    }
}

/// An address that is one.
pub(crate) fn specified(bytes: [u8; 4]) -> Option<Ipv4Addr> {
    Some(Ipv4Addr::from(bytes)).filter(|address| !address.is_unspecified())
}
