//! A kernel in memory: carries operations out as the real one does, and refuses what the real one refuses.

use edge_plan::{Link, LinkKind, Op, Owner, Space, SpaceState, State};

pub fn device() -> Link {
    Link { kind: LinkKind::Device, owner: Owner::Foreign, master: None, up: false, mac: None, conf: None }
}

/// A host with these devices, everything at its default.
pub fn machine(devices: &[&str]) -> State {
    let mut host = SpaceState::default();
    host.links.extend(devices.iter().map(|name| (name.parse().unwrap(), device())));
    host.sysctls.insert(edge_plan::Sysctl::IpForward, false);
    host.sysctls.insert(edge_plan::Sysctl::BridgeNetfilter, true);
    host.sysctls.insert(edge_plan::Sysctl::All(edge_plan::Loosening::RpFilter), true);
    host.sysctls.insert(edge_plan::Sysctl::FlowTable, false);
    host.fast_path = Some(Default::default());
    State { spaces: [(Space::Host, host)].into() }
}

pub fn apply(state: &mut State, ops: &[Op]) {
    for op in ops {
        step(state, op);
    }
}

/// Forwards, the policy is there before any link.
pub fn step(state: &mut State, op: &Op) {
    if let Op::CreateLink { space, name, .. } = op {
        assert!(space_of(state, space).table.is_some(), "{name} comes into {space} before the policy");
    }
    match op {
        Op::CreateNamespace(name) => {
            let mut fresh = SpaceState { fast_path: Some(Default::default()), ..SpaceState::default() };
            fresh.sysctls.insert(edge_plan::Sysctl::IpForward, false);
            fresh.sysctls.insert(edge_plan::Sysctl::All(edge_plan::Loosening::SendRedirects), true);
            assert!(state.spaces.insert(Space::Named(name.clone()), fresh).is_none(), "{op:?}: is there already");
        }
        Op::DeleteNamespace(name) => {
            let gone = state.spaces.remove(&Space::Named(name.clone())).unwrap_or_else(|| panic!("{op:?}: is not there"));
            assert!(gone.links.is_empty(), "{op:?}: takes {:?} along", gone.links);
        }
        Op::SetSysctl { space, sysctl, from, to } => {
            assert_eq!(space_of(state, space).sysctls.insert(*sysctl, *to), Some(*from), "{op:?}");
        }
        Op::CreateLink { space, name, link, peer } => {
            put(state, space, name.as_str(), link);
            if let (Some((peer_space, peer_name)), Some(peer)) = (link.kind.peer(), peer) {
                put(state, peer_space, peer_name.as_str(), peer);
            }
        }
        Op::DeleteLink { space, name, kind } => {
            delete(state, space, name.as_str());
            if let Some((peer_space, peer)) = kind.peer() {
                delete(state, peer_space, peer.as_str());
            }
        }
        Op::ChangeLink { space, name, from, to } => {
            if let Some(master) = &to.master {
                assert!(space_of(state, space).links.contains_key(master), "{op:?}: no such master");
            }
            let link = space_of(state, space).links.get_mut(name).unwrap_or_else(|| panic!("{op:?}: no such link"));
            assert_eq!(link, from, "{op:?}");
            *link = to.clone();
        }
        Op::MoveLink { name, from, to } => {
            assert!(!is_fast(space_of(state, from), name.as_str()), "{op:?}: still in the flowtable");
            let mut link = space_of(state, from).links.remove(name).unwrap_or_else(|| panic!("{op:?}: no such link"));
            link = Link { up: false, master: None, conf: None, ..link };
            space_of(state, to).links.insert(*name, link);
        }
        Op::AddAddress { space, address } => {
            assert!(space_of(state, space).links.contains_key(&address.link), "{op:?}: no such link");
            assert!(space_of(state, space).addresses.insert(address.clone()), "{op:?}: is there already");
        }
        Op::DeleteAddress { space, address } => assert!(space_of(state, space).addresses.remove(address), "{op:?}"),
        Op::AddRoute { space, route } => {
            let there = space_of(state, space);
            let on_link = |address: &&edge_plan::Address| {
                address.link == route.link && route.via.is_none_or(|via| address.interface.subnet().contains(&via))
            };
            assert!(there.addresses.iter().any(|address| on_link(&address)), "{op:?}: gateway is not on the link");
            assert!(there.routes.insert(route.clone()), "{op:?}: is there already");
        }
        Op::DeleteRoute { space, route } => assert!(space_of(state, space).routes.remove(route), "{op:?}"),
        Op::SetTable { space, family, from, to } => {
            let there = space_of(state, space).table_of_mut(*family);
            assert_eq!(there, from);
            there.clone_from(to);
        }
        Op::SetFastPath { space, from, to } => {
            let there = space_of(state, space);
            assert_eq!(there.fast_path.as_ref(), Some(from), "{op:?}");
            assert!(to.iter().all(|link| there.links.contains_key(link)), "{op:?}: binds what is not there");
            there.fast_path = Some(to.clone());
        }
    }
}

fn space_of<'a>(state: &'a mut State, space: &Space) -> &'a mut SpaceState {
    state.spaces.get_mut(space).unwrap_or_else(|| panic!("no space {space}"))
}

fn put(state: &mut State, space: &Space, name: &str, link: &Link) {
    if let Some(parent) = link.kind.parent() {
        let parent = space_of(state, &Space::Host).links.get(parent).unwrap_or_else(|| panic!("{name}: no parent"));
        assert!(parent.up || !link.up, "{name}: a child cannot be up before its parent");
    }
    let there = space_of(state, space);
    if let Some(master) = &link.master {
        assert!(there.links.contains_key(master), "{name}: no such master {master}");
    }
    assert!(there.links.insert(name.parse().unwrap(), link.clone()).is_none(), "{name}: is there already");
}

fn is_fast(space: &SpaceState, name: &str) -> bool {
    space.fast_path.iter().flatten().any(|link| link.as_str() == name)
}

fn delete(state: &mut State, space: &Space, name: &str) {
    let there = space_of(state, space);
    assert!(there.links.remove(name).is_some(), "{name}: no such link");
    assert!(!is_fast(there, name), "{name}: still in the flowtable");
    assert!(!there.addresses.iter().any(|address| address.link.as_str() == name), "{name}: still has an address");
    let children = there.links.values().any(|link| link.master.as_ref().is_some_and(|master| master.as_str() == name));
    assert!(!children, "{name}: still has ports");
}
