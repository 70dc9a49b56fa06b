use super::{listen::GROUP, refused::refused};
use crate::{FROM, KEY};
use axum::{Extension, extract::Request, http::HeaderMap, middleware::Next, response::Response};
use edge_api::{By, Failure, FailureKind};
use nix::unistd::{Gid, Group, Uid, User};
use tokio::net::UnixStream;

/// Who connected, as the kernel tells it (`SO_PEERCRED`, unix(7)); `None` when it does not.
#[derive(Clone, Copy)]
pub(super) struct Peer(Option<(Uid, Gid)>);

impl Peer {
    pub fn of(stream: &UnixStream) -> Self {
        Self(stream.peer_cred().ok().map(|peer| (Uid::from_raw(peer.uid()), Gid::from_raw(peer.gid()))))
    }

    /// The user is who the kernel says; the rest is what he says of himself.
    pub fn by(self, headers: &HeaderMap) -> By {
        let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let uid = self.0.map(|(uid, _)| uid);
        By { uid: uid.map(Uid::as_raw), user: uid.and_then(name_of), ..By::default() }.says(said(KEY), said(FROM))
    }

    /// The file's mode says the same; this holds too when somebody widened that mode.
    fn may_ask(self) -> bool {
        let Some((uid, gid)) = self.0 else { return false };
        uid.is_root() || uid == Uid::effective() || is_member(uid, gid)
    }
}

fn name_of(uid: Uid) -> Option<String> {
    User::from_uid(uid).ok().flatten().map(|user| user.name)
}

fn is_member(uid: Uid, gid: Gid) -> bool {
    let Ok(Some(group)) = Group::from_name(GROUP) else { return false };
    group.gid == gid || name_of(uid).is_some_and(|name| group.mem.contains(&name))
}

pub(super) async fn check(Extension(peer): Extension<Peer>, request: Request, next: Next) -> Response {
    if peer.may_ask() {
        return next.run(request).await;
    }
    let failure = Failure::new(FailureKind::Forbidden, "only root and members of the group edge-router may ask the daemon")
        .detail("run as root, or join the group: usermod -aG edge-router USER, then log in again");
    refused(failure)
}
