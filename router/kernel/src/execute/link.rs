use super::{NEW, gone};
use crate::{
    Error,
    link::{self, NewLink},
    marks,
    message::Settings,
    space::{OpenSpace, Spaces, group_of},
    sysctl,
};
use edge_host::netns;
use edge_net::IfName;
use edge_plan::{Link, LinkKind, Space};
use netlink_packet_route::{RouteNetlinkMessage, link::LinkMessage};
use nix::errno::Errno;
use rtnetlink::LinkUnspec;
use std::os::fd::{AsFd, AsRawFd};

/// Makes a link with all that the kernel takes in the creating message, sets the rest, and only then lets it up:
/// a link that is up before `addr_gen_mode none` has an IPv6 address at once.
pub(super) fn create(spaces: &mut Spaces, at: &Space, name: &IfName, link: &Link, peer: Option<&Link>) -> Result<(), Error> {
    let (via, request) = link::create(spaces, &NewLink { at, name, link, peer })?;
    let via = spaces.get(&via)?;
    let made = via.route.write(RouteNetlinkMessage::NewLink(request), NEW);
    made.map_err(|error| Error::netlink(&format!("create {} {name}", link.kind.word()), at.clone(), error))?;
    let settled = link::set(spaces, at, name, None, &link.kind).and_then(|()| settle_all(spaces, at, name, link, peer));
    if settled.is_err() {
        // Half made, it would be in the way of the next attempt.
        let _ = delete(spaces, at, name);
    }
    settled
}

fn settle_all(spaces: &mut Spaces, at: &Space, name: &IfName, link: &Link, peer: Option<&Link>) -> Result<(), Error> {
    match (link.kind.peer(), peer) {
        // The first end of a pair has no carrier until the second is up too.
        (Some((peer_space, peer_name)), Some(peer)) => {
            settle(spaces.get(peer_space)?, peer_name, peer, false)?;
            settle(spaces.get(at)?, name, link, true)
        }
        _ => settle(spaces.get(at)?, name, link, true),
    }
}

/// Sets what a link cannot be born with. Where there is a carrier the settings must be in force before the link is up,
/// and in one message the kernel would set it up first.
fn settle(space: &mut OpenSpace, name: &IfName, link: &Link, carrier: bool) -> Result<(), Error> {
    let named = || LinkUnspec::new_with_name(name.as_str());
    let mut settings = named();
    if let Some(master) = &link.master {
        settings = settings.controller(space.index(master)?);
    }
    if let Some(conf) = link.conf {
        settings = settings.append_extra_attribute(Settings::ours(conf, space.ipv6).attribute());
    }
    match (link.master.is_some() || link.conf.is_some(), link.up) {
        (false, false) => Ok(()),
        (true, false) => set(space, name, settings.build()),
        (true, true) if carrier => {
            set(space, name, settings.build())?;
            set(space, name, named().up().build())
        }
        (_, true) => set(space, name, settings.up().build()),
    }
}

/// Writes only what differs between `from` and `to`.
pub(super) fn change(spaces: &mut Spaces, at: &Space, name: &IfName, from: &Link, to: &Link) -> Result<(), Error> {
    if from.kind != to.kind {
        change_kind(spaces, at, name, &from.kind, &to.kind)?;
    }
    let space = spaces.get(at)?;
    let index = space.index(name)?;
    let mut request = LinkUnspec::new_with_index(index);
    if from.owner != to.owner {
        request = request.link_group(marks::group(to.owner));
    }
    if let Some(mac) = to.mac.filter(|_| from.mac != to.mac) {
        request = request.address(mac.bytes().to_vec());
    }
    if from.master != to.master {
        request = match &to.master {
            Some(master) => request.controller(space.index(master)?),
            None => request.nocontroller(),
        };
    }
    if from.conf != to.conf {
        let settings = match to.conf {
            Some(conf) => Settings::ours(conf, space.ipv6),
            None => {
                let ipv6 = space.ipv6;
                let defaults = netns::inside(space.netns.as_fd(), || sysctl::defaults(ipv6));
                defaults.map_err(|error| space.error("read the settings new links get", error))?
            }
        };
        request = request.append_extra_attribute(settings.attribute());
    }
    if from.up && !to.up {
        return set(space, name, request.down().build());
    }
    let request = request.build();
    if !request.attributes.is_empty() {
        set(space, name, request)?;
    }
    if to.up && !from.up { set(space, name, LinkUnspec::new_with_index(index).up().build()) } else { Ok(()) }
}

/// What of its kind can change, of which rtnetlink may make no event.
fn change_kind(spaces: &mut Spaces, at: &Space, name: &IfName, from: &LinkKind, to: &LinkKind) -> Result<(), Error> {
    let space = spaces.get(at)?;
    let touched = space.index_if_any(name)?;
    space.mirror.touch(touched);
    link::set(spaces, at, name, Some(from), to)
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
    let request = RouteNetlinkMessage::DelLink(LinkUnspec::new_with_index(link.header.index).build());
    gone(space.route.write(request, 0)).map_err(|error| space.error(format!("delete link {name}"), error))
}

pub(super) fn move_between(spaces: &mut Spaces, name: &IfName, from: &Space, to: &Space) -> Result<(), Error> {
    let target = spaces.get(to)?.netns.as_raw_fd();
    let space = spaces.get(from)?;
    let request = LinkUnspec::new_with_index(space.index(name)?).setns_by_fd(target).build();
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

/// Of a link that is down the kernel makes no event when its group or its settings change.
fn set(space: &mut OpenSpace, name: &IfName, request: LinkMessage) -> Result<(), Error> {
    let touched = space.index_if_any(name)?;
    space.mirror.touch(touched);
    space.route.write(RouteNetlinkMessage::SetLink(request), 0).map_err(|error| space.error(format!("set link {name}"), error))
}
