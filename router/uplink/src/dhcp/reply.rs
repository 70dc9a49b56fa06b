//! What servers say. Every byte is hostile.

use super::lease::{ClientLease, Terms};
use edge_dhcp_wire::{Options, ReplyKind, code};
use edge_net::{Interface, Mac};
use ipnet::Ipv4Net;
use std::{fmt, net::Ipv4Addr};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerReply {
    pub xid: u32,
    /// Whom it is for.
    pub mac: Mac,
    pub server: Option<Ipv4Addr>,
    pub what: ServerMessage,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerMessage {
    Offer(Result<ClientLease, Unusable>),
    Ack(Result<ClientLease, Unusable>),
    Nak,
}

/// Why nothing can be done with what a server gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable(pub String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Of each list no more than this is taken.
const MOST: usize = 32;
/// Bytes that every link carries (RFC 791).
const SMALLEST_MTU: u16 = 576;

impl ServerReply {
    /// None for what is no reply of a DHCP server to an Ethernet client.
    pub fn read(message: &[u8]) -> Option<Self> {
        let reply = edge_dhcp_wire::Reply::read(message)?;
        let (kind, options) = reply.kind()?;
        let header = reply.header();
        let lease = || lease(header.yiaddr().unwrap_or(Ipv4Addr::UNSPECIFIED), &options);
        let what = match kind {
            ReplyKind::Offer => ServerMessage::Offer(lease()),
            ReplyKind::Ack => ServerMessage::Ack(lease()),
            ReplyKind::Nak => ServerMessage::Nak,
        };
        let server = options.array(code::SERVER_ID).map(Ipv4Addr::from);
        Some(Self { xid: header.xid(), mac: reply.mac, server, what })
    }
}

fn lease(address: Ipv4Addr, options: &Options) -> Result<ClientLease, Unusable> {
    let unusable = |why: String| Unusable(why);
    let mask =
        options.array(code::SUBNET_MASK).map(Ipv4Addr::from).ok_or_else(|| unusable(format!("{address} without a netmask")))?;
    let interface = Ipv4Net::with_netmask(address, mask).ok().and_then(Interface::new).filter(|_| is_host(address));
    let interface =
        interface.ok_or_else(|| unusable(format!("{address} with the netmask {mask}, which is no host's address")))?;
    if interface.subnet().prefix_len() < WIDEST {
        return Err(unusable(format!("{interface}: no uplink's subnet is wider than /{WIDEST}")));
    }
    let server = options.array(code::SERVER_ID).map(Ipv4Addr::from).ok_or_else(|| unusable("no server identifier".to_owned()))?;
    let number = |option| options.array(option).map(u32::from_be_bytes);
    let seconds = number(code::LEASE_TIME).ok_or_else(|| unusable("no lease time".to_owned()))?;
    let terms = Terms::new(seconds, number(code::RENEWAL), number(code::REBINDING));
    let Routes { gateway, others, useless } = routes(options, interface)?;
    Ok(ClientLease {
        interface,
        server,
        gateway,
        routes: others,
        useless,
        dns: addresses(options, code::DNS).filter(|server| is_host(*server)).take(MOST).collect(),
        domain: options.get(code::DOMAIN).and_then(|bytes| domain(bytes.strip_suffix(&[0]).unwrap_or(bytes))),
        search: options.get(code::SEARCH).map(search).unwrap_or_default(),
        mtu: options.array(code::MTU).map(u16::from_be_bytes).filter(|mtu| *mtu >= SMALLEST_MTU),
        terms: terms.ok_or_else(|| unusable(format!("a lease of {seconds} s only")))?,
    })
}

/// The largest block ever assigned. A route to more would be a default route that no metric weighs against that of another uplink.
pub const WIDEST: u8 = 8;

#[derive(Default)]
struct Routes {
    gateway: Option<Ipv4Addr>,
    others: Vec<(Ipv4Net, Option<Ipv4Addr>)>,
    useless: Vec<Ipv4Net>,
}

/// Where there are classless routes, option 3 is not looked at (RFC 3442).
fn routes(options: &Options, own: Interface) -> Result<Routes, Unusable> {
    let reachable = |via: &Ipv4Addr| own.has_host(*via) && *via != own.address();
    let Some(bytes) = options.get(code::CLASSLESS_ROUTES) else {
        let gateways: Vec<_> = addresses(options, code::ROUTER).take(MOST).collect();
        let gateway = gateways.iter().copied().find(reachable);
        return match (gateway, gateways.first()) {
            (None, Some(far)) => Err(Unusable(format!("{own} with the gateway {far}, which is not in that subnet"))),
            (gateway, _) => Ok(Routes { gateway, ..Routes::default() }),
        };
    };
    let mut found = Routes::default();
    for (destination, via) in classless(bytes).into_iter().take(MOST) {
        let via = (!via.is_unspecified()).then_some(via);
        if destination.prefix_len() == 0 {
            found.gateway = found.gateway.or(via.filter(reachable));
        } else if destination.prefix_len() >= WIDEST && via.is_none_or(|via| reachable(&via)) && is_host(destination.network()) {
            found.others.push((destination, via));
        } else {
            found.useless.push(destination);
        }
    }
    Ok(found)
}

/// Length, as many bytes of the destination as it needs, next hop (RFC 3442). What comes after damage is lost.
fn classless(mut bytes: &[u8]) -> Vec<(Ipv4Net, Ipv4Addr)> {
    let mut routes = Vec::new();
    while let Some((&length, rest)) = bytes.split_first() {
        let Some((significant, rest)) = rest.split_at_checked(usize::from(length).div_ceil(8)) else { break };
        let Some((via, rest)) = rest.split_first_chunk::<4>() else { break };
        let mut destination = [0; 4];
        let Some(start) = destination.get_mut(..significant.len()) else { break };
        start.copy_from_slice(significant);
        let Ok(destination) = Ipv4Net::new(destination.into(), length) else { break };
        routes.push((destination.trunc(), Ipv4Addr::from(*via)));
        bytes = rest;
    }
    routes
}

fn addresses<'a>(options: &'a Options, option: u8) -> impl Iterator<Item = Ipv4Addr> + 'a {
    let bytes = options.get(option).unwrap_or_default();
    bytes.chunks_exact(4).filter_map(|four| <[u8; 4]>::try_from(four).ok()).map(Ipv4Addr::from)
}

