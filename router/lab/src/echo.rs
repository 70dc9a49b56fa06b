//! ICMP echo packets that carry a marker, so that a packet seen anywhere is known to be ours (RFC 792).

use std::net::Ipv4Addr;

/// IPv4's protocol number of ICMP.
const ICMP: u8 = 1;
const MAGIC: &[u8; 8] = b"edge-lab";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EchoKind {
    Request,
    Reply,
}

/// What an echo packet says of itself: whose probe it is, by process and number in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marker {
    pub process: u32,
    pub probe: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Echo {
    pub kind: EchoKind,
    pub marker: Marker,
    pub sequence: u16,
    pub source: Ipv4Addr,
}

/// An ICMP echo request without the IP header, as a raw socket sends it.
pub(crate) fn request(marker: Marker, sequence: u16) -> Vec<u8> {
    // Identifier: conntrack knows echoes of one pair of hosts apart by it, so each probe has its own.
    let identifier = (marker.probe as u16) ^ (marker.process as u16);
    let mut packet = vec![8, 0, 0, 0];
    packet.extend(identifier.to_be_bytes());
    packet.extend(sequence.to_be_bytes());
    packet.extend(MAGIC);
    packet.extend(marker.process.to_be_bytes());
    packet.extend(marker.probe.to_be_bytes());
    let checksum = checksum(&packet);
    packet[2..4].copy_from_slice(&checksum.to_be_bytes());
    packet
}

/// Reads an IPv4 packet, if it is an echo of ours.
pub(crate) fn read(packet: &[u8]) -> Option<Echo> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    if packet[0] >> 4 != 4 || *packet.get(9)? != ICMP {
        return None;
    }
    let source: [u8; 4] = *packet.get(12..)?.first_chunk()?;
    let icmp = packet.get(header..)?;
    let kind = match icmp.first()? {
        8 => EchoKind::Request,
        0 => EchoKind::Reply,
        _ => return None,
    };
    let sequence = u16::from_be_bytes(*icmp.get(6..)?.first_chunk()?);
    let payload = icmp.get(8..)?.strip_prefix(MAGIC)?;
    let process = u32::from_be_bytes(*payload.first_chunk()?);
    let probe = u32::from_be_bytes(*payload.get(4..)?.first_chunk()?);
    Some(Echo { kind, marker: Marker { process, probe }, sequence, source: source.into() })
}

/// The Internet checksum (RFC 1071) of an even number of bytes.
fn checksum(bytes: &[u8]) -> u16 {
    let sum: u32 = bytes.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !(((folded & 0xffff) + (folded >> 16)) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_recognised_and_nothing_else() {
        let marker = Marker { process: 4711, probe: 65_537 };
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, ICMP, 0, 0, 10, 0, 1, 5, 8, 8, 8, 8];
        packet.extend(request(marker, 3));
        assert_eq!(
            read(&packet),
            Some(Echo { kind: EchoKind::Request, marker, sequence: 3, source: Ipv4Addr::new(10, 0, 1, 5) })
        );
        for length in 0..packet.len() {
            assert_eq!(read(&packet[..length]), None, "cut to {length} bytes");
        }
        packet[28] ^= 1;
        assert_eq!(read(&packet), None, "another magic");
    }

    #[test]
    fn a_packet_with_its_checksum_sums_to_zero() {
        assert_eq!(checksum(&request(Marker { process: 1, probe: 0xffff_fffe }, 9)), 0);
    }
}
