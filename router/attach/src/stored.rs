//! A record as JSON has it. Releases before there were reservations know the plugged ones only, and call a file with another one
//! damaged; what they wrote is read as it is.

use crate::{NetnsId, Place, Plugged, Record, State};
use edge_net::{AttachKind, Interface, Mac};
use serde::{Deserialize, Serialize};
use std::{fmt::Display, net::Ipv4Addr, path::PathBuf, str::FromStr};

/// Neither knows all fields of the other, so that a damaged one is never taken for one of the other kind.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Stored {
    Plugged(StoredPlugged),
    Reserved(StoredReserved),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredPlugged {
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredReserved {
    name: String,
    network: String,
    address: String,
    /// Written as `null` for one that has its parent's.
    reserved_mac: Option<String>,
}

impl From<Record> for Stored {
    fn from(record: Record) -> Self {
        let (name, network, address) = (record.name.to_string(), record.network.to_string(), record.address.to_string());
        match record.state {
            State::Reserved { mac } => {
                Stored::Reserved(StoredReserved { name, network, address, reserved_mac: mac.map(|mac| mac.to_string()) })
            }
            State::Plugged(Plugged { place, kind, gateway, mac }) => Stored::Plugged(StoredPlugged {
                netns: place.netns,
                id: place.id,
                name,
                network,
                ifname: place.ifname.to_string(),
                kind: word(kind).to_owned(),
                address,
                gateway,
                mac: mac.to_string(),
            }),
        }
    }
}

impl TryFrom<Stored> for Record {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        match stored {
            Stored::Plugged(stored) => stored.record(),
            Stored::Reserved(stored) => stored.record(),
        }
    }
}

impl StoredPlugged {
    fn record(self) -> Result<Record, String> {
        let place = Place { netns: self.netns, id: self.id, ifname: field("ifname", &self.ifname)? };
        let (kind, mac): (_, Mac) = (kind(&self.kind)?, field("mac", &self.mac)?);
        Ok(Record {
            network: field("network", &self.network)?,
            name: field("name", &self.name)?,
            address: address(&self.address)?,
            state: State::Plugged(Plugged { place, kind, gateway: self.gateway, mac }),
        })
    }
}

impl StoredReserved {
    fn record(self) -> Result<Record, String> {
        let mac = self.reserved_mac.map(|mac| field("reserved_mac", &mac)).transpose()?;
        Ok(Record {
            network: field("network", &self.network)?,
            name: field("name", &self.name)?,
            address: address(&self.address)?,
            state: State::Reserved { mac },
        })
    }
}

fn word(kind: AttachKind) -> &'static str {
    match kind {
        AttachKind::Bridge => "bridge",
        AttachKind::Macvlan => "macvlan",
        AttachKind::IpvlanL2 => "ipvlan-l2",
    }
}

fn kind(word: &str) -> Result<AttachKind, String> {
    match word {
        "bridge" => Ok(AttachKind::Bridge),
        "macvlan" => Ok(AttachKind::Macvlan),
        "ipvlan-l2" => Ok(AttachKind::IpvlanL2),
        other => Err(format!("kind \"{other}\" is not known")),
    }
}

fn address(text: &str) -> Result<Interface, String> {
    Interface::new(field("address", text)?).ok_or_else(|| format!("{text} is no node's address"))
}

fn field<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|why| format!("{name} \"{text}\": {why}"))
}
