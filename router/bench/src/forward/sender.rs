use crate::frame::{Frame, Mac};
use edge_host::netns;
use nix::{
    ifaddrs::getifaddrs,
    libc,
    sys::socket::{AddressFamily, SockFlag, SockType, bind, socket},
};
use std::{
    io,
    mem::{size_of_val, zeroed},
    os::fd::{AsRawFd, OwnedFd},
    path::Path,
};

/// Puts frames on a device, past its queue, and comes back when they have gone as far as they go.
pub struct Sender {
    socket: OwnedFd,
    pub mac: Mac,
}

impl Sender {
    pub fn open(netns: &Path, device: &str) -> io::Result<Self> {
        netns::run_in(Some(netns), || {
            let is_link = |name: &str| name == device;
            let link = getifaddrs()?
                .filter(|found| is_link(&found.interface_name))
                .find_map(|found| found.address?.as_link_addr().copied());
            let link = link.ok_or_else(|| io::Error::other(format!("no device {device}")))?;
            let mac = link.addr().ok_or_else(|| io::Error::other(format!("{device} has no hardware address")))?;
            // Protocol 0: this socket receives nothing.
            let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None)?;
            bind(socket.as_raw_fd(), &link)?;
            let on: libc::c_int = 1;
            // SAFETY: the pointer is good for the call, and the length is that of what it points to.
            let set = unsafe {
                let (value, length) = ((&raw const on).cast(), size_of_val(&on) as libc::socklen_t);
                libc::setsockopt(socket.as_raw_fd(), libc::SOL_PACKET, libc::PACKET_QDISC_BYPASS, value, length)
            };
            if set != 0 { Err(io::Error::last_os_error()) } else { Ok(Self { socket, mac }) }
        })
    }

    pub fn send(&self, frames: &[Frame]) -> io::Result<()> {
        let mut parts: Vec<libc::iovec> =
            frames.iter().map(|frame| libc::iovec { iov_base: frame.as_ptr().cast_mut().cast(), iov_len: frame.len() }).collect();
        let mut messages: Vec<libc::mmsghdr> = parts
            .iter_mut()
            .map(|part| {
                // SAFETY: all zero is a message without address, data and control.
                let mut message: libc::mmsghdr = unsafe { zeroed() };
                (message.msg_hdr.msg_iov, message.msg_hdr.msg_iovlen) = (part, 1);
                message
            })
            .collect();
        let mut rest = messages.as_mut_slice();
        while !rest.is_empty() {
            // SAFETY: `rest` points to `parts`, and those to `frames`; all of them live on.
            let sent = unsafe { libc::sendmmsg(self.socket.as_raw_fd(), rest.as_mut_ptr(), rest.len() as libc::c_uint, 0) };
            let sent = usize::try_from(sent).map_err(|_| io::Error::last_os_error())?;
            rest = &mut rest[sent..];
        }
        Ok(())
    }
}
