//! The namespaces we look after, each with its sockets.

use crate::{
    Error, events, marks, message, namespace,
    nft::{self, FastPath, Nft},
    observe::Mirror,
    socket::{NetlinkError, RouteSocket},
    written::Written,
};
use edge_host::netns::{self, NetnsIdentity};
use edge_net::{IfName, Name};
use edge_plan::{
    Dropper, Owner, Space, TABLE,
    nft::{Family, Table},
};
use netlink_packet_route::{
    RouteNetlinkMessage,
    link::{LinkAttribute, LinkMessage},
    nsid::{NsidAttribute, NsidMessage},
};
use nix::errno::Errno;
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    fs::File,
    io,
    os::fd::{AsFd, AsRawFd},
    path::Path,
    sync::Arc,
};

/// `LOOPBACK_IFINDEX` (include/net/net_namespace.h): the same in every namespace.
pub(crate) const LOOPBACK: u32 = 1;
/// Devices that go in between make one more.
const FAST_ATTEMPTS: usize = 5;

/// Whether this kernel has flowtables.
enum FastPathSupport {
    Unknown,
    Can(FastPath),
    /// Or refused what it should have taken: without it everything works, only slower.
    Cannot,
}

pub(crate) struct OpenSpace {
    pub space: Space,
    pub netns: File,
    pub route: RouteSocket,
    /// Whether the kernel has IPv6 (it may be booted with `ipv6.disable=1`).
    pub ipv6: bool,
    /// Opened when first needed.
    nft: BTreeMap<Family, Nft>,
    fast_path: FastPathSupport,
    pub mirror: Mirror,
    _watch: events::Watch,
}

impl OpenSpace {
    /// Opens the namespace the calling thread is in.
    fn here(space: Space, netns: File, route: RouteSocket, watcher: &events::Watcher) -> io::Result<Self> {
        let ipv6 = Path::new("/proc/sys/net/ipv6").exists();
        let (mirror, watch) = (Mirror::open()?, watcher.watch()?);
        Ok(Self { space, netns, route, ipv6, nft: BTreeMap::new(), fast_path: FastPathSupport::Unknown, mirror, _watch: watch })
    }

    pub fn link(&mut self, name: &IfName) -> Result<Option<LinkMessage>, NetlinkError> {
        self.route.link(message::get_link(name))
    }

    pub fn index_if_any(&mut self, name: &IfName) -> Result<Option<u32>, Error> {
        self.route.index(name).map_err(|error| self.error(format!("look for link {name}"), error))
    }

    pub fn index(&mut self, name: &IfName) -> Result<u32, Error> {
        let absent = || NetlinkError::Refused { errno: Errno::ENODEV, text: None };
        self.index_if_any(name)?.ok_or_else(|| self.error(format!("find link {name}"), absent()))
    }

    pub fn table(&mut self, family: Family) -> Result<Option<Arc<Table>>, Error> {
        self.nft(family, "list the nftables table", |nft| nft.table(TABLE))
    }

    /// Chains of others that drop what we forward.
    pub fn droppers(&mut self) -> Result<Vec<Dropper>, Error> {
        self.nft(Family::Inet, "list the chains", Nft::droppers)
    }

    pub fn update_table(&mut self, family: Family, name: &str, table: Option<&Arc<Table>>) -> Result<nft::Sent, Error> {
        self.nft(family, "change the nftables table", |nft| nft.update(name, table))
    }

    fn nft<T>(
        &mut self,
        family: Family,
        what: &str,
        work: impl FnOnce(&mut Nft) -> Result<T, nft::NftError>,
    ) -> Result<T, Error> {
        let nft = match self.nft.entry(family) {
            Entry::Occupied(nft) => Ok(nft.into_mut()),
            Entry::Vacant(none) => {
                let opened = netns::inside(self.netns.as_fd(), || Ok::<_, io::Error>(Nft::open_in(family)));
                let opened = opened.map_err(|error| Error::netlink("enter the namespace", self.space.clone(), error))?;
                opened.map(|nft| none.insert(nft))
            }
        };
        nft.and_then(work).map_err(|source| Error::Table { what: what.to_owned(), space: self.space.clone(), source })
    }

