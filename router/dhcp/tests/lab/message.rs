//! DHCP messages made and read by hand, apart from the code under test.

use std::{collections::BTreeMap, net::Ipv4Addr};

pub const DISCOVER: u8 = 1;
pub const OFFER: u8 = 2;
pub const REQUEST: u8 = 3;
pub const DECLINE: u8 = 4;
pub const ACK: u8 = 5;
pub const NAK: u8 = 6;
pub const RELEASE: u8 = 7;
pub const INFORM: u8 = 8;

#[derive(Clone)]
pub struct Message(Vec<u8>);

impl Message {
    pub fn new(kind: u8, mac: [u8; 6], xid: u32) -> Self {
        let mut bytes = vec![0; 236];
        bytes[..3].copy_from_slice(&[1, 1, 6]);
        bytes[4..8].copy_from_slice(&xid.to_be_bytes());
        bytes[28..34].copy_from_slice(&mac);
        bytes.extend([99, 130, 83, 99, 53, 1, kind]);
        Self(bytes)
    }

    pub fn broadcast(mut self) -> Self {
        self.0[10] = 0x80;
        self
    }

    pub fn ciaddr(mut self, address: Ipv4Addr) -> Self {
        self.0[12..16].copy_from_slice(&address.octets());
        self
    }

    pub fn giaddr(mut self, agent: Ipv4Addr) -> Self {
        self.0[24..28].copy_from_slice(&agent.octets());
        self
    }

    pub fn option(mut self, code: u8, value: &[u8]) -> Self {
        self.0.extend([code, value.len() as u8]);
        self.0.extend(value);
        self
    }

    pub fn xid(&self) -> u32 {
        u32::from_be_bytes([self.0[4], self.0[5], self.0[6], self.0[7]])
    }

    pub fn bytes(&self) -> Vec<u8> {
        [&self.0[..], &[255]].concat()
    }
}

#[derive(Debug)]
pub struct Answer {
    pub kind: u8,
    pub xid: u32,
    /// As they came; the first bit is the broadcast flag.
    pub flags: u8,
    pub yiaddr: Ipv4Addr,
    pub giaddr: Ipv4Addr,
    pub mac: [u8; 6],
    pub options: BTreeMap<u8, Vec<u8>>,
}

impl Answer {
    pub fn read(bytes: &[u8]) -> Self {
        assert!(bytes.len() >= 300 && bytes[0] == 2 && bytes[236..240] == [99, 130, 83, 99], "a BOOTP reply: {bytes:?}");
        let mut options = BTreeMap::new();
        let mut at = 240;
        while bytes[at] != 255 {
            let length = usize::from(bytes[at + 1]);
            options.insert(bytes[at], bytes[at + 2..at + 2 + length].to_vec());
            at += 2 + length;
        }
        Self {
            kind: options[&53][0],
            xid: u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
            flags: bytes[10],
            giaddr: Ipv4Addr::new(bytes[24], bytes[25], bytes[26], bytes[27]),
            yiaddr: Ipv4Addr::new(bytes[16], bytes[17], bytes[18], bytes[19]),
            mac: [bytes[28], bytes[29], bytes[30], bytes[31], bytes[32], bytes[33]],
            options,
        }
    }
}
