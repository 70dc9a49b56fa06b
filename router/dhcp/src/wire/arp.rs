//! ARP for IPv4 on Ethernet (RFC 826), as far as asking whether an address is in use (RFC 5227).

use edge_net::Mac;
use std::net::Ipv4Addr;

/// Ethernet, IPv4 and the lengths of their addresses.
const KINDS: [u8; 6] = [0, 1, 8, 0, 6, 4];
const REQUEST: u8 = 1;

/// An ARP Probe (RFC 5227, 1.1): who has `target`? It says no sender's address, so it changes nobody's table.
pub fn probe(own: [u8; 6], target: Ipv4Addr) -> [u8; 28] {
    let mut packet = [0; 28];
    packet[..6].copy_from_slice(&KINDS);
    packet[7] = REQUEST;
    packet[8..14].copy_from_slice(&own);
    packet[24..].copy_from_slice(&target.octets());
    packet
}

/// Who says by a request or a reply that an address is theirs.
pub fn claimed(packet: &[u8]) -> Option<(Ipv4Addr, Mac)> {
    let packet: &[u8; 28] = packet.first_chunk()?;
    let [.., m0, m1, m2, m3, m4, m5, a, b, c, d] = *packet.first_chunk::<18>()?;
    let address = Ipv4Addr::new(a, b, c, d);
    let mac = Mac::new([m0, m1, m2, m3, m4, m5]).ok()?;
    let known = packet[..6] == KINDS && packet[6] == 0 && matches!(packet[7], 1 | 2);
    (known && !address.is_unspecified()).then_some((address, mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_claims_nothing_and_its_answer_does() {
        let target = Ipv4Addr::new(10, 0, 1, 7);
        let packet = probe([2, 0, 0, 0, 0, 1], target);
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
}
