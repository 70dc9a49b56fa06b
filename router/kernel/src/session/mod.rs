//! Who is connected to the box's ssh server: established connections, as the kernel lists them in `/proc/net/tcp` of each space, and by
//! which link answers to them leave, as its routing tells. `/proc` needs no module; `inet_diag` is one, which a small kernel may lack.

mod link;
mod owner;
mod port;
mod tcp;

use crate::{
    Error,
    fdb::Mac,
    socket::RouteSocket,
    space::{OpenSpace, Spaces},
};
use edge_host::netns;
use edge_plan::{guard::Session, policy::inputs::SSH};
pub(crate) use link::name;
use port::{Bridges, Neighbours};
use std::{cell::LazyCell, collections::HashSet, io, os::fd::AsFd};
use tcp::{Entry, State};

/// Of a space. More than any server lets in; of more, those that are listed first count.
const MAX_SESSIONS: usize = 1000;

pub(crate) fn sessions(spaces: &mut Spaces) -> Result<Vec<Session>, Error> {
    spaces.refresh()?;
    let (servers, mut sessions) = (LazyCell::new(owner::sockets_of_ssh), Vec::new());
    for space in spaces.iter_mut() {
        let listed = listed(space)?;
        let found: Vec<&Entry> = of_ssh(&listed, |inode| servers.contains(&inode)).take(MAX_SESSIONS).collect();
        if !found.is_empty() {
            let neighbours = Neighbours::of(&mut space.route);
            sessions.extend(found.into_iter().map(|entry| session(space, &neighbours, entry)));
        }
    }
    Ok(with_ports(&mut spaces.host.route, sessions))
}

/// The bridges are the host's, wherever the router is.
fn with_ports(host: &mut RouteSocket, sessions: Vec<(Session, Option<Mac>)>) -> Vec<Session> {
    let learned = sessions.iter().any(|(_, mac)| mac.is_some()).then(|| Bridges::of(host));
    let mut ports = |mac: Option<Mac>| Some(learned.as_ref()?.ports(host, &mac?));
    sessions.into_iter().map(|(session, mac)| Session { ports: ports(mac).unwrap_or_default(), ..session }).collect()
}

fn listed(space: &OpenSpace) -> Result<Vec<Entry>, Error> {
    let listed = netns::inside(space.netns.as_fd(), || Ok::<_, io::Error>(tcp::list()));
    let failed = |error| Error::netlink("list the connections", space.space.clone(), error);
    listed.and_then(|listed| listed).map_err(failed)
}

/// Those to the port that `ssh-from` opens, and to any other that an ssh server listens on.
fn of_ssh<'a>(listed: &'a [Entry], is_servers: impl Fn(u64) -> bool + 'a) -> impl Iterator<Item = &'a Entry> {
    let ports: HashSet<u16> =
        listed.iter().filter(|entry| entry.state == State::Listen).map(|entry| entry.local.port()).collect();
    let is_to_server = move |entry: &&Entry| {
        let port = entry.local.port();
        SSH.contains(port) || (ports.contains(&port) && is_servers(entry.inode))
    };
    listed.iter().filter(|entry| entry.state == State::Established).filter(is_to_server)
}

fn session(space: &mut OpenSpace, neighbours: &Neighbours, entry: &Entry) -> (Session, Option<Mac>) {
    let (local, remote) = (entry.local, entry.remote);
    let index = link::answers_leave_by(&mut space.route, local.ip(), remote.ip());
    let mac = index.and_then(|index| neighbours.mac(index, remote.ip()));
    let link = index.and_then(|index| link::name(&mut space.route, index));
    (Session { space: space.space.clone(), local, remote, link, ports: Vec::new() }, mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_one_of_the_policys_port_or_of_a_server() {
        let entry =
            |local: &str, state, inode| Entry { local: local.parse().unwrap(), remote: ([10, 0, 1, 20], 5).into(), state, inode };
        let listed = [
            entry("10.0.1.1:22", State::Listen, 1),
            entry("10.0.1.1:22", State::Established, 2),
            entry("10.0.1.1:2222", State::Listen, 3),
            entry("10.0.1.1:2222", State::Established, 4),
            entry("10.0.1.1:2222", State::Established, 5),
            // What somebody opens through the server: nobody listens there.
            entry("10.0.1.1:40000", State::Established, 6),
            entry("10.0.1.1:80", State::Listen, 7),
            entry("10.0.1.1:80", State::Established, 8),
        ];
        let servers = [1, 3, 4, 6];
        let found: Vec<u64> = of_ssh(&listed, |inode| servers.contains(&inode)).map(|entry| entry.inode).collect();
        assert_eq!(found, [2, 4]);
    }
}
