use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// `routerctl leases --export`: what another box, or another program, needs to go on with the leases of this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseFile {
    /// One for each address.
    pub leases: Vec<LeaseRecord>,
}

/// Whose an address is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRecord {
    /// `null`: the one the address lies in.
    #[serde(default)]
    pub network: Option<String>,
    /// The leased one.
    pub address: Ipv4Addr,
    /// A device's.
    #[serde(default)]
    pub mac: Option<String>,
    /// Option 61 in hex, `ff:00:01`, where the device is known by it.
    #[serde(default)]
    pub client_id: Option<String>,
    /// A container's name; then there is no `mac`.
    #[serde(default)]
    pub container: Option<String>,
    /// As the device sent it.
    #[serde(default)]
    pub hostname: Option<String>,
    /// Unix seconds; `null`: not leased now, kept for its owner.
    #[serde(default)]
    pub expires: Option<u64>,
}

impl LeaseRecord {
    /// Of which nothing else is known.
    pub fn at(address: Ipv4Addr) -> Self {
        Self { network: None, address, mac: None, client_id: None, container: None, hostname: None, expires: None }
    }
}

/// What became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// How many were taken over.
    pub taken: u32,
    /// The others.
    pub left_out: Vec<LeftOut>,
}

/// One that was not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Of the record.
    pub address: Ipv4Addr,
    /// In words.
    pub why: String,
}
