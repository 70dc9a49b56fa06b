use std::{fmt, num::NonZeroU16};

/// A transport protocol a policy line can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// ICMP for IPv4.
    Icmp,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// The IP protocol number (IANA protocol-numbers).
    pub fn number(self) -> u8 {
        match self {
            Protocol::Icmp => 1,
            Protocol::Tcp => 6,
            Protocol::Udp => 17,
        }
    }

    /// As `[[allow]] protocol` has it: `tcp`.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Icmp => "icmp",
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One port or an inclusive range: `443`, `8000-8010`. Never empty, never port 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortRange {
    first: NonZeroU16,
    last: NonZeroU16,
}

impl PortRange {
    /// `None` for port 0 or a range that ends before it begins.
    pub const fn new(first: u16, last: u16) -> Option<Self> {
        match (NonZeroU16::new(first), NonZeroU16::new(last)) {
            (Some(low), Some(high)) if first <= last => Some(Self { first: low, last: high }),
            _ => None,
        }
    }

    /// The lowest port.
    pub fn first(&self) -> u16 {
        self.first.get()
    }

    /// The highest port.
    pub fn last(&self) -> u16 {
        self.last.get()
    }

    /// How many ports it spans.
    pub fn count(&self) -> u32 {
        u32::from(self.last()) - u32::from(self.first()) + 1
    }

    /// Each port by itself.
    pub fn each(&self) -> impl Iterator<Item = Self> + use<> {
        (self.first()..=self.last()).filter_map(|port| Self::new(port, port))
    }

    /// Whether `port` is one of them.
    pub fn contains(&self, port: u16) -> bool {
        (self.first()..=self.last()).contains(&port)
    }

    /// Whether some port is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.first() <= other.last() && other.first() <= self.last()
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}
