//! A box of its own for each test: network and mount namespaces of the test's thread, with an empty `/run/netns`.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use edge_kernel::Kernel;
use edge_plan::{Link, LinkConf, LinkKind, Op, Owner, RpFilter, Space, State, link::Veth};
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
};
use std::{fs, future::Future, process::Command, thread};

/// Runs the test on a thread of its own, where nothing of the machine can be reached.
pub fn in_a_box<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let thread = thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).expect("unshare; run the tests as root");
        mount(None::<&str>, "/", None::<&str>, MsFlags::MS_PRIVATE | MsFlags::MS_REC, None::<&str>).unwrap();
        fs::create_dir_all("/run/netns").unwrap();
        mount(Some("tmpfs"), "/run/netns", Some("tmpfs"), MsFlags::empty(), None::<&str>).unwrap();
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test());
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// `ip` is the stranger who makes foreign objects, and the witness of what the kernel has.
pub fn ip(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split_whitespace()).output().expect("ip (iproute2) is needed by the tests");
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

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
