use crate::lock::lock;
use nix::{
    errno::Errno,
    libc,
    sys::socket::{
        AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, setsockopt, socket, sockopt,
    },
};
use std::{
    collections::HashMap,
    io,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    sync::{Arc, Mutex},
};

/// The names of a namespace's interfaces, each asked for once and remembered until the kernel says that some interface came, went or
/// was renamed.
pub struct Links {
    /// RTNLGRP_LINK (rtnetlink(7)). What it says is not read, only that it says something.
    notices: OwnedFd,
    names: Mutex<HashMap<u32, Arc<str>>>,
}

impl Links {
    /// To be called in the namespace.
    pub fn open() -> io::Result<Self> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let notices = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute)?;
        // The smallest there is: one notice is as good as a thousand.
        setsockopt(&notices, sockopt::RcvBuf, &0)?;
        bind(notices.as_raw_fd(), &NetlinkAddr::new(0, libc::RTMGRP_LINK as u32))?;
        Ok(Self { notices, names: Mutex::default() })
    }

    /// Forgets what is no longer sure. To be called once for what came in together: a name changes before anything is received under
    /// it, and the kernel has said so by then.
    pub fn refresh(&self) {
        let mut changed = false;
        // ENOBUFS: there were more notices than room for them.
        while matches!(
            recv(self.notices.as_raw_fd(), &mut [0], MsgFlags::MSG_DONTWAIT),
            Ok(_) | Err(Errno::ENOBUFS | Errno::EINTR)
        ) {
            changed = true;
        }
        if changed {
            lock(&self.names).clear();
        }
    }

    /// `socket`: any of the namespace.
    pub fn name(&self, ifindex: u32, socket: RawFd) -> Option<Arc<str>> {
        let mut names = lock(&self.names);
        if let Some(name) = names.get(&ifindex) {
            return Some(name.clone());
        }
        let request = request(ifindex, socket)?;
        let bytes = request.ifr_name.iter().take_while(|byte| **byte != 0);
        let name: Arc<str> = bytes.map(|byte| char::from(*byte as u8)).collect::<String>().into();
        names.insert(ifindex, name.clone());
        Some(name)
    }
}

/// What further questions about an interface start from: its name filled in (SIOCGIFNAME, netdevice(7)).
pub fn request(ifindex: u32, socket: RawFd) -> Option<libc::ifreq> {
    // SAFETY: `ifreq` is plain data for which zeros are valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_ifru.ifru_ifindex = i32::try_from(ifindex).ok()?;
    // SAFETY: the descriptor is open and `request` is an `ifreq` that lives through the call.
    let result = unsafe { libc::ioctl(socket, libc::SIOCGIFNAME as libc::Ioctl, &mut request) };
    Errno::result(result).ok()?;
    Some(request)
}

/// The interface's own hardware address (SIOCGIFHWADDR, netdevice(7)).
pub fn hardware_address(ifindex: u32, socket: RawFd) -> Option<[u8; 6]> {
    let mut request = request(ifindex, socket)?;
    // SAFETY: the descriptor is open and `request` is an `ifreq` that lives through the call.
    let result = unsafe { libc::ioctl(socket, libc::SIOCGIFHWADDR as libc::Ioctl, &mut request) };
    Errno::result(result).ok()?;
    // SAFETY: the call filled this member of the union.
    let data = unsafe { request.ifr_ifru.ifru_hwaddr }.sa_data;
    let [a, b, c, d, e, f, ..] = data.map(|byte| byte as u8);
    Some([a, b, c, d, e, f])
}