    /// The links of the flowtable; `None` where the kernel has none.
    pub fn fast_path(&mut self) -> Result<Option<BTreeSet<IfName>>, Error> {
        if let FastPathSupport::Unknown = self.fast_path {
            let opened = netns::inside(self.netns.as_fd(), || Ok::<_, io::Error>(FastPath::open()));
            let opened = opened.map_err(|error| Error::netlink("enter the namespace", self.space.clone(), error))?;
            self.fast_path = match opened.map_err(|error| self.fast_path_error("ask for flowtables", error))? {
                Some(fast_path) => FastPathSupport::Can(fast_path),
                None => {
                    log::info!("this kernel has no flowtables (nf_flow_table): every packet goes through the rules");
                    FastPathSupport::Cannot
                }
            };
        }
        let FastPathSupport::Can(fast_path) = &mut self.fast_path else { return Ok(None) };
        let links = fast_path.links();
        links.map(Some).map_err(|error| self.fast_path_error("list the flowtable", error))
    }

    /// A device may go while it is bound, which is no reason to fail; nor is a kernel that will not have it.
    pub fn set_fast_path(&mut self, links: &BTreeSet<IfName>) -> Result<nft::Sent, Error> {
        for attempt in 1..=FAST_ATTEMPTS {
            let mut there = links.clone();
            let route = &mut self.route;
            there.retain(|link| matches!(route.index(link), Ok(Some(_))));
            let FastPathSupport::Can(fast_path) = &mut self.fast_path else { break };
            match fast_path.bind(&there) {
                Ok(sent) => return Ok(sent),
                Err(error) if attempt == FAST_ATTEMPTS => {
                    log::warn!("no flowtable in space {}, every packet goes through the rules: {error}", self.space);
                    let _ = fast_path.bind(&BTreeSet::new());
                    self.fast_path = FastPathSupport::Cannot;
                }
                Err(_) => {}
            }
        }
        Ok(nft::Sent::default())
    }

    fn fast_path_error(&self, what: &str, source: nft::NftError) -> Error {
        Error::Table { what: what.to_owned(), space: self.space.clone(), source }
    }

    pub fn error(&self, what: impl Into<String>, source: impl Into<NetlinkError>) -> Error {
        Error::Netlink { what: what.into(), space: self.space.clone(), source: source.into() }
    }
}

/// Whether the file is a network namespace that an apply made.
pub fn is_our_namespace(netns: &Path) -> bool {
    let marked = || RouteSocket::open(&Arc::default())?.is_in_ours().map_err(io::Error::other);
    netns::run_in(Some(netns), marked).unwrap_or(false)
}

impl RouteSocket {
    /// Whether this socket's namespace carries our mark.
    fn is_in_ours(&mut self) -> Result<bool, NetlinkError> {
        let loopback = self.link(message::get_link_at(LOOPBACK))?;
        Ok(loopback.is_some_and(|link| group_of(&link) == marks::PLAN_GROUP || older_owner(&link) == Some(Owner::Plan)))
    }

    pub fn link(&mut self, request: RouteNetlinkMessage) -> Result<Option<LinkMessage>, NetlinkError> {
        match self.get(request) {
            Ok(RouteNetlinkMessage::NewLink(link)) => Ok(Some(link)),
            Ok(other) => Err(NetlinkError::Decode(format!("asked for a link, got {other:?}"))),
            Err(error) if error.errno() == Some(Errno::ENODEV) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The number by which this socket's namespace knows `other`; the kernel gives one when a link first leads there.
    pub fn nsid_of(&mut self, other: &File) -> Result<Option<i32>, NetlinkError> {
        let mut request = NsidMessage::default();
        request.attributes = vec![NsidAttribute::Fd(other.as_raw_fd() as u32)];
        let RouteNetlinkMessage::NewNsId(answer) = self.get(RouteNetlinkMessage::GetNsId(request))? else { return Ok(None) };
        Ok(answer.attributes.iter().find_map(|attribute| match attribute {
            NsidAttribute::Id(id) if *id >= 0 => Some(*id),
            _ => None,
        }))
    }
}

/// Whose it is by the mark of an older generation.
pub(crate) fn older_owner(link: &LinkMessage) -> Option<Owner> {
    let alias = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfAlias(alias) => Some(alias.as_str()),
        _ => None,
    })?;
    marks::OLDER.iter().find_map(|generation| generation.owner(alias))
}

