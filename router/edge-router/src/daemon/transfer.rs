//! Leases out of a box and into another.

use edge_api::{Failure, FailureKind, Imported, LeaseFile, LeaseRecord, LeftOut};
use edge_config::Config;
use edge_dhcp::{Import, Server};
use edge_net::Mac;
use std::time::{Duration, UNIX_EPOCH};

pub fn exported(dhcp: &Server) -> LeaseFile {
    LeaseFile { leases: dhcp.leases().into_iter().map(|lease| record(Import::from(lease))).collect() }
}

pub async fn imported(dhcp: &Server, config: &Config, file: LeaseFile) -> Result<Imported, Failure> {
    let mut leases = Vec::new();
    let mut left_out = Vec::new();
    let count = file.leases.len();
    for record in file.leases {
        let address = record.address;
        match import(config, record) {
            Ok(lease) => leases.push(lease),
            Err(why) => left_out.push(LeftOut { address, why }),
        }
    }
    let refused = dhcp.import(leases).await;
    let refused = refused.map_err(|error| Failure::from_error(FailureKind::Internal, &error))?;
    left_out.extend(refused.into_iter().map(|(lease, why)| LeftOut { address: lease.address, why: why.to_owned() }));
    left_out.sort_by_key(|one| one.address);
    Ok(Imported { taken: u32::try_from(count - left_out.len()).unwrap_or(u32::MAX), left_out })
}

fn record(lease: Import) -> LeaseRecord {
    let hex = |id: Vec<u8>| id.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
    LeaseRecord {
        network: Some(lease.network.to_string()),
        address: lease.address,
        mac: lease.mac.map(|mac| mac.to_string()),
        client_id: lease.client_id.map(hex),
        container: lease.container,
        hostname: lease.hostname,
        expires: lease.expires.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_secs()),
    }
}

/// What comes by the API is as a file says it, so everything is checked.
fn import(config: &Config, record: LeaseRecord) -> Result<Import, String> {
    let network = match &record.network {
        Some(name) => config.networks.iter().find(|network| network.name.as_str() == name),
        None => config.network_of(record.address),
    };
    let network = network.ok_or("it lies in none of the networks")?.name.clone();
    let mac = record.mac.map(|mac| mac.parse::<Mac>().map_err(|error| format!("{}: {error}", mac.escape_debug())));
    let id = record.client_id.map(|id| {
        let bytes = id.split(':').map(|pair| u8::from_str_radix(pair, 16).ok()).collect::<Option<Vec<u8>>>();
        bytes.filter(|id| id.len() <= 255).ok_or("its client identifier is not hex as in ff:00:01")
    });
    Ok(Import {
        network,
        address: record.address,
        mac: mac.transpose()?,
        client_id: id.transpose()?,
        container: record.container,
        hostname: record.hostname,
        expires: record.expires.and_then(|at| UNIX_EPOCH.checked_add(Duration::from_secs(at))),
    })
}
