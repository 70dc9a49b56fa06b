//! A packet socket on one interface that takes and gives frames by the batch.

use nix::libc;
use std::{io, mem, ptr};

/// Frames moved with one system call.
pub const BATCH: usize = 64;
const LONGEST: usize = 1600;

pub struct Wire {
    socket: libc::c_int,
    buffers: Box<[[u8; LONGEST]; BATCH]>,
}

impl Wire {
    pub fn open(interface: &str) -> io::Result<Self> {
        // SAFETY: plain system calls; the address is a whole sockaddr_ll with its own size, the option an int with its own size.
        unsafe {
            let socket =
                libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, i32::from((libc::ETH_P_ALL as u16).to_be()));
            check(socket as isize)?;
            let name = std::ffi::CString::new(interface)?;
            let mut address: libc::sockaddr_ll = mem::zeroed();
            address.sll_family = libc::AF_PACKET as u16;
            address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
            address.sll_ifindex = libc::if_nametoindex(name.as_ptr()) as i32;
            check(libc::bind(socket, (&raw const address).cast(), size_of::<libc::sockaddr_ll>() as u32) as isize)?;
            let receive: libc::c_int = 64 << 20;
            let on: libc::c_int = 1;
            let size = size_of::<libc::c_int>() as u32;
            libc::setsockopt(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, (&raw const receive).cast(), size);
            libc::setsockopt(socket, libc::SOL_PACKET, libc::PACKET_QDISC_BYPASS, (&raw const on).cast(), size);
            libc::setsockopt(socket, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, (&raw const on).cast(), size);
            Ok(Self { socket, buffers: Box::new([[0; LONGEST]; BATCH]) })
        }
    }

    /// Sends all of them, at most a batch.
    pub fn send(&self, frames: &[Vec<u8>]) -> io::Result<usize> {
        let mut vectors: Vec<libc::iovec> =
            frames.iter().map(|frame| libc::iovec { iov_base: frame.as_ptr().cast_mut().cast(), iov_len: frame.len() }).collect();
        let mut headers: Vec<libc::mmsghdr> = vectors.iter_mut().map(header).collect();
        // SAFETY: headers and vectors point at live memory of the lengths they name; the kernel only reads it.
        check(unsafe { libc::sendmmsg(self.socket, headers.as_mut_ptr(), headers.len() as u32, 0) } as isize)
            .map(|sent| sent as usize)
    }

    /// Hands what has come in to `take`, without waiting.
    pub fn receive(&mut self, mut take: impl FnMut(&[u8])) -> io::Result<usize> {
        let mut vectors: Vec<libc::iovec> = self
            .buffers
            .iter_mut()
            .map(|buffer| libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: LONGEST })
            .collect();
        let mut headers: Vec<libc::mmsghdr> = vectors.iter_mut().map(header).collect();
        // SAFETY: headers and vectors point at live buffers of the lengths they name.
        let received = unsafe {
            libc::recvmmsg(self.socket, headers.as_mut_ptr(), headers.len() as u32, libc::MSG_DONTWAIT, ptr::null_mut())
        };
        match check(received as isize) {
            Ok(received) => {
                let received = received as usize;
                for (buffer, header) in self.buffers.iter().zip(&headers).take(received) {
                    take(&buffer[..(header.msg_len as usize).min(LONGEST)]);
                }
                Ok(received)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(error),
        }
    }
}

fn header(vector: &mut libc::iovec) -> libc::mmsghdr {
    // SAFETY: `mmsghdr` is plain data for which zeros are valid.
    let mut header: libc::mmsghdr = unsafe { mem::zeroed() };
    header.msg_hdr.msg_iov = vector;
    header.msg_hdr.msg_iovlen = 1;
    header
}

fn check(result: isize) -> io::Result<isize> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
