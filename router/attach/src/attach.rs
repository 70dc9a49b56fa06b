use crate::{EndpointName, Error, KernelPlugs, Leases, NetnsId, Plugs, Record, Request, journal::Journal, mac};
use edge_config::{Config, Network};
use edge_host::{BootId, netns};
use edge_kernel::endpoint::Plug;
use edge_net::{AttachKind, Interface};
use ipnet::Ipv4Net;
use std::{net::Ipv4Addr, path::Path};
use tokio::sync::Mutex;

/// Owner of the attachments. Calls take their turn; each can be asked again with the same outcome.
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
        Ok(Self { leases, plugs, journal: Mutex::new(Journal::open(state_dir, boot)?) })
    }

    /// Address, then plug, then journal; what fails takes back what came before it, and the container keeps what it had.
    pub async fn attach_to(&self, config: &Config, request: Request) -> Result<Record, Error> {
        let network = config.network(&request.network).ok_or_else(|| no_network(config, &request))?;
        let mut journal = self.journal.lock().await;
        let id = self.identify(&request.netns)?;
        self.refuse_router(config, &request.netns, id)?;
        let known = journal.find(&network.name, &request.name).cloned();
        self.refuse_taken(&journal, known.as_ref(), &request, id)?;
        // A namespace that is gone leaves its name; what may be left of its port makes way.
        let moved = known.as_ref().filter(|known| known.id != id);
        if let Some(gone) = moved {
            self.pull(gone).await?;
        }

        let address = self.leases.claim(&network.name, &request.name, None).await?;
        let done = self.plug_and_keep(&mut journal, network, &request, id, address).await;
        if done.is_err() && known.is_none() {
            self.give_back(&request.network, &request.name).await;
        }
        done
    }

    async fn plug_and_keep(
        &self,
        journal: &mut Journal,
        network: &Network,
        request: &Request,
        id: NetnsId,
        address: Ipv4Addr,
    ) -> Result<Record, Error> {
        let was_there = journal.find(&network.name, &request.name).is_some_and(|known| known.id == id);
        let record = self.plug(network, request, id, address).await?;
        if let Err(error) = journal.keep(record.clone()).await {
            if !was_there && let Err(error) = self.pull(&record).await {
                log::error!("{error}: the next reconciliation removes it");
            }
            return Err(error.into());
        }
        Ok(record)
    }

    pub(crate) async fn plug(
        &self,
        network: &Network,
        request: &Request,
        id: NetnsId,
        address: Ipv4Addr,
    ) -> Result<Record, Error> {
        let Request { netns, name, ifname, .. } = request;
        let interface = interface(network, address).ok_or_else(|| Error::Unfit { address, network: network.name.clone() })?;
        let gateway = network.address.address();
        let plug = Plug {
            netns: netns.clone(),
            ifname: ifname.clone(),
            kind: network.attach,
            bridge: network.bridge.clone(),
            port: edge_net::derived::endpoint_port(&network.name, name.as_str()),
            address: interface,
            gateway,
            // An ipvlan has its parent's.
            mac: if network.attach == AttachKind::IpvlanL2 { None } else { Some(mac::stable(&network.name, name.as_str())) },
            alias: format!("{name} in {}", network.name),
        };
        let failed = |source| Error::Plug { name: name.clone(), network: network.name.clone(), source };
        let mac = self.plugs.plug(plug).await.map_err(failed)?;
        Ok(Record {
            netns: netns.clone(),
            id,
            name: name.clone(),
            network: network.name.clone(),
            ifname: ifname.clone(),
            kind: network.attach,
            address: interface,
            gateway,
            mac,
        })
    }

    /// Unplugs by namespace or by name, from every network; what is not attached is no error.
    pub async fn detach_those(&self, is_meant: impl Fn(&Record) -> bool + Send) -> Result<Vec<Record>, Error> {
        let mut journal = self.journal.lock().await;
        let meant: Vec<Record> = journal.records().iter().filter(|record| is_meant(record)).cloned().collect();
        for record in &meant {
            self.pull(record).await?;
            journal.forget(&record.network, &record.name).await?;
            self.give_back(&record.network, &record.name).await;
        }
        Ok(meant)
    }

    /// Those whose namespace is there still.
    pub async fn records(&self) -> Vec<Record> {
        self.journal.lock().await.records().iter().filter(|record| self.is_there(record)).cloned().collect()
    }

    pub(crate) fn is_there(&self, record: &Record) -> bool {
        self.plugs.identify(&record.netns) == Ok(record.id)
    }

    pub(crate) async fn pull(&self, record: &Record) -> Result<(), Error> {
        let failed = |source| Error::Unplug { name: record.name.clone(), network: record.network.clone(), source };
        self.plugs.unplug(record.unplug()).await.map_err(failed)
    }

    /// A lease that stays held by mistake is released by the next reconciliation.
    pub(crate) async fn give_back(&self, network: &edge_net::Name, name: &EndpointName) {
        if let Err(error) = self.leases.release(network, name.as_str()).await {
            log::warn!("the address of {name} in {network} is not given back yet: {error}");
        }
    }

    fn identify(&self, netns: &Path) -> Result<NetnsId, Error> {
        self.plugs.identify(netns).map_err(|why| Error::BadNetns { path: netns.to_owned(), why })
    }

    fn refuse_router(&self, config: &Config, netns: &Path, id: NetnsId) -> Result<(), Error> {
        let router = config.namespace.as_ref().map(netns::path);
        match router.map(|path| self.plugs.identify(&path)) {
            Some(Ok(router)) if router == id => Err(Error::BadNetns { path: netns.to_owned(), why: "it is the router's own" }),
            _ => Ok(()),
        }
    }

    fn refuse_taken(&self, journal: &Journal, known: Option<&Record>, request: &Request, id: NetnsId) -> Result<(), Error> {
        if let Some(known) = known
            && if known.id == id { known.ifname != request.ifname } else { self.is_there(known) }
        {
            let Record { name, network, netns, ifname, .. } = known.clone();
            return Err(Error::NameTaken { name, network, netns, ifname });
        }
        let other =
            journal.in_netns(id).find(|other| other.ifname == request.ifname && !other.is(&request.network, &request.name));
        if let Some(Record { ifname, netns, name, network, .. }) = other.filter(|other| self.is_there(other)).cloned() {
            return Err(Error::IfNameTaken { ifname, netns, name, network });
        }
        if known.is_none() && journal.records().len() >= Journal::MOST {
            return Err(Error::Full(Journal::MOST));
        }
        Ok(())
    }
}

/// The address with its network's prefix length; none when it is not one of a node.
pub(crate) fn interface(network: &Network, address: Ipv4Addr) -> Option<Interface> {
    let is_free = network.address.has_host(address) && network.address.address() != address;
    let net = Ipv4Net::new(address, network.address.prefix_len()).ok()?;
    Interface::new(net).filter(|_| is_free)
}

fn no_network(config: &Config, request: &Request) -> Error {
    let there = config.networks.iter().map(|network| network.name.clone()).collect();
    Error::NoNetwork { name: request.network.to_string(), there }
}
