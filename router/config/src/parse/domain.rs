//! Names of hosts and domains on the Internet.

use crate::parse::value::FromText;
use std::net::IpAddr;

/// The box's own name.
pub struct Hostname(pub String);

/// The domain handed to DHCP clients.
pub struct Domain(pub String);

impl Domain {
    /// As DNS writes it (RFC 1035, 3.1), uncompressed: each label after its length, then zero.
    pub fn labels(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() + 2);
        for label in self.0.split('.') {
            // A label has at most 63 bytes, or this were no domain.
            bytes.push(label.len() as u8);
            bytes.extend(label.as_bytes());
        }
        bytes.push(0);
        bytes
    }
}

/// A time server, by name or address.
pub struct TimeServer(pub String);

/// The kernel's limit (`__NEW_UTS_LEN`), below DNS's.
const LONGEST_HOSTNAME: usize = 64;
/// RFC 1035, 2.3.4, as text without the final dot.
const LONGEST_DOMAIN: usize = 253;

const MEND: &str = "write letters, digits and '-', in parts of 1 to 63 joined by dots, no part starting or ending with '-'";

impl FromText for Hostname {
    const WHAT: &'static str = "a host name";

    fn from_text(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST_HOSTNAME {
            return Err(format!("a host name has at most {LONGEST_HOSTNAME} bytes, this one has {}", text.len()));
        }
        if is_domain(text) { Ok(Self(text.to_owned())) } else { Err(MEND.to_owned()) }
    }
}

impl FromText for Domain {
    const WHAT: &'static str = "a domain name";

    fn from_text(text: &str) -> Result<Self, String> {
        if is_domain(text) { Ok(Self(text.to_owned())) } else { Err(MEND.to_owned()) }
    }
}

impl FromText for TimeServer {
    const WHAT: &'static str = "a time server";

    fn from_text(text: &str) -> Result<Self, String> {
        let known = is_domain(text) || text.parse::<IpAddr>().is_ok_and(|address| !address.is_unspecified());
        if known { Ok(Self(text.to_owned())) } else { Err("write a host name or an address, as in \"pool.ntp.org\"".to_owned()) }
    }
}

/// RFC 1123, 2.1: letters, digits and inner hyphens; the last part is not all digits, so that no address looks like a name.
fn is_domain(text: &str) -> bool {
    let clean = |label: &str| {
        let bytes = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        bytes && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= LONGEST_DOMAIN && text.split('.').all(clean) && !text.rsplit('.').next().is_some_and(numeric)
}
