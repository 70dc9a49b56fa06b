use super::{NEW, gone};
use crate::{
    Error, marks,
    message::{self, Settings},
    namespace,
    space::{OpenSpace, Spaces, group_of},
    sysctl,
};
use edge_config::IfName;
use edge_plan::{Link, LinkKind, Owner, Space};
use netlink_packet_route::{
    RouteNetlinkMessage,
    link::{LinkAttribute, LinkMessage},
};
use nix::errno::Errno;
use std::os::fd::{AsFd, AsRawFd};

/// Makes a link with all that the kernel takes in the creating message, sets the rest, and only then lets it up:
/// a link that is up before `addr_gen_mode none` has an IPv6 address at once.
pub(super) fn create(spaces: &mut Spaces, at: &Space, name: &IfName, link: &Link, peer: Option<&Link>) -> Result<(), Error> {
    let (via, request) = creation(spaces, at, name, link, peer)?;
    let via = spaces.get(&via)?;
    let made = via.route.write(RouteNetlinkMessage::NewLink(request), NEW);
    made.map_err(|error| Error::netlink(&format!("create {} {name}", word(&link.kind)), at.clone(), error))?;
    let settled = settle_all(spaces, at, name, link, peer);
    if settled.is_err() {
        // Half made, it would be in the way of the next attempt.
        let _ = delete(spaces, at, name);
    }
    settled
}

/// The creating message and the space to send it in.
fn creation(
    spaces: &mut Spaces,
    at: &Space,
    name: &IfName,
    link: &Link,
    peer: Option<&Link>,
) -> Result<(Space, LinkMessage), Error> {
    let mut attributes = message::name_group_mac(name, marks::group(link.owner), link.mac);
    let mut via = at.clone();
    let mut other_end = None;
    match &link.kind {
        LinkKind::Device => {
            let why = format!(
                "{name} in space {at} is a device and cannot be made; plug it in, or correct its name in the configuration"
            );
            return Err(Error::Refused { why });
        }
        LinkKind::Bridge => {}
        LinkKind::Vlan { parent, .. } => attributes.push(LinkAttribute::Link(spaces.get(at)?.index(parent)?)),
        LinkKind::Veth { peer_space, peer: peer_name } => {
            let mut end = message::name_group_mac(
                peer_name,
                marks::group(peer.map_or(Owner::Plan, |peer| peer.owner)),
                peer.and_then(|peer| peer.mac),
            );
            end.push(LinkAttribute::NetNsFd(spaces.get(peer_space)?.netns.as_raw_fd()));
            other_end = Some(message::link(0, end));
        }
        LinkKind::IpvlanL2 { parent } | LinkKind::Macvlan { parent } => {
            // Asked for where the parent is, and born where it shall live.
            attributes.push(LinkAttribute::Link(spaces.host.index(parent)?));
            attributes.push(LinkAttribute::NetNsFd(spaces.get(at)?.netns.as_raw_fd()));
            via = Space::Host;
        }
    }
    attributes.extend(message::link_info(&link.kind, other_end));
    Ok((via, message::link(0, attributes)))
}

fn settle_all(spaces: &mut Spaces, at: &Space, name: &IfName, link: &Link, peer: Option<&Link>) -> Result<(), Error> {
    match (&link.kind, peer) {
        // The first end of a pair has no carrier until the second is up too.
        (LinkKind::Veth { peer_space, peer: peer_name }, Some(peer)) => {
            settle(spaces.get(peer_space)?, peer_name, peer, false)?;
            settle(spaces.get(at)?, name, link, true)
        }
        _ => settle(spaces.get(at)?, name, link, true),
    }
}

/// Sets what a link cannot be born with. Where there is a carrier the settings must be in force before the link is up,
/// and in one message the kernel would set it up first.
fn settle(space: &mut OpenSpace, name: &IfName, link: &Link, carrier: bool) -> Result<(), Error> {
    let mut attributes = Vec::new();
    if let Some(master) = &link.master {
        attributes.push(LinkAttribute::Controller(space.index(master)?));
    }
    attributes.extend(link.conf.map(|conf| Settings::ours(conf, space.ipv6).attribute()));
    let named = |mut attributes: Vec<LinkAttribute>| {
        attributes.push(LinkAttribute::IfName(name.to_string()));
        message::link(0, attributes)
    };
    match (attributes.is_empty(), link.up) {
        (true, false) => Ok(()),
        (true, true) => set(space, name, message::with_up(named(Vec::new()), true)),
        (false, false) => set(space, name, named(attributes)),
        (false, true) if !carrier => set(space, name, message::with_up(named(attributes), true)),
        (false, true) => {
            set(space, name, named(attributes))?;
            set(space, name, message::with_up(named(Vec::new()), true))
        }
    }
}

