use crate::{EndpointName, NetnsId};
use edge_kernel::endpoint::Unplug;
use edge_net::{AttachKind, IfName, Interface, Mac, Name, derived};
use serde::{Deserialize, Serialize};
use std::{fmt::Display, net::Ipv4Addr, path::PathBuf, str::FromStr};

/// One attachment, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Record {
    pub netns: PathBuf,
    /// Which namespace that path led to.
    pub id: NetnsId,
    pub name: EndpointName,
    pub network: Name,
    pub ifname: IfName,
    pub kind: AttachKind,
    pub address: Interface,
    pub gateway: Ipv4Addr,
    pub mac: Mac,
}

/// A record as JSON has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    netns: PathBuf,
    id: NetnsId,
    name: String,
    network: String,
    ifname: String,
    kind: String,
    address: String,
    gateway: Ipv4Addr,
    mac: String,
}

impl Record {
    pub fn is(&self, network: &Name, name: &EndpointName) -> bool {
        self.network == *network && self.name == *name
    }

    pub(crate) fn port(&self) -> IfName {
        derived::endpoint_port(&self.network, self.name.as_str())
    }

    pub(crate) fn unplug(&self) -> Unplug {
        Unplug { netns: Some(self.netns.clone()), ifname: self.ifname.clone(), kind: self.kind, port: self.port() }
    }
}

impl From<Record> for Stored {
    fn from(record: Record) -> Self {
        let kind = match record.kind {
            AttachKind::Bridge => "bridge",
            AttachKind::Macvlan => "macvlan",
            AttachKind::IpvlanL2 => "ipvlan-l2",
        };
        Self {
            id: record.id,
            name: record.name.to_string(),
            network: record.network.to_string(),
            ifname: record.ifname.to_string(),
            kind: kind.to_owned(),
            address: record.address.to_string(),
            gateway: record.gateway,
            mac: record.mac.to_string(),
            netns: record.netns,
        }
    }
}

impl TryFrom<Stored> for Record {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        let kind = match stored.kind.as_str() {
            "bridge" => AttachKind::Bridge,
            "macvlan" => AttachKind::Macvlan,
            "ipvlan-l2" => AttachKind::IpvlanL2,
            other => return Err(format!("kind \"{other}\" is not known")),
        };
        Ok(Self {
            id: stored.id,
            name: field("name", &stored.name)?,
            network: field("network", &stored.network)?,
            ifname: field("ifname", &stored.ifname)?,
            kind,
            address: Interface::new(field("address", &stored.address)?)
                .ok_or_else(|| format!("{} is no node's address", stored.address))?,
            gateway: stored.gateway,
            mac: field("mac", &stored.mac)?,
            netns: stored.netns,
        })
    }
}

fn field<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|why| format!("{name} \"{text}\": {why}"))
}
