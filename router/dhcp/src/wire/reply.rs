use super::Request;
use crate::Service;
use dhcproto::{
    Encodable, Encoder,
    error::EncodeError,
    v4::{DhcpOption, Flags, Message, MessageType, Opcode, OptionCode},
};
use std::net::Ipv4Addr;

/// What the server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub kind: ReplyKind,
    /// The client's own name (option 12), where a reservation gives it one.
    pub hostname: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// Lease in seconds.
    Offer {
        address: Ipv4Addr,
        lease: u32,
    },
    Ack {
        address: Ipv4Addr,
        lease: u32,
    },
    /// The answer to DHCPINFORM: options and no address (RFC 2131, 4.3.5).
    Options,
    /// With the reason (option 56).
    Nak(&'static str),
}

/// BOOTP's smallest message, which some clients still insist on (RFC 1542, 2.1).
const SMALLEST: usize = 300;
/// Ethernet's MTU less the IP and UDP headers.
const LARGEST: usize = 1472;
const HEADERS: usize = 28;
/// Header, magic cookie and end option.
const FIXED: usize = 241;

impl Reply {
    pub fn encode(&self, request: &Request, service: &Service) -> Result<Vec<u8>, EncodeError> {
        let (kind, yiaddr, lease) = match self.kind {
            ReplyKind::Offer { address, lease } => (MessageType::Offer, address, Some(lease)),
            ReplyKind::Ack { address, lease } => (MessageType::Ack, address, Some(lease)),
            ReplyKind::Options => (MessageType::Ack, Ipv4Addr::UNSPECIFIED, None),
            ReplyKind::Nak(_) => (MessageType::Nak, Ipv4Addr::UNSPECIFIED, None),
        };
        // RFC 2131, table 3: only an ACK repeats ciaddr.
        let ciaddr = request.ciaddr.filter(|_| kind == MessageType::Ack).unwrap_or(Ipv4Addr::UNSPECIFIED);
        let none = Ipv4Addr::UNSPECIFIED;
        let mut message = Message::new_with_id(request.xid, ciaddr, yiaddr, none, none, &request.mac.bytes());
        message.set_opcode(Opcode::BootReply).set_flags(Flags::new(request.flags));

        let limit = (usize::from(request.max_size) - HEADERS).min(LARGEST);
        let mut room = limit - FIXED;
        let options = self.must(kind, lease, request, service).into_iter().chain(self.wanted(lease, request, service));
        for (size, option) in options {
            // An option takes its code and length besides its data; what no longer fits is left out, the least needed last.
            if let Some(left) = room.checked_sub(size + 2) {
                room = left;
                message.opts_mut().insert(option);
            }
        }
        let mut bytes = Vec::with_capacity(SMALLEST);
        message.encode(&mut Encoder::new(&mut bytes))?;
        if bytes.len() < SMALLEST {
            bytes.resize(SMALLEST, 0);
        }
        Ok(bytes)
    }

    /// What a reply of this kind is not valid without (RFC 2131, table 3; RFC 6842), each with the size of its data.
    fn must(&self, kind: MessageType, lease: Option<u32>, request: &Request, service: &Service) -> Vec<(usize, DhcpOption)> {
        let mut options = vec![(1, DhcpOption::MessageType(kind)), (4, DhcpOption::ServerIdentifier(service.address.address()))];
        options.extend(lease.map(|lease| (4, DhcpOption::AddressLeaseTime(lease))));
        options.extend(request.client_id.clone().map(|id| (id.len(), DhcpOption::ClientIdentifier(id))));
        if let ReplyKind::Nak(why) = self.kind {
            options.push((why.len(), DhcpOption::Message(why.to_owned())));
        }
        options
    }

    /// What the client asks for, the most needed first; a client that says nothing gets what makes a network usable.
    fn wanted(&self, lease: Option<u32>, request: &Request, service: &Service) -> Vec<(usize, DhcpOption)> {
        if matches!(self.kind, ReplyKind::Nak(_)) {
            return Vec::new();
        }
        let pool = service.pool.as_ref();
        let mut dns = pool.filter(|pool| !pool.dns.is_empty()).map_or(&service.dns, |pool| &pool.dns).clone();
        // More are of no use to any resolver and would push out other options.
        dns.truncate(8);
        let domain = pool.and_then(|pool| pool.domain.clone()).unwrap_or_default();
        let hostname = self.hostname.clone().unwrap_or_default();
        let timer = |eighths: u32| lease.map(|lease| (u64::from(lease) * u64::from(eighths) / 8) as u32).unwrap_or_default();
        let available = [
            (4, DhcpOption::SubnetMask(service.address.netmask())),
            (4, DhcpOption::Router(vec![service.address.address()])),
            (dns.len() * 4, DhcpOption::DomainNameServer(dns)),
            (domain.len(), DhcpOption::DomainName(domain)),
            (4, DhcpOption::BroadcastAddr(service.address.broadcast())),
            (hostname.len(), DhcpOption::Hostname(hostname)),
            (if lease.is_some() { 4 } else { 0 }, DhcpOption::Renewal(timer(4))),
            (if lease.is_some() { 4 } else { 0 }, DhcpOption::Rebinding(timer(7))),
        ];
        let asked = |option: &DhcpOption| match &request.parameters {
            Some(codes) => codes.contains(&OptionCode::from(option).into()),
            None => !matches!(option, DhcpOption::Hostname(_) | DhcpOption::Renewal(_) | DhcpOption::Rebinding(_)),
        };
        available.into_iter().filter(|(size, option)| (1..=255).contains(size) && asked(option)).collect()
    }
}
