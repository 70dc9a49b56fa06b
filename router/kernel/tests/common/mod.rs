//! What the tests make in a box and see there.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use edge_kernel::Kernel;
use edge_plan::{Link, LinkConf, LinkKind, Op, Owner, RpFilter, Space, State, link::Veth};

pub const CONF: Option<LinkConf> = Some(LinkConf { rp_filter: RpFilter::Strict, forwarding: false });

pub fn link(kind: LinkKind) -> Link {
    Link { kind, owner: Owner::Plan, master: None, up: true, mac: None, conf: CONF }
}

pub fn veth(peer_space: Space, peer: &str) -> LinkKind {
    LinkKind::Veth(Veth { peer_space, peer: peer.parse().unwrap() })
}

pub fn named(name: &str) -> Space {
    Space::Named(name.parse().unwrap())
}

pub fn create(space: &Space, name: &str, link: &Link) -> Op {
    Op::CreateLink { space: space.clone(), name: name.parse().unwrap(), link: link.clone(), peer: None }
}

pub fn delete(space: &Space, name: &str, kind: LinkKind) -> Op {
    Op::DeleteLink { space: space.clone(), name: name.parse().unwrap(), kind }
}

/// The link as observed, without the MAC the kernel chose.
pub fn seen(state: &State, space: &Space, name: &str) -> Option<Link> {
    let link = state.spaces.get(space)?.links.get(name)?;
    Some(Link { mac: None, ..link.clone() })
}

/// Executes, and observes what came of it.
pub async fn apply(kernel: &Kernel, ops: &[Op]) -> State {
    kernel.execute(ops).await.unwrap_or_else(|error| panic!("{:?}: {error}", error.op));
    kernel.observe().await.unwrap()
}
