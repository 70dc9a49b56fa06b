use std::net::SocketAddrV4;

/// An IPv4 packet (RFC 791) with a UDP datagram (RFC 768), for a client that has no address yet and so cannot answer ARP.
/// None where `payload` does not fit into one.
pub fn udp_packet(from: SocketAddrV4, to: SocketAddrV4, payload: &[u8]) -> Option<Vec<u8>> {
    Some([&udp_header(from, to, payload)?[..], payload].concat())
}

/// What goes before `payload` in such a packet.
pub fn udp_header(from: SocketAddrV4, to: SocketAddrV4, payload: &[u8]) -> Option<[u8; 28]> {
    let udp_length = u16::try_from(payload.len() + 8).ok()?;
    let total = udp_length.checked_add(20)?;
    let mut header = [0; 28];
    // Version and header length, DSCP CS6 as network control (RFC 4594), length, id, don't fragment, TTL, UDP.
    header[..2].copy_from_slice(&[0x45, 0xc0]);
    header[2..4].copy_from_slice(&total.to_be_bytes());
    header[6..10].copy_from_slice(&[0x40, 0, 64, 17]);
    header[12..16].copy_from_slice(&from.ip().octets());
    header[16..20].copy_from_slice(&to.ip().octets());
    let ip = checksum(sum(&header[..20]));
    header[10..12].copy_from_slice(&ip.to_be_bytes());

    header[20..22].copy_from_slice(&from.port().to_be_bytes());
    header[22..24].copy_from_slice(&to.port().to_be_bytes());
    header[24..26].copy_from_slice(&udp_length.to_be_bytes());
    let pseudo_header = sum(&header[12..20]) + 17 + u32::from(udp_length);
    // A checksum of zero would mean that there is none.
    let udp = match checksum(pseudo_header + sum(&header[20..]) + sum(payload)) {
        0 => 0xffff,
        udp => udp,
    };
    header[26..28].copy_from_slice(&udp.to_be_bytes());
    Some(header)
}

/// Of 16-bit words, made four bytes at a time: 2^16 counts as 1 in such a sum (RFC 1071, 2).
fn sum(bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks::<4>();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    let sum: u64 = words.iter().chain([&last]).map(|word| u64::from(u32::from_be_bytes(*word))).sum();
    let parts = [sum >> 48, sum >> 32 & 0xffff, sum >> 16 & 0xffff, sum & 0xffff];
    parts.iter().sum::<u64>() as u32
}

/// RFC 1071.
fn checksum(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn sums_to_zero_as_a_receiver_checks_it() {
        for payload in [&b"abc"[..], b"abcd", &[0xff; 301]] {
            let [from, to] = [(3, 67), (5, 68)].map(|(host, port)| SocketAddrV4::new(Ipv4Addr::new(10, 0, 1, host), port));
            let packet = udp_packet(from, to, payload).expect("it fits");
            assert_eq!(checksum(sum(&packet[..20])), 0);
            assert_eq!(checksum(sum(&packet[12..20]) + 17 + packet.len() as u32 - 20 + sum(&packet[20..])), 0);
        }
        let any = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 67);
        assert!(udp_packet(any, any, &[0; 65_508]).is_none());
    }
}
