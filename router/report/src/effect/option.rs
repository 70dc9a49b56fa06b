//! What DHCP hands out besides addresses, by the key it has in the file, with its value read back from the wire.

use super::{
    pairs::{Pair, pairs},
    teller::Table,
    value::{bytes_in_words, cut},
};
use edge_config::DhcpOption;
use std::net::Ipv4Addr;

pub fn tell(old: &[DhcpOption], new: &[DhcpOption], table: &mut Table) {
    for pair in pairs(old, new, |option| option.code) {
        match pair {
            Pair::New(option) => change(None, Some(option), table),
            Pair::Gone(option) => change(Some(option), None, table),
            Pair::Stays(old, new) => change(Some(old), Some(new), table),
        }
    }
}

fn change(old: Option<&DhcpOption>, new: Option<&DhcpOption>, table: &mut Table) {
    let Some(DhcpOption { code, .. }) = old.or(new) else { return };
    let (key, label) = key(*code);
    let (before, after) = (in_words(old), in_words(new));
    if old != new {
        table.tell(key, format!("{label} {before} -> {after}"));
    }
}

fn key(code: u8) -> (&'static str, String) {
    let key = match code {
        DhcpOption::MTU => "mtu",
        DhcpOption::NTP => "ntp",
        DhcpOption::VENDOR => "vendor",
        DhcpOption::TFTP_SERVER => "tftp-server",
        DhcpOption::BOOT_FILE => "boot-file",
        DhcpOption::CAPTIVE_PORTAL => "captive-portal",
        DhcpOption::DOMAIN_SEARCH => "search",
        DhcpOption::ROUTES => "routes",
        _ => return ("options", format!("option {code}")),
    };
    (key, key.to_owned())
}

fn in_words(option: Option<&DhcpOption>) -> String {
    let Some(DhcpOption { code, value, always }) = option else { return "none".to_owned() };
    let read = match *code {
        DhcpOption::MTU => <[u8; 2]>::try_from(value.as_slice()).ok().map(|mtu| u16::from_be_bytes(mtu).to_string()),
        DhcpOption::NTP => addresses(value),
        DhcpOption::DOMAIN_SEARCH => domains(value),
        DhcpOption::ROUTES => routes(value),
        DhcpOption::VENDOR => None,
        _ => Some(bytes_in_words(value)),
    };
    let text = cut(&read.unwrap_or_else(|| value.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")));
    if *always { text + ", always" } else { text }
}

fn addresses(value: &[u8]) -> Option<String> {
    let chunks = value.chunks(4).map(|chunk| <[u8; 4]>::try_from(chunk).ok().map(|octets| Ipv4Addr::from(octets).to_string()));
    chunks.collect::<Option<Vec<_>>>().map(|all| all.join(", "))
}

/// Labels with their lengths, each name ended by an empty one (RFC 1035, 3.1), not compressed by us.
fn domains(value: &[u8]) -> Option<String> {
    let (mut rest, mut names, mut labels) = (value, Vec::new(), Vec::new());
    while let [length, after @ ..] = rest {
        let (label, after) = after.split_at_checked(usize::from(*length))?;
        match label {
            [] => names.push(std::mem::take(&mut labels).join(".")),
            _ => labels.push(std::str::from_utf8(label).ok()?.to_owned()),
        }
        rest = after;
    }
    labels.is_empty().then(|| names.join(", "))
}

/// Prefix length, as many bytes of the subnet as that needs, and the router (RFC 3442).
fn routes(value: &[u8]) -> Option<String> {
    let (mut rest, mut routes) = (value, Vec::new());
    while let [length, after @ ..] = rest {
        let (subnet, after) = after.split_at_checked(usize::from(length.div_ceil(8)))?;
        let (via, after) = after.split_first_chunk::<4>()?;
        let mut octets = [0; 4];
        octets.get_mut(..subnet.len())?.copy_from_slice(subnet);
        routes.push(format!("{}/{length} via {}", Ipv4Addr::from(octets), Ipv4Addr::from(*via)));
        rest = after;
    }
    Some(routes.join(", "))
}
