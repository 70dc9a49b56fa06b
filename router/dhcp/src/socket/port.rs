use super::{Inbox, Sockets};
use crate::SocketError;
use edge_host::netns::NetnsIdentity;
use edge_net::Mac;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio::{
    task::JoinHandle,
    time::{interval, sleep},
};

/// How long until a namespace that could not be entered is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// How often it is asked whether the namespace is still the one of that name. Nobody tells when it is not, and sockets that stay keep it
/// alive, with the links that are to be made anew.
const LOOK: Duration = Duration::from_secs(2);

const PAUSE: Duration = Duration::from_millis(100);

/// What came in by the sockets of a namespace.
pub enum Heard<'a> {
    Messages(&'a Inbox),
    /// Somebody says that an address is theirs.
    Arp {
        ifindex: u32,
        address: Ipv4Addr,
        mac: Mac,
    },
}

/// Takes what came in.
pub type Handler = Arc<dyn Fn(&Arc<Sockets>, Heard) + Send + Sync>;

/// The namespaces that are listened in.
#[derive(Default)]
pub struct Ports(BTreeMap<Option<PathBuf>, Port>);

struct Port {
    identity: Option<NetnsIdentity>,
    task: JoinHandle<()>,
}

impl Ports {
    /// Listens in exactly these namespaces. One that cannot be entered is tried again until it can or is no longer wanted.
    pub fn listen(&mut self, wanted: &BTreeSet<Option<PathBuf>>, handler: &Handler) -> Vec<(Option<PathBuf>, SocketError)> {
        self.0.retain(|netns, port| {
            let current = identity(netns) == port.identity;
            let kept = wanted.contains(netns) && current && !port.task.is_finished();
            if !kept {
                port.task.abort();
            }
            kept
        });
        let mut errors = Vec::new();
        for netns in wanted.iter().filter(|netns| !self.0.contains_key(netns)).cloned().collect::<Vec<_>>() {
            let identity = identity(&netns);
            let sockets = open(&netns);
            let task = tokio::spawn(serve(netns.clone(), identity, sockets.as_ref().ok().cloned(), handler.clone()));
            errors.extend(sockets.err().map(|error| (netns.clone(), error)));
            self.0.insert(netns, Port { identity, task });
        }
        errors
    }
}

impl Drop for Ports {
    fn drop(&mut self) {
        self.0.values().for_each(|port| port.task.abort());
    }
}

/// What tells a namespace from one made later under the same path.
fn identity(netns: &Option<PathBuf>) -> Option<NetnsIdentity> {
    netns.as_deref().and_then(|path| NetnsIdentity::at(path).ok())
}

fn open(netns: &Option<PathBuf>) -> Result<Arc<Sockets>, SocketError> {
    Sockets::open(netns.as_deref()).map(Arc::new)
}

/// Until the namespace is another one; whoever configures next starts anew.
async fn serve(netns: Option<PathBuf>, mut home: Option<NetnsIdentity>, opened: Option<Arc<Sockets>>, handler: Handler) {
    let mut looks = interval(LOOK);
    let sockets = match opened {
        Some(sockets) => sockets,
        None => loop {
            sleep(RETRY).await;
            home = identity(&netns);
            match open(&netns) {
                Ok(sockets) => break sockets,
                Err(error) => log::debug!("DHCP: {error}"),
            }
        },
    };
    let mut inbox = Inbox::default();
    loop {
        let heard = tokio::select! {
            received = sockets.receive(&mut inbox) => received.map(|()| None),
            arp = sockets.receive_arp() => arp.map(Some),
            _ = looks.tick() => match identity(&netns) == home {
                true => continue,
                false => return,
            },
        };
        match heard {
            Ok(None) => handler(&sockets, Heard::Messages(&inbox)),
            Ok(Some((ifindex, address, mac))) => handler(&sockets, Heard::Arp { ifindex, address, mac }),
            // The kernel may be short of memory for a moment; the socket goes on.
            Err(error) => {
                log::debug!("DHCP: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}
