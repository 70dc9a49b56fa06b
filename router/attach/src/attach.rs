use crate::{
    DetachTarget, EndpointName, Error, KernelPlugs, Leases, Place, Plugged, Plugs, Record, Request, State, journal::Journal, mac,
};
use edge_config::{Config, Network};
use edge_host::BootId;
use edge_kernel::endpoint::Plug;
use edge_net::{AttachKind, Interface, Mac, Name};
use ipnet::Ipv4Net;
use std::{net::Ipv4Addr, path::Path};
use tokio::sync::Mutex;

/// Owner of the attachments. Calls wait for their turn; each can be asked again with the same outcome.
///
/// A front translates and calls: [`attach`](Attach::attach) and [`detach`](Attach::detach) where its engine has one call for
/// each (`routerctl`, CNI, netavark), the steps of an [`AttachTransaction`](crate::AttachTransaction) where it has more (Docker).
pub struct Attach<L = edge_dhcp::Server, P = KernelPlugs> {
    pub(crate) leases: L,
    pub(crate) plugs: P,
    pub(crate) journal: Mutex<Journal>,
}

impl Attach {
    /// Reads the journal below `state_dir`.
    pub fn open(state_dir: &Path, leases: edge_dhcp::Server) -> Result<Self, Error> {
        Self::with(state_dir, BootId::current(), leases, KernelPlugs::default())
    }
}

impl<L: Leases, P: Plugs> Attach<L, P> {
    /// With other ends, and in another boot.
    pub fn with(state_dir: &Path, boot: BootId, leases: L, plugs: P) -> Result<Self, Error> {
        let journal = Journal::open(state_dir, boot, leases.is_used())?;
        Ok(Self { leases, plugs, journal: Mutex::new(journal) })
    }

    /// Reserves and plugs in one transaction; what fails takes back what came before it, and the container keeps what it had.
    pub async fn attach(&self, config: &Config, request: &Request) -> Result<Record, Error> {
        let mut transaction = self.begin().await;
        let place = transaction.place(config, request)?;
        let done = match transaction.reserve(config, &request.network, &request.name).await {
            Ok(reserved) => transaction.plug(config, &reserved, place).await,
            failed => failed,
        };
        transaction.end(done).await
    }

    /// Unplugs and releases whoever is meant, in every network; who is not attached is no error. In one network it may fail though it
    /// is done in another.
    pub async fn detach(&self, target: &DetachTarget) -> Result<Vec<Record>, Error> {
        let mut transaction = self.begin().await;
        let id = if let DetachTarget::Netns(path) = target { self.plugs.identify(path).ok() } else { None };
        let meant: Vec<Record> = transaction.records().iter().filter(|record| target.is(record, id)).cloned().collect();
        let (mut detached, mut failed) = (Vec::new(), Vec::new());
        for record in meant {
            let done = transaction.release(&record.network, &record.name).await;
            match transaction.end(done).await {
                Ok(()) => detached.push(record),
                Err(error) => failed.push(error),
            }
        }
        match failed.pop() {
            None => Ok(detached),
            Some(error) if detached.is_empty() => Err(error),
            Some(error) => Err(Error::half_detached(&detached, error)),
        }
    }

    /// Those whose namespace is there still, and the reserved ones.
    pub async fn records(&self) -> Vec<Record> {
        let journal = self.journal.lock().await;
        let is_there = |record: &&Record| record.plugged().is_none_or(|plugged| self.is_there(&plugged.place));
        journal.records().as_slice().iter().filter(is_there).cloned().collect()
    }

    pub(crate) async fn plug(&self, network: &Network, reserved: &Record, place: Place) -> Result<Record, Error> {
        let Record { name, address, .. } = reserved;
        let gateway = network.address.address();
        let plug = Plug {
            netns: place.netns.clone(),
            ifname: place.ifname,
            kind: network.attach,
            bridge: network.bridge,
            port: reserved.port(),
            address: *address,
            gateway,
            mac: own_mac(network, name),
            alias: reserved.alias(),
        };
        let failed = |source| Error::Plug { name: name.clone(), network: network.name.clone(), source };
        let mac = self.plugs.plug(plug).await.map_err(failed)?;
        let state = State::Plugged(Plugged { place, kind: network.attach, gateway, mac });
        Ok(Record { state, ..reserved.clone() })
    }

    /// Takes the interface away, where there is one.
    pub(crate) async fn pull(&self, record: &Record) -> Result<(), Error> {
        let Some(unplug) = record.unplug() else { return Ok(()) };
        let failed = |source| Error::Unplug { name: record.name.clone(), network: record.network.clone(), source };
        self.plugs.unplug(unplug).await.map_err(failed)
    }

    /// A lease that stays held by mistake is released by the next reconciliation.
    pub(crate) async fn release_lease(&self, network: &Name, name: &EndpointName) {
        if let Err(error) = self.leases.release(network, name.as_str()).await {
            log::warn!("the address of {name} in {network} is not given back yet: {error}");
        }
    }
}

impl Record {
    /// What is decided of one that holds `address`.
    pub(crate) fn reserved(network: &Network, name: &EndpointName, address: Ipv4Addr) -> Result<Self, Error> {
        let interface = interface(network, address).ok_or_else(|| Error::Unfit { address, network: network.name.clone() })?;
        let state = State::Reserved { mac: own_mac(network, name) };
        Ok(Self { network: network.name.clone(), name: name.clone(), address: interface, state })
    }
}

/// An ipvlan has its parent's.
pub(crate) fn own_mac(network: &Network, name: &EndpointName) -> Option<Mac> {
    (network.attach != AttachKind::IpvlanL2).then(|| mac::stable(&network.name, name.as_str()))
}

/// The address with its network's prefix length; none when it is not one of a node.
pub(crate) fn interface(network: &Network, address: Ipv4Addr) -> Option<Interface> {
    let is_free = network.address.has_host(address) && network.address.address() != address;
    let net = Ipv4Net::new(address, network.address.prefix_len()).ok()?;
    Interface::new(net).filter(|_| is_free)
}

pub(crate) fn network_of<'a>(config: &'a Config, name: &Name) -> Result<&'a Network, Error> {
    let there = || config.networks.iter().map(|network| network.name.clone()).collect();
    config.network(name).ok_or_else(|| Error::NoNetwork { name: name.to_string(), there: there() })
}
