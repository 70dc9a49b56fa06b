//! Plugs a network namespace, a container's say, into one of our bridges.

mod child;
mod find;
mod inside;
mod namespaces;
mod stray;
mod veth;

pub use find::{Found, find};
pub use stray::Marks;

use crate::{
    Error,
    arp::Arp,
    marks, message,
    socket::{NetlinkError, RouteSocket},
    space::group_of,
};
use edge_host::netns::{self, NetnsIdentity};
use edge_net::{AttachKind, IfName, Interface, Mac};
use edge_plan::Space;
use netlink_packet_route::{
    RouteNetlinkMessage,
    link::{InfoKind, LinkAttribute, LinkInfo, LinkMessage},
};
use rtnetlink::{LinkMessageBuilder, LinkUnspec};
use std::{
    fs::File,
    io,
    net::Ipv4Addr,
    os::fd::AsFd,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::task;

/// One end to be plugged in.
#[derive(Clone, Debug)]
pub struct Plug {
    /// `/proc/PID/ns/net`, `/run/netns/NAME`, `/run/docker/netns/ID`.
    pub netns: PathBuf,
    /// The interface's name inside.
    pub ifname: IfName,
    /// How it is plugged in.
    pub kind: AttachKind,
    /// The network's.
    pub bridge: IfName,
    /// The host's end of the veth pair ([`edge_net::derived::endpoint_port`]); not used by macvlan and ipvlan.
    pub port: IfName,
    /// Its own in the network, with the prefix length.
    pub address: Interface,
    /// For the default route, unless the namespace has one already by another interface.
    pub gateway: Ipv4Addr,
    /// `None`: the kernel's choice. An ipvlan has its parent's and cannot have another.
    pub mac: Option<Mac>,
    /// Written on the link, for people who read `ip link`; at most 255 bytes.
    pub alias: String,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plugged {
    /// The MAC address that the interface has now.
    pub mac: Mac,
}

/// Plugs in, or mends what is plugged in already; when it fails nothing new is left behind.
/// Announces the address (RFC 5227 section 3), so that neighbours forget who had it before.
pub async fn plug(plug: Plug) -> Result<Plugged, Error> {
    blocking(move || {
        let mut sides = Sides::open(&plug.netns)?;
        let bridge = sides.bridge(&plug.bridge)?;
        match plug.kind {
            AttachKind::Bridge => veth::plug(&mut sides, bridge, &plug),
            AttachKind::Macvlan | AttachKind::IpvlanL2 => child::plug(&mut sides, bridge, &plug),
        }
    })
    .await
}

/// What to pull out again.
#[derive(Clone, Debug)]
pub struct Unplug {
    /// Where a macvlan or ipvlan child is; `None`: where [`prepare`] made it. A namespace that is gone took it along.
    pub netns: Option<PathBuf>,
    /// The interface's name inside.
    pub ifname: IfName,
    /// How it was plugged in.
    pub kind: AttachKind,
    /// As in [`Plug::port`].
    pub port: IfName,
    /// By what else a macvlan or ipvlan child is found; `None`: where it was made nobody else had it in hand.
    pub marks: Option<Marks>,
}

/// Removes what [`plug`] or [`prepare`] made, a child also where its owner renamed or moved it. Succeeds when it is gone already.
pub async fn unplug(unplug: Unplug) -> Result<(), Error> {
    blocking(move || match (unplug.kind, &unplug.netns) {
        (AttachKind::Bridge, _) => Side::host()?.remove(&unplug.port),
        (_, None) => Side::host()?.remove(&unplug.ifname),
        (_, Some(netns)) => unplug_child(netns, &unplug),
    })
    .await
}

fn unplug_child(netns: &Path, unplug: &Unplug) -> Result<(), Error> {
    if let Some(mut side) = File::open(netns).ok().and_then(|netns| Side::of(&netns).ok()) {
        if stray::remove(&mut side, unplug)? {
            return Ok(());
        }
        side.remove(&unplug.ifname)?;
    }
    stray::remove_anywhere(unplug)
}

/// The bridge that a macvlan or ipvlan child of a namespace was made on; none when there is none, or no such namespace.
pub async fn parent(netns: PathBuf, ifname: IfName) -> Result<Option<IfName>, Error> {
    blocking(move || match Sides::open(&netns) {
        Ok(mut sides) => child::parent(&mut sides, &ifname),
        Err(_) => Ok(None),
    })
    .await
}

/// For a runtime that takes the device into the container by itself and sets address and name there (Docker):
/// makes the device in the host space, down and without address, under the name `ifname`.
#[derive(Clone, Debug)]
pub struct Prepare {
    /// What it is called, also in the container until the runtime renames it.
    pub ifname: IfName,
    /// How it is plugged in.
    pub kind: AttachKind,
    /// The network's.
    pub bridge: IfName,
    /// As in [`Plug::port`].
    pub port: IfName,
    /// As in [`Plug::mac`].
    pub mac: Option<Mac>,
    /// As in [`Plug::alias`].
    pub alias: String,
}

/// Makes the device anew, also when one from an earlier attempt is there.
pub async fn prepare(prepare: Prepare) -> Result<Plugged, Error> {
    blocking(move || {
        let mut host = Side::host()?;
        let bridge = host.bridge(&prepare.bridge)?;
        match prepare.kind {
            AttachKind::Bridge => veth::prepare(&mut host, bridge, &prepare),
            AttachKind::Macvlan | AttachKind::IpvlanL2 => child::prepare(&mut host, bridge, &prepare),
        }
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let done = task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::netlink("finish the work", Space::Host, io::Error::other(error))))
}

/// A socket in one namespace.
struct Side {
    route: RouteSocket,
    /// In errors: `the host`, or the path.
    place: String,
}

/// The host and the container.
struct Sides {
    host: Side,
    inside: Side,
    netns: File,
    own: File,
}

impl Sides {
    fn open(path: &Path) -> Result<Self, Error> {
        let bad = |why: String| Error::Namespace { path: path.to_owned(), why };
        let netns = File::open(path).map_err(|error| bad(format!("cannot be opened ({error}); is the container running?")))?;
        let own = netns::own().map_err(|error| Error::netlink("open /proc/thread-self/ns/net", Space::Host, error))?;
        let mut inside = Side::of(&netns).map_err(|error| bad(error.to_string()))?;
        inside.place = path.display().to_string();
        if matches!((NetnsIdentity::of(&netns), NetnsIdentity::of(&own)), (Ok(a), Ok(b)) if a == b) {
            return Err(bad("is the host's own network namespace; start the container with one of its own".to_owned()));
        }
        Ok(Self { host: Side::host()?, inside, netns, own })
    }

    fn bridge(&mut self, name: &IfName) -> Result<u32, Error> {
        self.host.bridge(name)
    }
}

impl Side {
    fn host() -> Result<Self, Error> {
        let route =
            RouteSocket::open(&Arc::default()).map_err(|error| Error::netlink("open a netlink socket", Space::Host, error))?;
        Ok(Self { route, place: "the host".to_owned() })
    }

    fn of(netns: &File) -> io::Result<Self> {
        let route = netns::inside(netns.as_fd(), || RouteSocket::open(&Arc::default()))?;
        Ok(Self { route, place: "the namespace".to_owned() })
    }

    fn link(&mut self, name: &IfName) -> Result<Option<LinkMessage>, Error> {
        let found = self.route.link(message::get_link(name));
        found.map_err(|error| self.error(&format!("look for link {name}"), error))
    }

    fn name_at(&mut self, index: u32) -> Result<Option<IfName>, Error> {
        let found = self.route.link(message::get_link_at(index)).map_err(|error| self.error("look for a link", error))?;
        let name = |attribute: LinkAttribute| if let LinkAttribute::IfName(name) = attribute { name.parse().ok() } else { None };
        Ok(found.and_then(|link| link.attributes.into_iter().find_map(name)))
    }

    /// The index of the bridge to plug into.
    fn bridge(&mut self, name: &IfName) -> Result<u32, Error> {
        match self.link(name)? {
            Some(link) if kind_of(&link) == Some(&InfoKind::Bridge) => Ok(link.header.index),
            Some(_) => Err(refused(format!("link {name} is not a bridge; choose another bridge name for the network"))),
            None => Err(refused(format!("bridge {name} is not there; apply the configuration first (routerctl apply)"))),
        }
    }

    fn create(&mut self, what: &str, request: LinkMessage) -> Result<(), Error> {
        use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
        let made = self.route.write(RouteNetlinkMessage::NewLink(request), NLM_F_CREATE | NLM_F_EXCL);
        made.map_err(|error| self.error(&format!("create {what}"), error))
    }

    fn set(&mut self, name: &IfName, request: LinkMessageBuilder<LinkUnspec>) -> Result<(), Error> {
        let set = self.route.write(RouteNetlinkMessage::SetLink(request.build()), 0);
        set.map_err(|error| self.error(&format!("set link {name}"), error))
    }

    /// Deletes a link if it is there; only an attached one.
    fn remove(&mut self, name: &IfName) -> Result<(), Error> {
        let Some(link) = self.link(name)? else { return Ok(()) };
        if group_of(&link) != marks::ATTACH_GROUP {
            return Err(refused(format!(
                "link {name} in {} is not one that was attached, and stays; rename or remove it",
                self.place
            )));
        }
        self.delete(link.header.index, name)
    }

    fn delete(&mut self, index: u32, name: &IfName) -> Result<(), Error> {
        let request = RouteNetlinkMessage::DelLink(LinkUnspec::new_with_index(index).build());
        match self.route.write(request, 0) {
            Err(error) if error.errno() != Some(nix::errno::Errno::ENODEV) => {
                Err(self.error(&format!("delete link {name}"), error))
            }
            _ => Ok(()),
        }
    }

    fn error(&self, what: &str, error: NetlinkError) -> Error {
        Error::netlink(&format!("{what} in {}", self.place), Space::Host, error)
    }
}

/// Tells the neighbours. They would find out by themselves, only later, so a failure is no reason to fail.
fn announce(sides: &Sides, plug: &Plug) {
    let announced = netns::inside(sides.netns.as_fd(), || Arp::open()?.announce(plug.ifname.as_str(), plug.address.address()));
    if let Err(error) = announced {
        log::warn!("{} could not be announced on {}: {error}", plug.address, plug.ifname);
    }
}

fn refused(why: String) -> Error {
    Error::Refused { why }
}

fn taken(name: &IfName, place: &str) -> Error {
    refused(format!("{place} already has an interface {name} of another make; choose another interface name, or remove it"))
}

fn kind_of(link: &LinkMessage) -> Option<&InfoKind> {
    let infos = link
        .attributes
        .iter()
        .find_map(|attribute| if let LinkAttribute::LinkInfo(infos) = attribute { Some(infos) } else { None })?;
    infos.iter().find_map(|info| if let LinkInfo::Kind(kind) = info { Some(kind) } else { None })
}

/// `IFLA_LINK` with the number of the namespace it lives in, as the namespace of `link` numbers them.
fn other_end(link: &LinkMessage) -> (Option<u32>, Option<i32>) {
    let mut end = (None, None);
    for attribute in &link.attributes {
        match attribute {
            LinkAttribute::Link(index) => end.0 = Some(*index),
            LinkAttribute::LinkNetNsId(id) => end.1 = Some(*id),
            _ => {}
        }
    }
    end
}

fn mac_of(link: &LinkMessage) -> Option<Mac> {
    link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::Address(bytes) => Mac::new(<[u8; 6]>::try_from(bytes.as_slice()).ok()?).ok(),
        _ => None,
    })
}

fn alias_of(link: &LinkMessage) -> Option<&String> {
    link.attributes.iter().find_map(|attribute| if let LinkAttribute::IfAlias(alias) = attribute { Some(alias) } else { None })
}
