//! ARP for IPv4 on Ethernet (RFC 826), and its use for address conflicts (RFC 5227). Packets begin behind the Ethernet header; sockets
//! are their owners' own.

use edge_net::Mac;
use std::net::Ipv4Addr;

/// Bytes of a packet.
pub const LENGTH: usize = 28;

/// Ethernet, IPv4 and the lengths of their addresses.
const KINDS: [u8; 6] = [0, 1, 8, 0, 6, 4];
const REQUEST: u8 = 1;
const REPLY: u8 = 2;

/// Who has `target`? Asked from `own`, whose entry those who hear it may learn. The answer goes to `mac`.
pub fn request(mac: Mac, own: Ipv4Addr, target: Ipv4Addr) -> [u8; LENGTH] {
    let mut packet = probe(mac.bytes(), target);
    packet[14..18].copy_from_slice(&own.octets());
    packet
}

/// An ARP Probe (RFC 5227, 1.1): who has `target`? It says no sender's address, so it changes nobody's table. `mac`: as the link has it.
pub fn probe(mac: [u8; 6], target: Ipv4Addr) -> [u8; LENGTH] {
    let mut packet = [0; LENGTH];
    packet[..6].copy_from_slice(&KINDS);
    packet[7] = REQUEST;
    packet[8..14].copy_from_slice(&mac);
    packet[24..].copy_from_slice(&target.octets());
    packet
}

/// An ARP Announcement (RFC 5227, 1.1): the address is here. A request by the address for itself.
pub fn announcement(mac: Mac, own: Ipv4Addr) -> [u8; LENGTH] {
    request(mac, own, own)
}

/// Who says by a request or a reply that an address is theirs. None where it is neither, or a probe.
pub fn claimed(packet: &[u8]) -> Option<(Ipv4Addr, Mac)> {
    let read = Read::from(packet).filter(|read| matches!(read.operation, REQUEST | REPLY))?;
    let mac = Mac::new(read.hardware).ok()?;
    (!read.sender.is_unspecified()).then_some((read.sender, mac))
}

/// The hardware address of `from`, where the packet is its reply to `own`.
pub fn answer(packet: &[u8], from: Ipv4Addr, own: Ipv4Addr) -> Option<[u8; 6]> {
    let read = Read::from(packet)?;
    (read.operation == REPLY && read.sender == from && read.target == own).then_some(read.hardware)
}

/// The fields of a packet that is for IPv4 on Ethernet; a frame's padding may follow.
struct Read {
    operation: u8,
    hardware: [u8; 6],
    sender: Ipv4Addr,
    target: Ipv4Addr,
}

impl Read {
    fn from(packet: &[u8]) -> Option<Self> {
        let packet: &[u8; LENGTH] = packet.first_chunk()?;
        let [kinds @ .., 0, operation] = packet.first_chunk::<8>()? else { return None };
        let [.., h0, h1, h2, h3, h4, h5, s0, s1, s2, s3, _, _, _, _, _, _, t0, t1, t2, t3] = *packet;
        (*kinds == KINDS).then_some(Self {
            operation: *operation,
            hardware: [h0, h1, h2, h3, h4, h5],
            sender: Ipv4Addr::new(s0, s1, s2, s3),
            target: Ipv4Addr::new(t0, t1, t2, t3),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;

    const OWN: [u8; 6] = [2, 0, 0, 0, 0, 1];

    fn mac() -> Mac {
        Mac::new(OWN).unwrap()
    }

    #[test]
    fn a_probe_claims_nothing_and_its_answer_does() {
        let target = Ipv4Addr::new(10, 0, 1, 7);
        let packet = probe(OWN, target);
        assert_eq!(claimed(&packet), None);
        let mut reply = packet;
        reply[7] = 2;
        reply[8..14].copy_from_slice(&[2, 0, 0, 0, 0, 9]);
        reply[14..18].copy_from_slice(&target.octets());
        assert_eq!(claimed(&reply), Some((target, Mac::new([2, 0, 0, 0, 0, 9]).expect("a MAC"))));
        let padded = [&reply[..], &[0; 18]].concat();
        assert!(claimed(&padded).is_some(), "as Ethernet's shortest frame is");
        for (at, byte) in [(1, 6), (2, 9), (4, 5), (5, 16), (7, 3), (6, 1), (8, 3)] {
            let mut wrong = reply;
            wrong[at] = byte;
            assert_eq!(claimed(&wrong), None, "byte {at}");
        }
        assert_eq!(claimed(&reply[..27]), None);
    }

    #[test]
    fn only_the_gateways_answer_to_us_counts() {
        let [gateway, own, other] = [1, 2, 3].map(|host| Ipv4Addr::new(192, 0, 2, host));
        let packet = |operation: u8, from: Ipv4Addr, to: Ipv4Addr| {
            [&KINDS[..], &[0, operation], &[2; 6], &from.octets(), &[4; 6], &to.octets()].concat()
        };
        assert_eq!(answer(&packet(REPLY, gateway, own), gateway, own), Some([2; 6]));
        assert_eq!(answer(&packet(REQUEST, gateway, own), gateway, own), None);
        assert_eq!(answer(&packet(REPLY, other, own), gateway, own), None);
        assert_eq!(answer(&packet(REPLY, gateway, other), gateway, own), None);
        assert_eq!(answer(&packet(REPLY, gateway, own)[..27], gateway, own), None);
    }

    /// Byte by byte, as on the cable: the fields of RFC 826 in their order.
    #[test]
    fn requests_are_as_they_are_written_down() {
        let [own, target] = [1, 9].map(|host| Ipv4Addr::new(10, 0, 1, host));
        let head = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1];
        assert_eq!(request(mac(), own, target)[..], [&head[..], &[10, 0, 1, 1, 0, 0, 0, 0, 0, 0, 10, 0, 1, 9]].concat());
        assert_eq!(probe(OWN, target)[..], [&head[..], &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 1, 9]].concat());
        assert_eq!(announcement(mac(), own)[..], [&head[..], &[10, 0, 1, 1, 0, 0, 0, 0, 0, 0, 10, 0, 1, 1]].concat());
        assert_eq!(claimed(&request(mac(), own, target)), Some((own, mac())), "who asks tells where it is");
        assert_eq!(claimed(&announcement(mac(), own)), Some((own, mac())));
    }
}
