use crate::{Attach, EndpointName, Error, Leases, Plugs, Port, Record, Request, attach::interface, journal::Journal};
use edge_config::{Config, Host, Network};
use edge_net::AttachKind;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

impl<L: Leases, P: Plugs> Attach<L, P> {
    /// Brings journal, leases and kernel together, after the start and after each apply: who is gone is forgotten (and keeps
    /// its address), who lost its port is plugged again, and ports and leases that nobody remembers are given back.
    ///
    /// One that cannot be mended is logged and does not keep the others from it.
    pub async fn reconcile(&self, config: &Config) -> Result<(), Error> {
        let mut journal = self.journal.lock().await;
        let ports = self.plugs.ports().await.map_err(Error::List)?;
        let mut ports: BTreeMap<_, _> = ports.into_iter().map(|port| (port.name.clone(), port)).collect();
        let held: BTreeSet<_> = self.leases.held().into_iter().collect();
        for record in journal.records().to_vec() {
            let port = ports.remove(&record.port());
            if self.is_gone(&record, port.as_ref()) {
                self.forget(&mut journal, &record).await?;
                continue;
            }
            let Some(network) = config.network(&record.network) else { continue };
            let is_held = held.contains(&(record.network.clone(), record.name.to_string()));
            let kept = self.kept_address(config, network, &record, is_held).await;
            if (kept.is_none() || !is_right(network, &record, port.as_ref()))
                && let Err(error) = self.mend(&mut journal, network, &record, kept).await
            {
                log::error!("{}", with_cause(&error));
            }
        }
        for port in ports.into_values() {
            log::info!("port {} is nobody's: it is removed", port.name);
            if let Err(error) = self.plugs.unplug(port.unplug()).await {
                log::warn!("{error}");
            }
        }
        self.release_forgotten(&journal).await;
        Ok(())
    }

    /// The path may go before the namespace does, which a running process keeps: as long as there is a veth, there is.
    fn is_gone(&self, record: &Record, port: Option<&Port>) -> bool {
        !self.is_there(record) && port.is_none()
    }

    async fn forget(&self, journal: &mut Journal, record: &Record) -> Result<(), Error> {
        log::info!("{} is gone from {}; {} is kept for it", record.name, record.network, record.address);
        journal.forget(&record.network, &record.name).await?;
        self.give_back(&record.network, &record.name).await;
        Ok(())
    }

    /// The address it has, when it may keep it; the lease that goes with it is held again where the lease log lost it.
    async fn kept_address(&self, config: &Config, network: &Network, record: &Record, is_held: bool) -> Option<Ipv4Addr> {
        let address = record.address.address();
        if !may_keep(config, network, record) {
            return None;
        }
        if !is_held && let Err(error) = self.leases.claim(&network.name, &record.name, Some(address)).await {
            log::warn!("{} loses {address} in {}: {error}", record.name, network.name);
            return None;
        }
        Some(address)
    }

    async fn mend(&self, journal: &mut Journal, network: &Network, record: &Record, kept: Option<Ipv4Addr>) -> Result<(), Error> {
        if !self.is_there(record) {
            log::warn!(
                "{} in {}: {} leads nowhere, its port cannot be mended",
                record.name,
                record.network,
                record.netns.display()
            );
            return Ok(());
        }
        let address = match kept {
            Some(address) => address,
            None => self.leases.claim(&network.name, &record.name, None).await?,
        };
        // Another kind or another subnet: nothing of the old one may stay.
        if record.kind != network.attach || interface(network, address) != Some(record.address) {
            self.pull(record).await?;
        }
        let Record { netns, name, network: at, ifname, .. } = record.clone();
        let mended = self.plug(network, &Request { netns, name, network: at, ifname }, record.id, address).await?;
        // A child of macvlan or ipvlan is looked after each time; only a port was seen missing.
        if mended != *record || record.kind == AttachKind::Bridge {
            log::info!("{} is plugged into {} again, as {}", mended.name, mended.network, mended.address);
        }
        Ok(journal.keep(mended).await?)
    }

    /// A crash between address and journal leaves a lease that is held for nobody.
    async fn release_forgotten(&self, journal: &Journal) {
        for (network, name) in self.leases.held() {
            let name_there = name.parse::<EndpointName>().ok();
            if name_there.is_none_or(|name| journal.find(&network, &name).is_none())
                && let Err(error) = self.leases.release(&network, &name).await
            {
                log::warn!("the address of {name} in {network} is not given back yet: {error}");
            }
        }
    }
}

/// Whether it is plugged in as the configuration says. Children of macvlan and ipvlan stand in the container's namespace only,
/// so that they are always looked after; a mend of what is right changes nothing.
fn is_right(network: &Network, record: &Record, port: Option<&Port>) -> bool {
    let is_plugged = port.is_some_and(|port| port.bridge.as_ref() == Some(&network.bridge));
    let has_gateway = record.gateway == network.address.address() && record.address.prefix_len() == network.address.prefix_len();
    record.kind == AttachKind::Bridge && network.attach == AttachKind::Bridge && is_plugged && has_gateway
}

/// An address stays as long as it lies in the network, is reserved for nobody else, and no other one for its container.
fn may_keep(config: &Config, network: &Network, record: &Record) -> bool {
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
