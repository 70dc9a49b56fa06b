use crate::{
    ClaimError, Identity, LeaseState, decide,
    lease::{Change, Lease},
    lock::lock,
    log::Record,
    server::{Server, notify, settled},
};
use edge_net::{Mac, Name};
use std::{net::Ipv4Addr, time::SystemTime};

/// A lease of another server, or of this one on another box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub network: Name,
    pub address: Ipv4Addr,
    /// A device's; with its option 61, if it sends one.
    pub mac: Option<Mac>,
    pub client_id: Option<Vec<u8>>,
    /// A container's name, instead.
    pub container: Option<String>,
    pub hostname: Option<String>,
    /// None: not leased now, kept for its owner.
    pub expires: Option<SystemTime>,
}

impl From<Lease> for Import {
    fn from(lease: Lease) -> Self {
        let (client_id, container) = match lease.identity {
            Identity::ClientId(id) | Identity::Cloned(id, _) => (Some(id.into_vec()), None),
            Identity::Container(name) => (None, Some(name)),
            Identity::Mac(_) => (None, None),
        };
        let expires = match lease.state {
            LeaseState::Bound { until } => Some(until),
            LeaseState::Held | LeaseState::Released { .. } | LeaseState::Expired { .. } => None,
        };
        let Lease { network, address, mac, hostname, .. } = lease;
        Self { network, address, mac, client_id, container, hostname, expires }
    }
}

impl Server {
    /// Takes over leases, on disk when this returns; says for each that is left out why.
    pub async fn import(&self, leases: Vec<Import>) -> Result<Vec<(Import, &'static str)>, ClaimError> {
        let (sender, logged) = tokio::sync::oneshot::channel();
        let left_out = {
            let core = &self.core;
            let mut networks = lock(&core.networks);
            let busy = || ClaimError::NotDurable("too much waits to be written".to_owned());
            // Asked before anything is changed, as what is not logged must not be in the tables either.
            if !core.log.has_room() {
                return Err(busy());
            }
            let moment = core.moment(&networks);
            let now = moment.now;
            let (mut left_out, mut records) = (Vec::new(), Vec::new());
            for lease in leases {
                let network = networks.by_name.get_mut(&lease.network);
                let Some((table, scope)) = network.and_then(|network| Some((&mut network.table, network.scope.as_ref()?))) else {
                    left_out.push((lease, "there is no such network"));
                    continue;
                };
                table.lapse(now);
                let left = lease.expires.and_then(|end| end.duration_since(SystemTime::now()).ok());
                let until = left.map(|left| now + left.as_secs() + 1);
                match decide::import(table, scope, &lease, until, moment) {
                    Ok(binding) => {
                        let change = Change::Bind(binding);
                        table.apply(change.clone());
                        records.push(Record { network: lease.network, at: now, change });
                    }
                    Err(why) => left_out.push((lease, why)),
                }
            }
            if !core.log.submit(records, None, notify(sender)) {
                return Err(busy());
            }
            left_out
        };
        settled(logged).await.map_err(ClaimError::NotDurable)?;
        Ok(left_out)
    }
}
