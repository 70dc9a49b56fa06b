//! The core in the words of the API.

use crate::{Attach, Error, Leases, Plugs, Record, Request, request};
use edge_api::{AttachRequest, Attached, DetachRequest, Detached, Failure, FailureKind};
use edge_config::Config;
use edge_dhcp::ClaimError;

impl<L: Leases, P: Plugs> Attach<L, P> {
    pub async fn attach(&self, config: &Config, request: AttachRequest) -> Result<Attached, Failure> {
        let AttachRequest { netns, name, network, ifname } = request;
        let request = Request::parse(&netns, &name, &network, &ifname)?;
        Ok(Attached::from(&self.attach_to(config, request).await?))
    }

    pub async fn detach(&self, request: DetachRequest) -> Result<Detached, Failure> {
        let detached = match request {
            DetachRequest::Name(name) => self.detach_those(|record| record.name.as_str() == name).await?,
            DetachRequest::Netns(netns) => {
                let path = request::path(&netns)?;
                let id = self.plugs.identify(&path).ok();
                self.detach_those(|record| record.netns == path || Some(record.id) == id).await?
            }
        };
        Ok(Detached { detached: detached.iter().map(Attached::from).collect() })
    }

    pub async fn list(&self) -> Vec<Attached> {
        self.records().await.iter().map(Attached::from).collect()
    }
}

impl From<&Record> for Attached {
    fn from(record: &Record) -> Self {
        Self {
            netns: record.netns.display().to_string(),
            name: record.name.to_string(),
            network: record.network.to_string(),
            ifname: record.ifname.to_string(),
            address: record.address.to_string(),
            gateway: record.gateway,
            mac: record.mac.to_string(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::BadName(_) | Error::BadIfName { .. } | Error::BadNetns { .. } => FailureKind::Invalid,
            Error::NoNetwork { .. } | Error::Claim(ClaimError::NoNetwork(_)) => FailureKind::NotFound,
            Error::NameTaken { .. } | Error::IfNameTaken { .. } | Error::Full(_) | Error::Unfit { .. } => FailureKind::Conflict,
            Error::Claim(ClaimError::NotDurable(_)) => FailureKind::Internal,
            Error::Claim(_) => FailureKind::Conflict,
            Error::Plug { .. } | Error::Unplug { .. } | Error::List(_) | Error::Journal(_) => FailureKind::Internal,
        };
        Failure::from_error(kind, &error)
    }
}
