//! Attachments that nobody remembers, from what stands in the kernel.

use crate::{
    Attach, AttachTransaction, EndpointName, Error, Leases, Place, Plugged, Plugs, Record, State,
    attach::{interface, own_mac},
};
use edge_config::{Config, Network};
use edge_kernel::endpoint::Found;
use edge_net::{AttachKind, Name, derived};

impl<L: Leases, P: Plugs> AttachTransaction<'_, L, P> {
    /// Who is plugged in stays so, and is known again.
    pub(crate) async fn rebuild(&mut self, config: &Config) -> Result<(), Error> {
        for found in self.attach.plugs.found().await.map_err(Error::List)? {
            let Some((network, name)) = recognise(config, &found) else { continue };
            if self.records().iter().any(|record| record.is(&network.name, &name)) {
                continue;
            }
            match self.attach.remember(network, &name, &found).await {
                Ok(record) => {
                    log::warn!("{name} is plugged into {}, as {}: known again from the kernel", network.name, record.address);
                    self.put(record);
                }
                Err(error) => log::error!("{name} is plugged into {}, and is not known again: {error}", network.name),
            }
        }
        self.end(Ok(())).await
    }
}

impl<L: Leases, P: Plugs> Attach<L, P> {
    /// The lease log says the address, or else the interface does.
    async fn remember(&self, network: &Network, name: &EndpointName, found: &Found) -> Result<Record, Error> {
        let is_held = self.leases.held().contains(&(network.name.clone(), name.to_string()));
        let given =
            found.address.map(|address| address.address()).filter(|address| !is_held && interface(network, *address).is_some());
        let address = self.leases.claim(&network.name, name, given).await?;
        let id = self.plugs.identify(&found.netns).map_err(|why| Error::BadNetns { path: found.netns.clone(), why })?;
        let place = Place { netns: found.netns.clone(), id, ifname: found.ifname };
        let plugged = Plugged { place, kind: found.kind, gateway: network.address.address(), mac: found.mac };
        Ok(Record { state: State::Plugged(plugged), ..Record::reserved(network, name, address)? })
    }
}

/// The alias says who it is, and what a container cannot choose bears it out: the name of its port, or the bridge it is on and its MAC.
fn recognise<'a>(config: &'a Config, found: &Found) -> Option<(&'a Network, EndpointName)> {
    let (name, network) = found.alias.rsplit_once(" in ")?;
    let (name, network): (EndpointName, Name) = (name.parse().ok()?, network.parse().ok()?);
    let network = config.network(&network)?;
    let is_borne_out = match found.kind {
        AttachKind::Bridge => found.other == derived::endpoint_port(&network.name, name.as_str()),
        _ => found.other == network.bridge && own_mac(network, &name).is_none_or(|mac| mac == found.mac),
    };
    is_borne_out.then_some((network, name))
}