/// Writes only what differs between `from` and `to`.
pub(super) fn change(spaces: &mut Spaces, at: &Space, name: &IfName, from: &Link, to: &Link) -> Result<(), Error> {
    let space = spaces.get(at)?;
    let index = space.index(name)?;
    let mut attributes = Vec::new();
    if from.owner != to.owner {
        attributes.push(LinkAttribute::Group(marks::group(to.owner)));
    }
    if let Some(mac) = to.mac.filter(|_| from.mac != to.mac) {
        attributes.push(LinkAttribute::Address(mac.bytes().to_vec()));
    }
    if from.master != to.master {
        let master = to.master.as_ref().map_or(Ok(0), |master| space.index(master))?;
        attributes.push(LinkAttribute::Controller(master));
    }
    if from.conf != to.conf {
        let settings = match to.conf {
            Some(conf) => Settings::ours(conf, space.ipv6),
            None => {
                let ipv6 = space.ipv6;
                let defaults = namespace::inside(space.netns.as_fd(), || sysctl::defaults(ipv6));
                defaults.map_err(|error| space.error("read the settings new links get", error))?
            }
        };
        attributes.push(settings.attribute());
    }
    let goes_up = to.up && !from.up;
    let goes_down = from.up && !to.up;
    if !attributes.is_empty() || goes_down {
        let request = message::link(index, attributes);
        set(space, name, if goes_down { message::with_up(request, false) } else { request })?;
    }
    if goes_up { set(space, name, message::with_up(message::link(index, Vec::new()), true)) } else { Ok(()) }
}

pub(super) fn delete(spaces: &mut Spaces, at: &Space, name: &IfName) -> Result<(), Error> {
    let space = spaces.get(at)?;
    let Some(link) = space.link(name).map_err(|error| space.error(format!("look for link {name}"), error))? else {
        return Ok(());
    };
    if group_of(&link) != marks::PLAN_GROUP {
        let why = format!("link {name} in space {at} is not ours any more and stays; remove it by hand (ip link delete {name})");
        return Err(Error::Refused { why });
    }
    let request = RouteNetlinkMessage::DelLink(message::link(link.header.index, Vec::new()));
    gone(space.route.write(request, 0)).map_err(|error| space.error(format!("delete link {name}"), error))
}

pub(super) fn move_between(spaces: &mut Spaces, name: &IfName, from: &Space, to: &Space) -> Result<(), Error> {
    let target = spaces.get(to)?.netns.as_raw_fd();
    let space = spaces.get(from)?;
    let request = message::link(space.index(name)?, vec![LinkAttribute::NetNsFd(target)]);
    match space.route.write(RouteNetlinkMessage::SetLink(request), 0) {
        Err(error) if matches!(error.errno(), Some(Errno::EINVAL | Errno::EOPNOTSUPP)) => {
            let why = format!(
                "device {name} cannot move from space {from} to {to}: {error}; Wi-Fi devices and some others cannot, use link = \"ipvlan-l2\" or \"macvlan\" on the uplink"
            );
            Err(Error::Refused { why })
        }
        moved => moved.map_err(|error| space.error(format!("move link {name} to space {to}"), error)),
    }
}

fn set(space: &mut OpenSpace, name: &IfName, request: LinkMessage) -> Result<(), Error> {
    space.route.write(RouteNetlinkMessage::SetLink(request), 0).map_err(|error| space.error(format!("set link {name}"), error))
}

fn word(kind: &LinkKind) -> &'static str {
    match kind {
        LinkKind::Device => "device",
        LinkKind::Bridge => "bridge",
        LinkKind::Vlan { .. } => "VLAN link",
        LinkKind::Veth { .. } => "veth pair",
        LinkKind::IpvlanL2 { .. } => "ipvlan link",
        LinkKind::Macvlan { .. } => "macvlan link",
    }
}