/// A unicast address that can be somebody's.
fn is_host(address: Ipv4Addr) -> bool {
    !(address.is_unspecified() || address.is_loopback() || address.is_multicast() || address.octets()[0] >= 240)
}

/// Letters, digits, hyphens and dots only: it ends up in files and on screens.
fn domain(bytes: &[u8]) -> Option<String> {
    let is_label = |label: &[u8]| {
        let inner = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'_';
        (1..=63).contains(&label.len()) && label.iter().all(inner) && !label.starts_with(b"-")
    };
    let bytes = bytes.strip_suffix(b".").unwrap_or(bytes);
    let fits = bytes.len() <= 253 && bytes.split(|byte| *byte == b'.').all(is_label);
    fits.then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// Names with DNS compression inside the option (RFC 3397 section 2, RFC 1035 section 4.1.4).
fn search(bytes: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = 0;
    while at < bytes.len() && names.len() < MOST {
        let Some((name, next)) = name(bytes, at) else { break };
        names.extend(domain(&name));
        at = next;
    }
    names
}

/// The name at an offset, dotted, and where the next one starts. Pointers lead only backwards, so it ends.
fn name(bytes: &[u8], start: usize) -> Option<(Vec<u8>, usize)> {
    let (mut name, mut at, mut next) = (Vec::new(), start, None);
    loop {
        let length = usize::from(*bytes.get(at)?);
        match length {
            0 => return Some((name, next.unwrap_or(at + 1))),
            1..=63 => {
                if !name.is_empty() {
                    name.push(b'.');
                }
                name.extend(bytes.get(at + 1..at + 1 + length)?);
                if name.len() > 255 {
                    return None;
                }
                at += 1 + length;
            }
            0xc0.. => {
                let target = (length & 0x3f) << 8 | usize::from(*bytes.get(at + 1)?);
                next = next.or(Some(at + 2));
                if target >= at {
                    return None;
                }
                at = target;
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests;
