//! The frames a DHCP client sends, made by copying a template and writing what differs into it: the generator must cost less than any
//! server under test.

use crate::{
    command::{RELAY, ROUTER},
    relay,
};
use std::net::Ipv4Addr;

pub const ETHERNET: usize = 14;
const IP: usize = 20;
const UDP: usize = 8;
/// Where the BOOTP message starts.
pub const MESSAGE: usize = ETHERNET + IP + UDP;
/// BOOTP's smallest message, which clients pad to.
const SMALLEST: usize = 300;

pub const OFFER: u8 = 2;
pub const ACK: u8 = 5;
pub const NAK: u8 = 6;

/// A client's number is its xid and the tail of its MAC address, so that a reply tells whose it is.
pub fn mac(client: u32) -> [u8; 6] {
    let [a, b, c, d] = client.to_be_bytes();
    [0x02, 0x55, a, b, c, d]
}

/// What a client knows when it sends.
#[derive(Clone, Copy)]
pub enum Message {
    Discover,
    Request {
        server: Ipv4Addr,
        address: Ipv4Addr,
    },
    /// To extend what it has, sent to the server alone (RFC 2131, 4.3.2).
    Renew {
        server: Ipv4Addr,
        hardware: [u8; 6],
        address: Ipv4Addr,
    },
}

/// By the client itself, or by its relay agent to the server of this hardware address.
pub fn frame(client: u32, message: Message, relayed: Option<[u8; 6]>) -> Vec<u8> {
    let (kind, ciaddr, to, hardware) = match message {
        Message::Discover => (1, Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, [0xff; 6]),
        Message::Request { .. } => (3, Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, [0xff; 6]),
        Message::Renew { server, hardware, address } => (3, address, server, hardware),
    };
    let mac = mac(client);
    let own = (mac, ciaddr, 68, to, hardware, Ipv4Addr::UNSPECIFIED);
    let by_agent = |server| (relay::MAC, RELAY, 67, ROUTER, server, RELAY);
    let (source, from, port, to, hardware, giaddr) = relayed.map_or(own, by_agent);
    let mut bootp = Vec::with_capacity(SMALLEST);
    bootp.extend([1, 1, 6, 0]);
    bootp.extend(client.to_be_bytes());
    bootp.extend([0; 4]);
    bootp.extend(ciaddr.octets());
    bootp.extend([0; 8]);
    bootp.extend(giaddr.octets());
    bootp.extend(mac);
    bootp.extend([0; 10 + 64 + 128]);
    bootp.extend([99, 130, 83, 99, 53, 1, kind, 61, 7, 1]);
    bootp.extend(mac);
    if let Message::Request { server, address } = message {
        bootp.extend([50, 4]);
        bootp.extend(address.octets());
        bootp.extend([54, 4]);
        bootp.extend(server.octets());
    }
    bootp.extend([55, 8, 1, 3, 6, 15, 28, 51, 58, 59, 255]);
    bootp.resize(SMALLEST.max(bootp.len()), 0);

    let mut frame = Vec::with_capacity(MESSAGE + bootp.len());
    frame.extend(hardware);
    frame.extend(source);
    frame.extend([0x08, 0x00]);
    frame.extend([0x45, 0x10]);
    frame.extend(((IP + UDP + bootp.len()) as u16).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 17, 0, 0]);
    frame.extend(from.octets());
    frame.extend(to.octets());
    let sum = checksum(&frame[ETHERNET..]);
    frame[ETHERNET + 10..ETHERNET + 12].copy_from_slice(&sum.to_be_bytes());
    frame.extend([0, port, 0, 67]);
    frame.extend(((UDP + bootp.len()) as u16).to_be_bytes());
    // No checksum, as RFC 768 allows.
    frame.extend([0, 0]);
    frame.extend(bootp);
    frame
}

fn checksum(header: &[u8]) -> u16 {
    let mut sum: u32 = header.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// A server's reply.
pub struct Reply {
    pub client: u32,
    pub kind: u8,
    pub address: Ipv4Addr,
    pub server: Ipv4Addr,
    pub hardware: [u8; 6],
}

impl Reply {
    /// `None` for any other frame.
    pub fn read(frame: &[u8]) -> Option<Self> {
        let four = |at: usize| frame.get(at..at + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        // To a client, or to its relay agent.
        let is_ours = matches!(frame.get(36..38)?, [0, 67 | 68]) && frame.get(MESSAGE)? == &2;
        if frame.get(12..14)? != [8, 0] || frame.get(23)? != &17 || !is_ours {
            return None;
        }
        let mut kind = 0;
        let mut server = Ipv4Addr::UNSPECIFIED;
        let mut at = MESSAGE + 240;
        loop {
            match *frame.get(at)? {
                0 => at += 1,
                255 => break,
                code => {
                    let length = usize::from(*frame.get(at + 1)?);
                    match code {
                        53 => kind = *frame.get(at + 2)?,
                        54 => server = four(at + 2)?.into(),
                        _ => {}
                    }
                    at += 2 + length;
                }
            }
        }
        let client = u32::from_be_bytes(four(MESSAGE + 4)?);
        Some(Self { client, kind, address: four(MESSAGE + 16)?.into(), server, hardware: frame[6..12].try_into().ok()? })
    }
}

/// Who asks for which address by ARP (RFC 826), where the frame is such a question.
pub fn asked(frame: &[u8]) -> Option<Ipv4Addr> {
    if frame.get(12..14)? != [8, 6] || frame.get(20..22)? != [0, 1] {
        return None;
    }
    <[u8; 4]>::try_from(frame.get(38..42)?).ok().map(Ipv4Addr::from)
}

/// The answer to the ARP question in `frame`: `address` is at `mac`.
pub fn arp_reply(frame: &[u8], mac: [u8; 6]) -> Vec<u8> {
    let mut reply = Vec::with_capacity(42);
    reply.extend(&frame[6..12]);
    reply.extend(mac);
    reply.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 2]);
    reply.extend(mac);
    reply.extend(&frame[38..42]);
    reply.extend(&frame[22..32]);
    reply
}