pub(crate) fn group_of(link: &LinkMessage) -> u32 {
    let group = |attribute: &LinkAttribute| if let LinkAttribute::Group(group) = attribute { Some(*group) } else { None };
    link.attributes.iter().find_map(group).unwrap_or(0)
}

pub(crate) struct Spaces {
    pub host: OpenSpace,
    pub named: BTreeMap<Name, OpenSpace>,
    /// Names that may be ours. The mark alone says too little: root inside a container's namespace can set it too.
    pub trusted: BTreeSet<Name>,
    pub written: Arc<Written>,
    watcher: events::Watcher,
}

impl Spaces {
    /// The calling thread's namespace is the host space.
    pub fn open(written: Arc<Written>, watcher: events::Watcher) -> Result<Self, Error> {
        let open = || OpenSpace::here(Space::Host, netns::own()?, RouteSocket::open(&written)?, &watcher);
        let host = open().map_err(|error| Error::netlink("open a netlink socket", Space::Host, error))?;
        Ok(Self { host, named: BTreeMap::new(), trusted: BTreeSet::new(), written, watcher })
    }

    pub fn get(&mut self, space: &Space) -> Result<&mut OpenSpace, Error> {
        match space {
            Space::Host => Ok(&mut self.host),
            Space::Named(name) => self.named.get_mut(name).ok_or_else(|| Error::no_namespace(name)),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &OpenSpace> {
        [&self.host].into_iter().chain(self.named.values())
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut OpenSpace> {
        [&mut self.host].into_iter().chain(self.named.values_mut())
    }

    /// Lets go of namespaces whose name has gone or means another one now, and opens those that are new, trusted and marked.
    /// Nobody else's is kept open: that would keep a dead container's namespace alive.
    pub fn refresh(&mut self) -> Result<(), Error> {
        let found = namespace::list().map_err(|error| Error::netlink("list /run/netns", Space::Host, error))?;
        let is_same = |a: &File, b: &File| matches!((NetnsIdentity::of(a), NetnsIdentity::of(b)), (Ok(a), Ok(b)) if a == b);
        self.named.retain(|name, space| found.iter().any(|(found, file)| found == name && is_same(file, &space.netns)));
        let unknown: Vec<_> =
            found.into_iter().filter(|(name, _)| self.trusted.contains(name) && !self.named.contains_key(name)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let opened = netns::throw_away(|| {
            let opened = unknown.into_iter().map(|(name, netns)| self.open_marked(name, netns));
            opened.collect::<Result<Vec<_>, NetlinkError>>()
        });
        let opened = opened.map_err(|error| Error::netlink("open the named namespaces", Space::Host, error))?;
        self.named.extend(opened.into_iter().flatten());
        Ok(())
    }

    /// On a throw-away thread. `None`: not a namespace, or not ours.
    fn open_marked(&self, name: Name, netns: File) -> Result<Option<(Name, OpenSpace)>, NetlinkError> {
        if netns::enter(netns.as_fd()).is_err() {
            return Ok(None);
        }
        let mut route = RouteSocket::open(&self.written)?;
        if !route.is_in_ours()? {
            return Ok(None);
        }
        let space = OpenSpace::here(Space::Named(name.clone()), netns, route, &self.watcher)?;
        Ok(Some((name, space)))
    }
}
