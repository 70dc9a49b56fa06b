use crate::{Attach, Error, Leases, Plugged, Plugs, Record};
use edge_config::Config;
use edge_net::{AttachKind, IfName};
use std::collections::BTreeMap;

impl<L: Leases, P: Plugs> Attach<L, P> {
    /// Before the kernel is brought to another configuration: unplugs whoever is on a bridge that is not its network's by then. Left
    /// there it would share a wire with another network's nodes, which no policy sees. [`Attach::reconcile`] plugs it in again.
    pub async fn withdraw(&self, config: &Config) -> Result<(), Error> {
        let journal = self.journal.lock().await;
        if journal.records().as_slice().is_empty() {
            return Ok(());
        }
        let ports = self.plugs.ports().await.map_err(Error::List)?;
        let ports: BTreeMap<_, _> = ports.into_iter().filter_map(|port| Some((port.name, port.bridge?))).collect();
        for record in journal.records().as_slice() {
            let Some(plugged) = record.plugged() else { continue };
            let bridge = self.bridge_of(record, plugged, &ports).await?;
            let stays = |bridge| config.network(&record.network).is_some_and(|network| network.bridge == bridge);
            if bridge.is_some_and(|bridge| !stays(bridge)) {
                self.pull(record).await?;
            }
        }
        Ok(())
    }

    /// Where it is plugged in now.
    async fn bridge_of(
        &self,
        record: &Record,
        plugged: &Plugged,
        ports: &BTreeMap<IfName, IfName>,
    ) -> Result<Option<IfName>, Error> {
        match plugged.kind {
            AttachKind::Bridge => Ok(ports.get(&record.port()).cloned()),
            AttachKind::Macvlan | AttachKind::IpvlanL2 => {
                self.plugs.parent(&plugged.place.netns, &plugged.place.ifname).await.map_err(Error::List)
            }
        }
    }
}
