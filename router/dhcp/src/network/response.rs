//! What the server says, as bytes: which options a client gets, and in which order.

use crate::NetworkService;
use edge_config::{DhcpOption, DhcpServer};
use edge_dhcp_wire::{
    LONGEST, MessageWriter, Request, TextField, at,
    code::{self, message_type},
    header::{BOOTREPLY, BROADCAST, ETHERNET},
    size,
};
use std::{net::Ipv4Addr, time::Duration};

/// What the server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    pub kind: ResponseKind,
    /// The server identifier (option 54).
    pub server: Ipv4Addr,
    /// The client's own name (option 12), where a reservation gives it one.
    pub hostname: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseKind {
    /// Lease in seconds.
    Offer { address: Ipv4Addr, lease: u32 },
    /// `rapid`: to a DISCOVER (RFC 4039).
    Ack { address: Ipv4Addr, lease: u32, rapid: bool },
    /// The answer to DHCPINFORM: options and no address (RFC 2131, 4.3.5).
    Options,
    /// With the reason (option 56).
    Nak(&'static str),
}

/// Of IP and UDP.
const HEADERS: usize = 28;

/// What a client without option 55 gets: what makes a network usable.
const BASIC: [u8; 5] = [code::SUBNET_MASK, code::ROUTER, code::DNS, code::DOMAIN, code::BROADCAST_ADDRESS];
/// What a client can least do without; it is put in first where not everything fits.
const VITAL: [u8; 4] = [code::SUBNET_MASK, code::CLASSLESS_ROUTES, code::ROUTER, code::DNS];
/// More name servers are of no use to any resolver and would push out other options.
const NAME_SERVERS: usize = 8;

impl Response<'_> {
    /// Writes the reply into `bytes`, whose room is used again.
    pub fn encode(&self, request: &Request, service: &NetworkService, bytes: &mut Vec<u8>) {
        let (message_type, yiaddr, lease) = match self.kind {
            ResponseKind::Offer { address, lease } => (message_type::OFFER, address, Some(lease)),
            ResponseKind::Ack { address, lease, .. } => (message_type::ACK, address, Some(lease)),
            ResponseKind::Options => (message_type::ACK, Ipv4Addr::UNSPECIFIED, None),
            ResponseKind::Nak(_) => (message_type::NAK, Ipv4Addr::UNSPECIFIED, None),
        };
        let limit = (usize::from(request.max_size) - HEADERS).min(LONGEST);
        let echo = request.relayed.as_ref().map(|relayed| &relayed.information[..]).filter(|echo| !echo.is_empty());
        // Whatever a relay adds must come back to it (RFC 3046, 2.2), so there is room for it, whatever that costs.
        let mut writer = MessageWriter::new(bytes, limit, echo.map_or(0, size));
        self.fixed(&mut writer, message_type, yiaddr, request);

        writer.put(code::MESSAGE_TYPE, &[message_type]);
        writer.put(code::SERVER_ID, &self.server.octets());
        if let Some(lease) = lease {
            writer.put(code::LEASE_TIME, &lease.to_be_bytes());
        }
        if matches!(self.kind, ResponseKind::Ack { rapid: true, .. }) {
            writer.put(code::RAPID_COMMIT, &[]);
        }
        if let Some(id) = &request.client_id {
            writer.put(code::CLIENT_ID, id);
        }
        if let ResponseKind::Nak(why) = self.kind {
            writer.put(code::MESSAGE, why.as_bytes());
        } else {
            self.put_wanted(&mut writer, lease, request, service);
            put_boot_fields(&mut writer, service);
        }
        writer.finish(echo.map(|echo| (code::RELAY_AGENT, echo)));
    }

    /// RFC 2131, table 3.
    fn fixed(&self, writer: &mut MessageWriter, message_type: u8, yiaddr: Ipv4Addr, request: &Request) {
        let [htype, hlen] = ETHERNET;
        writer.set(0, &[BOOTREPLY, htype, hlen]);
        writer.set(at::XID, &request.xid.to_be_bytes());
        // A client that a relay agent tells NAK has no address it could be reached by (4.3.2).
        let nak_by_relay = message_type == message_type::NAK && request.relayed.is_some();
        let flags = if nak_by_relay { request.flags | BROADCAST } else { request.flags };
        writer.set(at::FLAGS, &flags.to_be_bytes());
        if let Some(ciaddr) = request.ciaddr.filter(|_| message_type == message_type::ACK) {
            writer.set(at::CIADDR, &ciaddr.octets());
        }
        writer.set(at::YIADDR, &yiaddr.octets());
        if let Some(relayed) = &request.relayed {
            writer.set(at::GIADDR, &relayed.agent.octets());
        }
        writer.set(at::CHADDR, &request.mac.bytes());
    }

    /// What the client asks for, in its order (RFC 2131, 4.3.1); where not everything fits, the vital first.
    fn put_wanted(&self, writer: &mut MessageWriter, lease: Option<u32>, request: &Request, service: &NetworkService) {
        let asked = request.parameters.as_deref().unwrap_or(&BASIC);
        let mut seen = [false; 256];
        let mut wanted = [0; 256];
        let mut count = 0;
        let mut fits = true;
        let before = writer.mark();
        let options = service.pool().into_iter().flat_map(|pool| &pool.options);
        let always = options.filter(|option| option.always).map(|option| option.code);
        // Few clients ask for these two, and all do as they say.
        let timers = service.pool().filter(|pool| pool.renew.is_some() || pool.rebind.is_some());
        let timers = timers.map_or(&[][..], |_| &[code::RENEWAL, code::REBINDING]);
        // Without its mask an address is of no use: who does not ask for it takes that of the address's class.
        let mask = lease.map_or(&[][..], |_| &[code::SUBNET_MASK]);
        for option in asked.iter().chain(mask).chain(timers).copied().chain(always) {
            if !std::mem::replace(&mut seen[usize::from(option)], true)
                && let Some(value) = self.value(option, lease, service, &mut Scratch::default())
            {
                fits = fits && writer.add(option, value);
                wanted[count] = option;
                count += 1;
            }
        }
        if fits {
            return;
        }
        writer.cut(before);
        let wanted = &mut wanted[..count];
        wanted.sort_by_key(|option| VITAL.iter().position(|vital| vital == option).unwrap_or(VITAL.len()));
        for option in wanted {
            if let Some(value) = self.value(*option, lease, service, &mut Scratch::default()) {
                writer.put(*option, value);
            }
        }
    }

    /// What there is to say for an option, if anything.
    fn value<'v>(
        &'v self,
        option: u8,
        lease: Option<u32>,
        service: &'v NetworkService,
        scratch: &'v mut Scratch,
    ) -> Option<&'v [u8]> {
        let pool = service.pool();
        let value = match option {
            code::SUBNET_MASK => scratch.address(service.address.netmask()),
            code::ROUTER => scratch.address(pool.and_then(|pool| pool.gateway).unwrap_or(service.address.address())),
            code::BROADCAST_ADDRESS => scratch.address(service.address.broadcast()),
            code::DNS => {
                let own = pool.map(|pool| &pool.dns[..]).filter(|dns| !dns.is_empty());
                scratch.addresses(own.unwrap_or(&service.dns))
            }
            code::HOST_NAME => self.hostname?.as_bytes(),
            code::DOMAIN => pool?.domain.as_ref()?.as_bytes(),
            code::RENEWAL => scratch.seconds(timers(lease?, pool?).0),
            code::REBINDING => scratch.seconds(timers(lease?, pool?).1),
            other => configured(service, other)?,
        };
        (!value.is_empty()).then_some(value)
    }
}

