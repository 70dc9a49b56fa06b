//! systemd-networkd's: JSON.

use super::{Found, Reading};
use edge_api::LeaseRecord;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct File {
    leases: Vec<Lease>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Lease {
    #[serde(default)]
    client_id: Vec<u8>,
    address: [u8; 4],
    hostname: Option<String>,
    #[serde(default)]
    hardware_address: Vec<u8>,
    #[serde(rename = "ExpirationRealtimeUSec")]
    expiration: Option<u64>,
}

pub fn read(file: File, reading: &mut Reading) {
    for Lease { client_id, address, hostname, hardware_address, expiration } in file.leases {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
        let expires = expiration.map(|at| at / 1_000_000);
        let client_id = Some(hex(&client_id)).filter(|id| !id.is_empty());
        // The field has room for other kinds of hardware.
        let mac = hardware_address.get(..6).map(hex);
        let record = LeaseRecord { mac, client_id, hostname, expires, ..LeaseRecord::at(address.into()) };
        reading.found(Found { since: expires, record });
    }
}
