use super::watched;
use edge_host::{
    links,
    netns::{self, NetnsIdentity},
};
use edge_net::{IfName, Mac};
use nix::{
    errno::Errno,
    libc,
    sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket},
};
use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, PathBuf},
};
use tokio::io::{Interest, unix::AsyncFd};

/// An interface by name, and news of it.
pub struct Link {
    name: IfName,
    netns: Option<PathBuf>,
    /// Which namespace that was.
    netns_id: Option<NetnsIdentity>,
    /// Asked about the link (netdevice(7)).
    control: OwnedFd,
    events: AsyncFd<OwnedFd>,
}

/// `RTMGRP_LINK` (rtnetlink(7))
const LINKS: u32 = 1;
/// An overrun may come with nothing to read.
const HEARD: Interest = Interest::READABLE.add(Interest::ERROR);

/// What it is right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkState {
    pub index: i32,
    /// Up, and something is plugged in at the other end.
    pub running: bool,
    /// False: neighbours are not asked for by ARP.
    pub arp: bool,
    /// None where it is no Ethernet address.
    pub mac: Option<Mac>,
}

impl Link {
    /// Must be called inside a tokio runtime.
    pub fn open(name: &IfName, netns: Option<PathBuf>) -> io::Result<Self> {
        let netns_id = netns_identity(netns.as_deref())?;
        let (control, events) = netns::run_in(netns.as_deref(), || {
            let control = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            let events = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute)?;
            bind(events.as_raw_fd(), &NetlinkAddr::new(0, LINKS))?;
            Ok((control, events))
        })?;
        let events = watched(events, HEARD)?;
        Ok(Self { name: *name, netns, netns_id, control, events })
    }

    /// Opens a socket where the link is.
    pub fn open_there<T: Send>(&self, f: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        netns::run_in(self.netns.as_deref(), f)
    }

    pub fn name(&self) -> &IfName {
        &self.name
    }

    /// Fails also where the namespace is no longer the one of that name: sockets that stay would keep it alive, and what is in it.
    pub fn look(&self) -> io::Result<LinkState> {
        if netns_identity(self.netns.as_deref())? != self.netns_id {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the namespace was made anew"));
        }
        if !links::is_there(&self.control, &self.name)? {
            return Err(Errno::ENODEV.into());
        }
        let index = self.ask(libc::SIOCGIFINDEX)?;
        let flags = self.ask(libc::SIOCGIFFLAGS)?;
        let address = self.ask(libc::SIOCGIFHWADDR)?;
        // SAFETY: each call has filled in the member of the union that is its answer.
        let (index, flags, address) = unsafe { (index.ifr_ifru.ifru_ifindex, index_flags(&flags), address.ifr_ifru.ifru_hwaddr) };
        let running = libc::IFF_UP | libc::IFF_RUNNING;
        let bytes: [u8; 6] = std::array::from_fn(|at| address.sa_data[at] as u8);
        let mac = (address.sa_family == libc::ARPHRD_ETHER).then(|| Mac::new(bytes).ok()).flatten();
        Ok(LinkState { index, running: flags & running == running, arp: flags & libc::IFF_NOARP == 0, mac })
    }

    fn ask(&self, what: libc::c_ulong) -> io::Result<libc::ifreq> {
        // SAFETY: `ifreq` is plain data for which zeros are valid.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        // The name is shorter than the field, so a zero ends it.
        for (to, from) in request.ifr_name.iter_mut().zip(self.name.as_str().bytes()) {
            *to = from as libc::c_char;
        }
        // SAFETY: the descriptor is open and `request` is an `ifreq` that lives through the call.
        let result = unsafe { libc::ioctl(self.control.as_raw_fd(), what as libc::Ioctl, &mut request) };
        Errno::result(result)?;
        Ok(request)
    }

    /// Returns when a link of the namespace changed. What is missed because too much happened counts as a change.
    pub async fn changed(&self) {
        let Ok(mut ready) = self.events.ready(HEARD).await else { return std::future::pending().await };
        let mut start = [0; 16];
        loop {
            match recv(self.events.as_raw_fd(), &mut start, MsgFlags::MSG_DONTWAIT) {
                Err(Errno::EWOULDBLOCK) => break,
                Ok(_) | Err(Errno::EINTR | Errno::ENOBUFS) => {}
                Err(_) => break,
            }
        }
        ready.clear_ready();
    }
}

fn netns_identity(netns: Option<&Path>) -> io::Result<Option<NetnsIdentity>> {
    netns.map(NetnsIdentity::at).transpose()
}

/// # Safety
/// The request must have been answered to `SIOCGIFFLAGS`.
unsafe fn index_flags(answered: &libc::ifreq) -> i32 {
    // SAFETY: the caller's promise.
    i32::from(unsafe { answered.ifr_ifru.ifru_flags })
}
