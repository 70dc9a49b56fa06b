//! The limit: receives what clients send and sends what a server would, and does nothing between. Batched both ways.

use anyhow::Result;
use nix::{
    libc,
    sys::socket::{setsockopt, sockopt},
};
use std::{io, mem, ptr};

const BATCH: usize = 32;
const LONGEST: usize = 1500;
/// Of a reply: BOOTP's smallest message.
const REPLY: usize = 300;

/// Answers DISCOVER with OFFER and REQUEST with ACK, `10.64.0.1` to everybody; ends when killed.
pub fn serve(interface: &str) -> Result<()> {
    let udp = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
    udp.set_reuse_address(true)?;
    udp.set_broadcast(true)?;
    // As ours has.
    setsockopt(&udp, sockopt::RcvBufForce, &(8 << 20))?;
    udp.bind_device(Some(interface.as_bytes()))?;
    udp.bind(&std::net::SocketAddr::from(([0, 0, 0, 0], 67)).into())?;
    let raw = socket2::Socket::new(socket2::Domain::PACKET, socket2::Type::DGRAM, None)?;
    let index = nix::net::if_::if_nametoindex(interface)?;
    use std::os::fd::AsRawFd;
    let mut buffers = vec![[0_u8; LONGEST]; BATCH];
    let mut replies = vec![template(); BATCH];
    let mut targets: Vec<libc::sockaddr_ll> = vec![target(index); BATCH];
    loop {
        let mut vectors: Vec<libc::iovec> =
            buffers.iter_mut().map(|buffer| libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: LONGEST }).collect();
        let mut headers: Vec<libc::mmsghdr> = vectors.iter_mut().map(header).collect();
        // SAFETY: headers and vectors point at live buffers of the lengths they name.
        let received =
            unsafe { libc::recvmmsg(udp.as_raw_fd(), headers.as_mut_ptr(), BATCH as u32, libc::MSG_WAITFORONE, ptr::null_mut()) };
        if received < 0 {
            return Err(io::Error::last_os_error().into());
        }
        let received = received as usize;
        for at in 0..received {
            let request = &buffers[at];
            let reply = &mut replies[at][28..];
            reply[4..8].copy_from_slice(&request[4..8]);
            reply[28..34].copy_from_slice(&request[28..34]);
            // Option 53 comes first in what the generator sends.
            reply[242] = if request[242] == 1 { 2 } else { 5 };
            targets[at].sll_addr[..6].copy_from_slice(&request[28..34]);
        }
        let mut vectors: Vec<libc::iovec> =
            replies.iter_mut().map(|reply| libc::iovec { iov_base: reply.as_mut_ptr().cast(), iov_len: reply.len() }).collect();
        let mut headers: Vec<libc::mmsghdr> = vectors.iter_mut().map(header).collect();
        for (header, target) in headers.iter_mut().zip(&mut targets) {
            header.msg_hdr.msg_name = (&raw mut *target).cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_ll>() as u32;
        }
        // SAFETY: headers, vectors and addresses point at live memory of the lengths they name.
        unsafe { libc::sendmmsg(raw.as_raw_fd(), headers.as_mut_ptr(), received as u32, 0) };
    }
}

/// An IP packet with an OFFER in which xid, chaddr and the message type are still to be written.
fn template() -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 64, 0, 1, 10, 64, 0, 2, 0, 67, 0, 68, 0, 0, 0, 0];
    packet.extend([2, 1, 6, 0]);
    packet.resize(28 + REPLY, 0);
    packet[2..4].copy_from_slice(&((28 + REPLY) as u16).to_be_bytes());
    packet[24..26].copy_from_slice(&((8 + REPLY) as u16).to_be_bytes());
    packet[28 + 16..28 + 20].copy_from_slice(&[10, 64, 0, 2]);
    packet[28 + 236..28 + 243].copy_from_slice(&[99, 130, 83, 99, 53, 1, 2]);
    packet[28 + 243..28 + 250].copy_from_slice(&[54, 4, 10, 64, 0, 1, 255]);
    packet
}

fn target(index: u32) -> libc::sockaddr_ll {
    // SAFETY: `sockaddr_ll` is plain data for which zeros are valid.
    let mut target: libc::sockaddr_ll = unsafe { mem::zeroed() };
    target.sll_family = libc::AF_PACKET as u16;
    target.sll_protocol = (libc::ETH_P_IP as u16).to_be();
    target.sll_ifindex = index as i32;
    target.sll_halen = 6;
    target
}

fn header(vector: &mut libc::iovec) -> libc::mmsghdr {
    // SAFETY: `mmsghdr` is plain data for which zeros are valid.
    let mut header: libc::mmsghdr = unsafe { mem::zeroed() };
    header.msg_hdr.msg_iov = vector;
    header.msg_hdr.msg_iovlen = 1;
    header
}
