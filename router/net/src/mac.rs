use crate::fnv1a;
use std::{fmt, str::FromStr};

/// A unicast Ethernet address that is not all zeros, written `02:00:00:00:01:05`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac([u8; 6]);

/// Why bytes or a text are no address of a device.
#[derive(Debug, thiserror::Error)]
pub enum BadMac {
    /// Not six pairs of digits.
    #[error("a MAC address is six pairs of hex digits, as in 02:00:00:00:01:05")]
    Form,
    /// A group address.
    #[error("a multicast address cannot belong to a device (the lowest bit of its first byte is set)")]
    Multicast,
    /// No address at all.
    #[error("the all-zero address belongs to no device")]
    Zero,
}

impl Mac {
    /// From what a frame or the kernel holds.
    pub fn new(bytes: [u8; 6]) -> Result<Self, BadMac> {
        match bytes {
            [0, 0, 0, 0, 0, 0] => Err(BadMac::Zero),
            [first, ..] if first & 1 == 1 => Err(BadMac::Multicast),
            _ => Ok(Self(bytes)),
        }
    }

    /// An address for a link of ours that is the same whenever it is made again: `02:` (locally administered, IEEE 802-2014, 8.4) and
    /// 40 bits of a hash. An odd two of a thousand seeds have the same one once in two million times.
    pub fn derived(seed: &[u8]) -> Self {
        let hash = fnv1a(seed);
        // The low bits alone are the weak ones of this hash.
        let [_, _, _, a, b, c, d, e] = (hash ^ (hash >> 40)).to_be_bytes();
        Self([0x02, a, b, c, d, e])
    }

    /// In the order of the cable.
    pub fn bytes(&self) -> [u8; 6] {
        self.0
    }
}

impl FromStr for Mac {
    type Err = BadMac;

    fn from_str(text: &str) -> Result<Self, BadMac> {
        let separator = if text.contains('-') { '-' } else { ':' };
        let mut bytes = [0; 6];
        let mut parts = text.split(separator);
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit()));
            *byte = u8::from_str_radix(part.ok_or(BadMac::Form)?, 16).map_err(|_| BadMac::Form)?;
        }
        if parts.next().is_some() {
            return Err(BadMac::Form);
        }
        Self::new(bytes)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        f.pad(&format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}"))
    }
}
