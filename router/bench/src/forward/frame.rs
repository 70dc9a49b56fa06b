use std::net::Ipv4Addr;

/// The shortest there is on Ethernet, without its checksum.
pub type Frame = [u8; 60];
pub type Mac = [u8; 6];

const ETHERNET: usize = 14;
const IPV4: usize = 20;

/// One end of a packet's way.
#[derive(Clone, Copy)]
pub struct End {
    pub mac: Mac,
    pub address: Ipv4Addr,
    pub port: u16,
}

/// UDP over IPv4 (RFC 768, RFC 791) without a UDP checksum.
pub fn udp(from: End, to: End) -> Frame {
    let mut frame = [0; size_of::<Frame>()];
    frame[..6].copy_from_slice(&to.mac);
    frame[6..12].copy_from_slice(&from.mac);
    frame[12..14].copy_from_slice(&[0x08, 0x00]);
    let length = (frame.len() - ETHERNET) as u16;
    let header = &mut frame[ETHERNET..ETHERNET + IPV4];
    header[0] = 0x45;
    header[2..4].copy_from_slice(&length.to_be_bytes());
    // Time to live, and the protocol.
    header[8..10].copy_from_slice(&[64, 17]);
    header[12..16].copy_from_slice(&from.address.octets());
    header[16..20].copy_from_slice(&to.address.octets());
    let checksum = checksum(header);
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    let datagram = &mut frame[ETHERNET + IPV4..];
    datagram[0..2].copy_from_slice(&from.port.to_be_bytes());
    datagram[2..4].copy_from_slice(&to.port.to_be_bytes());
    datagram[4..6].copy_from_slice(&(length - IPV4 as u16).to_be_bytes());
    frame
}

/// RFC 1071
fn checksum(header: &[u8]) -> u16 {
    let words = header.chunks(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])));
    let sum: u32 = words.sum();
    !((sum & 0xffff) + (sum >> 16)) as u16
}
