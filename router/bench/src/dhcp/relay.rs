//! The relay agent that the generator's clients are behind, where they are (RFC 1542, 4.1).

use crate::command::{RELAY, ROUTER};

pub const MAC: [u8; 6] = [0x02, 0x52, 0, 0, 0, 1];

/// Asks for the server's hardware address by ARP (RFC 826).
pub fn question() -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend(MAC);
    frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend(MAC);
    frame.extend(RELAY.octets());
    frame.extend([0; 6]);
    frame.extend(ROUTER.octets());
    frame
}

/// The server's hardware address, where the frame is the answer.
pub fn answer(frame: &[u8]) -> Option<[u8; 6]> {
    let is_answer = frame.get(12..14)? == [8, 6] && frame.get(20..22)? == [0, 2] && frame.get(28..32)? == ROUTER.octets();
    if is_answer { frame.get(22..28)?.try_into().ok() } else { None }
}
