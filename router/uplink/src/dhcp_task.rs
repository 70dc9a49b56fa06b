//! Runs the DHCP client of one uplink.

use crate::{
    chance::chance,
    dhcp::{Client, ClientIdentity, Held, ServerReply},
    memory::{Memory, Remembered},
    reports::Reports,
    wire::{DhcpSocket, LOOK, Link},
};
use edge_host::clock::since_boot;
use edge_net::{IfName, Mac, Name};
use socket2::Socket;
use std::{io, path::PathBuf, sync::Arc, time::Duration};
use tokio::time::sleep;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhcpConf {
    pub uplink: Name,
    pub ifname: IfName,
    pub netns: Option<PathBuf>,
    /// The MAC address of the link is that of others too.
    pub shared_mac: bool,
    pub machine: [u8; 16],
    pub hostname: Option<String>,
}

/// How soon to look again for a link that is not there.
const RETRY: Duration = Duration::from_millis(500);

/// Asks and renews until it is dropped; the address stays.
pub async fn run(conf: DhcpConf, reports: Arc<Reports>, memory: Arc<Memory>) {
    let mut task = DhcpTask { conf, reports, memory, client: None, kept: None, answers: None };
    loop {
        if let Err(error) = task.session().await {
            log::debug!("uplink {}: {error}", task.conf.uplink);
        }
        task.without_link();
        sleep(RETRY).await;
    }
}

struct DhcpTask {
    conf: DhcpConf,
    reports: Arc<Reports>,
    memory: Arc<Memory>,
    /// None before the link was there for the first time.
    client: Option<Client>,
    /// What is on disk.
    kept: Option<Held>,
    /// Takes the place of an ICMP error while the server's answer to a unicast is under way.
    answers: Option<Socket>,
}

impl DhcpTask {
    /// Until the link is gone or another.
    async fn session(&mut self) -> io::Result<()> {
        let link = Link::open(&self.conf.ifname, self.conf.netns.clone())?;
        let found = link.look()?;
        let Some(mac) = found.mac else {
            return Err(io::Error::other(format!("{} is no Ethernet device", self.conf.ifname)));
        };
        let socket = DhcpSocket::open(&link, found.index)?;
        self.identify(mac);
        loop {
            let now = link.look()?;
            if (now.index, now.mac) != (found.index, found.mac) {
                return Ok(());
            }
            let due = self.step(&link, &socket, now.running);
            let wait = due.map_or(LOOK, |due| due.saturating_sub(since_boot())).min(LOOK);
            tokio::select! {
                () = sleep(wait) => {}
                () = link.changed() => {}
                message = socket.receive() => self.hear(&message?),
            }
        }
    }

    /// The client of before, or a new one that knows what is remembered.
    fn identify(&mut self, mac: Mac) {
        let DhcpConf { uplink, machine, hostname, shared_mac, .. } = &self.conf;
        let identity = match shared_mac {
            true => ClientIdentity::of_shared_mac(mac, *machine, uplink, hostname.clone()),
            false => ClientIdentity::by_mac(mac, hostname.clone()),
        };
        if let Some(client) = &mut self.client {
            return client.identify(identity);
        }
        let remembered = self.memory.recall(uplink).filter(|(_, client_id)| *client_id == identity.client_id);
        let (held, requested) = match remembered {
            Some((Remembered::Lease(held), _)) => (Some(held), None),
            Some((Remembered::Address(address), _)) => (None, Some(address)),
            None => (None, None),
        };
        self.kept = held.clone();
        let mut client = Client::new(identity, held);
        client.request_address(requested);
        self.client = Some(client);
    }

    /// Does what is due, and says when something is next.
    fn step(&mut self, link: &Link, socket: &DhcpSocket, running: bool) -> Option<Duration> {
        let client = self.client.as_mut()?;
        client.carrier(running, since_boot(), chance());
        if let Some(outgoing) = client.tick(since_boot(), chance()) {
            match socket.send(link, &outgoing) {
                Ok(answers) => self.answers = answers,
                Err(error) => log::debug!("uplink {}: a DHCP message was not sent: {error}", self.conf.uplink),
            }
        }
        let due = client.due();
        self.publish();
        due
    }

    fn hear(&mut self, message: &[u8]) {
        if let (Some(client), Some(reply)) = (&mut self.client, ServerReply::read(message)) {
            client.receive(since_boot(), chance(), &reply);
        }
        self.publish();
    }

    /// Time goes on without a link too.
    fn without_link(&mut self) {
        if let Some(client) = &mut self.client {
            client.carrier(false, since_boot(), chance());
            // It has nothing to say now, but a lease can run out.
            let _ = client.tick(since_boot(), chance());
            self.publish();
        }
    }

    fn publish(&mut self) {
        let Some(client) = &self.client else { return };
        let held = client.held();
        if held != self.kept.as_ref() {
            self.log(held);
            // What ran out is still asked for, and its file says when it ran out.
            if let Some(held) = held {
                self.keep(held.clone(), client.identity().client_id.clone());
            }
            self.kept = held.cloned();
        }
        if held.is_none() && client.is_denied() {
            self.memory.forget(&self.conf.uplink);
        }
        self.reports.set_lease(&self.conf.uplink, held.map(|held| held.lease.clone()), client.no_lease());
    }

    /// Beside everything else: a disk may be slow. One after the other, so that the last one stays.
    fn keep(&self, held: Held, client_id: Vec<u8>) {
        let (memory, uplink) = (self.memory.clone(), self.conf.uplink.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = memory.keep(&uplink, &held, &client_id) {
                log::warn!("uplink {uplink}: the lease is not remembered over a restart: {error}");
            }
        });
    }

    fn log(&self, held: Option<&Held>) {
        let uplink = &self.conf.uplink;
        match (held, &self.kept) {
            (Some(held), Some(before)) if before.lease.interface == held.lease.interface => {
                log::debug!("uplink {uplink}: {} for {} s more", held.lease.interface, held.lease.terms.lease);
            }
            (Some(held), _) => {
                log::info!("uplink {uplink}: {} for {} s", held.lease.interface, held.lease.terms.lease);
            }
            (None, Some(before)) => log::warn!("uplink {uplink}: {} is lost", before.lease.interface),
            (None, None) => {}
        }
    }
}
