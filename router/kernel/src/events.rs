use netlink_sys::{
    Socket, SocketAddr,
    protocols::{NETLINK_NETFILTER, NETLINK_ROUTE},
};
use nix::errno::Errno;
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{Interest, unix::AsyncFd},
    runtime::Handle,
    sync::watch,
    task::AbortHandle,
    time::sleep,
};

/// `RTNLGRP_*` (include/uapi/linux/rtnetlink.h): links, IPv4 addresses, IPv4 routes, and `net.ipv4.conf` with `ip_forward`.
const GROUPS: [u32; 4] = [1, 5, 7, 24];

/// `NFNLGRP_NFTABLES` (include/uapi/linux/netfilter/nfnetlink.h): somebody flushed or edited tables.
const TABLES: u32 = 7;

/// How long a listener turns away after it has heard something, so that whoever makes events without end cannot keep it busy.
const REST: Duration = Duration::from_millis(10);
/// A card that comes makes no more events than this.
const FEW: usize = 32;
/// How long after it heard more: an apply makes thousands, and what does not fit into the socket meanwhile costs the kernel nothing.
const LONG_REST: Duration = Duration::from_millis(50);

/// Tells that something changed in a space we look after, or that so much did that the kernel lost count.
pub struct Events {
    changed: watch::Receiver<()>,
}

impl Events {
    /// Returns when a link, address, route, IPv4 setting or nftables table changed since the last call; changes in between count once.
    pub async fn changed(&mut self) {
        if self.changed.changed().await.is_err() {
            // The kernel handle is gone, and with it everything that could change.
            std::future::pending().await
        }
    }

    /// Forgets what changed so far: whoever is about to observe sees all of it.
    pub fn forget(&mut self) {
        self.changed.mark_unchanged();
    }
}

/// Starts listening in namespaces.
#[derive(Clone)]
pub(crate) struct Watcher {
    runtime: Handle,
    changed: Arc<watch::Sender<()>>,
}

/// Listens in one namespace until dropped.
pub(crate) struct Watch([AbortHandle; 2]);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

impl Watcher {
    pub fn new(runtime: Handle) -> Self {
        Self { runtime, changed: Arc::new(watch::Sender::new(())) }
    }

    pub fn events(&self) -> Events {
        Events { changed: self.changed.subscribe() }
    }

    /// Listens in the calling thread's namespace.
    pub fn watch(&self) -> io::Result<Watch> {
        let routes = self.listen(NETLINK_ROUTE, &GROUPS)?;
        let tables = self.listen(NETLINK_NETFILTER, &[TABLES])?;
        Ok(Watch([routes, tables]))
    }

    fn listen(&self, protocol: isize, groups: &[u32]) -> io::Result<AbortHandle> {
        let mut socket = Socket::new(protocol)?;
        socket.bind(&SocketAddr::new(0, 0))?;
        for group in groups {
            socket.add_membership(*group)?;
        }
        socket.set_non_blocking(true)?;
        Ok(self.runtime.spawn(listen(socket, Arc::clone(&self.changed))).abort_handle())
    }
}

/// An overrun may come with nothing to read, and the kernel sends no more until it was taken.
const HEARD: Interest = Interest::READABLE.add(Interest::ERROR);

/// What exactly changed does not matter, so nothing is decoded: whoever listens observes anew.
async fn listen(socket: Socket, changed: Arc<watch::Sender<()>>) {
    // SAFETY: the `AsyncFd` owns the socket, which keeps its descriptor open until it is dropped.
    let socket = match unsafe { AsyncFd::register_with_interest(socket, HEARD) } {
        Ok(socket) => socket,
        Err(error) => return log::error!("changes of the kernel will not be noticed: {error}"),
    };
    while let Ok(mut ready) = socket.ready(HEARD).await {
        let heard = match drain(socket.get_ref()) {
            Ok(heard) => heard,
            Err(error) => return log::error!("changes of the kernel will not be noticed any more: {error}"),
        };
        ready.clear_ready();
        changed.send_replace(());
        sleep(if heard > FEW { LONG_REST } else { REST }).await;
    }
}

/// How many events were there.
fn drain(socket: &Socket) -> io::Result<usize> {
    let mut heard = 0;
    // Longer events are cut off unread.
    let mut start = Vec::with_capacity(64);
    loop {
        start.clear();
        match socket.recv(&mut start, 0) {
            Ok(_) => heard += 1,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(heard),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Overrun: events were lost, which is a change too.
            Err(error) if error.raw_os_error() == Some(Errno::ENOBUFS as i32) => {
                log::debug!("the kernel had more to tell than there was room for; everything is looked at anew");
            }
            Err(error) => return Err(error),
        }
    }
}
