use crate::{Attach, AttachTransaction, EndpointName, Error, Leases, Plugged, Plugs, Port, Record, attach::interface};
use edge_config::{Config, Host, Network};
use edge_net::{AttachKind, Name};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

/// What is the same for each of them.
struct Round<'a> {
    config: &'a Config,
    /// Network and name of each container whose lease is held.
    held: BTreeSet<(Name, String)>,
}

impl<L: Leases, P: Plugs> Attach<L, P> {
    /// Brings journal, leases and kernel together, after the start and after each apply: who is gone is forgotten (and keeps
    /// its address), who lost its port is plugged again, and ports and leases that nobody remembers are given back. Who is
    /// reserved stays so: there is no namespace that could be gone.
    ///
    /// One that cannot be repaired is logged and does not keep the others from it.
    pub async fn reconcile(&self, config: &Config) -> Result<(), Error> {
        let mut transaction = self.begin().await;
        if transaction.is_lost() {
            transaction.rebuild(config).await?;
        }
        let ports = self.plugs.ports().await.map_err(Error::List)?;
        let mut ports: BTreeMap<_, _> = ports.into_iter().map(|port| (port.name, port)).collect();
        let round = Round { config, held: self.leases.held().into_iter().collect() };
        for record in transaction.records().to_vec() {
            match record.plugged() {
                Some(plugged) => transaction.reconcile_plugged(&round, &record, plugged, ports.remove(&record.port())).await?,
                None => transaction.reconcile_reserved(&round, &record).await,
            }
        }
        if transaction.is_unsure() {
            ports.keys().for_each(|port| log::warn!("port {port} is nobody's; it stays until the damage was seen"));
            return Ok(());
        }
        for port in ports.into_values() {
            log::info!("port {} is nobody's: it is removed", port.name);
            if let Err(error) = self.plugs.unplug(port.unplug()).await {
                log::warn!("{error}");
            }
        }
        self.release_forgotten(transaction.records()).await;
        Ok(())
    }

    /// A crash between address and journal leaves a lease that is held for nobody.
    async fn release_forgotten(&self, records: &[Record]) {
        for (network, name) in self.leases.held() {
            let name_there = name.parse::<EndpointName>().ok();
            if name_there.is_none_or(|name| !records.iter().any(|record| record.is(&network, &name)))
                && let Err(error) = self.leases.release(&network, &name).await
            {
                log::warn!("the address of {name} in {network} is not given back yet: {error}");
            }
        }
    }
}

impl<L: Leases, P: Plugs> AttachTransaction<'_, L, P> {
    async fn reconcile_plugged(
        &mut self,
        round: &Round<'_>,
        record: &Record,
        plugged: &Plugged,
        port: Option<Port>,
    ) -> Result<(), Error> {
        // The path may go before the namespace does, which a running process keeps: as long as there is a veth, there is.
        if !self.attach.is_there(&plugged.place) && port.is_none() {
            return self.forget_gone(record).await;
        }
        let Some(network) = round.config.network(&record.network) else { return Ok(()) };
        let kept = self.kept_address(round, network, record).await;
        if (kept.is_none() || !is_right(network, record, plugged, port.as_ref()))
            && let Err(error) = self.repair(network, record, plugged, kept).await
        {
            log::error!("{}", with_cause(&error));
        }
        Ok(())
    }

    async fn reconcile_reserved(&mut self, round: &Round<'_>, record: &Record) {
        let Some(network) = round.config.network(&record.network) else { return };
        let kept = self.kept_address(round, network, record).await;
        if let Err(error) = self.reserve_again(network, record, kept).await {
            log::error!("{}", with_cause(&error));
        }
    }

    async fn forget_gone(&mut self, record: &Record) -> Result<(), Error> {
        log::info!("{} is gone from {}; {} is kept for it", record.name, record.network, record.address);
        self.forget(&record.network, &record.name);
        self.end(Ok(())).await
    }

    /// The address it has, when it may keep it; the lease that goes with it is held again where the lease log lost it.
    async fn kept_address(&self, round: &Round<'_>, network: &Network, record: &Record) -> Option<Ipv4Addr> {
        let address = record.address.address();
        if !may_keep(round.config, network, record) {
            return None;
        }
        let is_held = round.held.contains(&(record.network.clone(), record.name.to_string()));
        if !is_held && let Err(error) = self.attach.leases.claim(&network.name, &record.name, Some(address)).await {
            log::warn!("{} loses {address} in {}: {error}", record.name, network.name);
            return None;
        }
        Some(address)
    }

    /// With the address it keeps, else with another.
    async fn decided(&self, network: &Network, record: &Record, kept: Option<Ipv4Addr>) -> Result<Record, Error> {
        let address = match kept {
            Some(address) => address,
            None => self.attach.leases.claim(&network.name, &record.name, None).await?,
        };
        Record::reserved(network, &record.name, address)
    }

    async fn reserve_again(&mut self, network: &Network, record: &Record, kept: Option<Ipv4Addr>) -> Result<(), Error> {
        let decided = self.decided(network, record, kept).await?;
        if decided == *record {
            return Ok(());
        }
        log::info!("{} in {} is reserved again, as {}", decided.name, decided.network, decided.address);
        self.put(decided);
        self.end(Ok(())).await
    }

    async fn repair(
        &mut self,
        network: &Network,
        record: &Record,
        plugged: &Plugged,
        kept: Option<Ipv4Addr>,
    ) -> Result<(), Error> {
        let place = &plugged.place;
        if !self.attach.is_there(place) {
            let (name, at, netns) = (&record.name, &record.network, place.netns.display());
            log::warn!("{name} in {at}: {netns} leads nowhere, its port cannot be mended");
            return Ok(());
        }
        let decided = self.decided(network, record, kept).await?;
        // Another kind or another subnet: nothing of the old one may stay.
        if plugged.kind != network.attach || decided.address != record.address {
            self.attach.pull(record).await?;
        }
        let repaired = self.attach.plug(network, &decided, place.clone()).await?;
        // A child of macvlan or ipvlan is reconciled each time; only a port was seen missing.
        if repaired != *record || plugged.kind == AttachKind::Bridge {
            log::info!("{} is plugged into {} again, as {}", repaired.name, repaired.network, repaired.address);
        }
        self.put(repaired);
        self.end(Ok(())).await
    }
}

/// Whether it is plugged in as the configuration says. Children of macvlan and ipvlan stand in the container's namespace only,
/// so that they are always reconciled; a repair of what is right changes nothing.
fn is_right(network: &Network, record: &Record, plugged: &Plugged, port: Option<&Port>) -> bool {
    let is_plugged = port.is_some_and(|port| port.bridge.as_ref() == Some(&network.bridge));
    let has_gateway = plugged.gateway == network.address.address() && record.address.prefix_len() == network.address.prefix_len();
    plugged.kind == AttachKind::Bridge && network.attach == AttachKind::Bridge && is_plugged && has_gateway
}

/// An address stays as long as it lies in the network, is reserved for nobody else, and no other one for its container.
pub(crate) fn may_keep(config: &Config, network: &Network, record: &Record) -> bool {
    let address = record.address.address();
    let is_own = |host: &Host| host.is_container() && host.name.as_str() == record.name.as_str();
    let mut hosts = config.hosts.iter().filter(|host| host.network == network.name);
    interface(network, address).is_some() && hosts.all(|host| is_own(host) == (host.address == address))
}

fn with_cause(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