fn configured(service: &NetworkService, option: u8) -> Option<&[u8]> {
    let options = &service.pool()?.options;
    let place = options.binary_search_by_key(&option, |option| option.code).ok()?;
    Some(&options[place].value)
}

/// T1 and T2 as their parts of the lease: what is configured of the network's lease, else half and seven eighths.
fn timers(lease: u32, pool: &DhcpServer) -> (u32, u32) {
    let timer = |configured: Option<Duration>, eighths| {
        let (part, whole) = configured.map_or((eighths, 8), |timer| (timer.as_secs(), pool.lease.as_secs().max(1)));
        u32::try_from(u128::from(lease) * u128::from(part) / u128::from(whole)).unwrap_or(u32::MAX)
    };
    let rebinding = timer(pool.rebind, 7);
    let renewal = timer(pool.renew, 4).min(rebinding.saturating_sub(1));
    // Zero says nothing to some clients.
    (renewal.max(1), rebinding.max(1))
}

/// A boot ROM looks for its server and file in the fields of BOOTP (RFC 951).
fn put_boot_fields(writer: &mut MessageWriter, service: &NetworkService) {
    if let Some(server) = configured(service, DhcpOption::TFTP_SERVER) {
        let address = std::str::from_utf8(server).ok().and_then(|server| server.parse::<Ipv4Addr>().ok());
        address.into_iter().for_each(|address| writer.set(at::SIADDR, &address.octets()));
        writer.text(TextField::Sname, server);
    }
    if let Some(file) = configured(service, DhcpOption::BOOT_FILE) {
        writer.text(TextField::File, file);
    }
}

/// Room for a value that is made when it is asked for.
#[derive(Default)]
struct Scratch([u8; 4 * NAME_SERVERS]);

impl Scratch {
    fn address(&mut self, address: Ipv4Addr) -> &[u8] {
        self.addresses(&[address])
    }

    fn addresses(&mut self, addresses: &[Ipv4Addr]) -> &[u8] {
        let count = addresses.len().min(NAME_SERVERS);
        self.0.chunks_exact_mut(4).zip(addresses).for_each(|(room, address)| room.copy_from_slice(&address.octets()));
        &self.0[..4 * count]
    }

    fn seconds(&mut self, seconds: u32) -> &[u8] {
        self.0[..4].copy_from_slice(&seconds.to_be_bytes());
        &self.0[..4]
    }
}

#[cfg(test)]
mod tests;
