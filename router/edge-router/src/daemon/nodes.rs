//! Who is in the networks: reservations, leases and attachments, joined by network and address.

use edge_api::{Node, NodeKind};
use edge_attach::Record;
use edge_config::Config;
use edge_dhcp::{Lease, LeaseKind, LeaseState};
use edge_net::Name;
use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    time::{SystemTime, UNIX_EPOCH},
};

/// Network, address, and until when.
type Resting = (Name, Ipv4Addr, SystemTime);

/// In the order of the networks in the file, then by address.
pub fn nodes(config: &Config, leases: &[Lease], resting: Vec<Resting>, attached: &[Record]) -> Vec<Node> {
    let place = |network: &str| config.networks.iter().position(|one| one.name.as_str() == network).unwrap_or(usize::MAX);
    let mut nodes: BTreeMap<(usize, Ipv4Addr), Node> = BTreeMap::new();
    for host in &config.hosts {
        let node = Node {
            name: Some(host.name.to_string()),
            network: host.network.to_string(),
            address: host.address,
            kind: if host.is_container() { NodeKind::Container } else { NodeKind::Device },
            mac: host.mac().map(|mac| mac.to_string()),
            netns: None,
            permanent: true,
            expires: None,
            online: false,
        };
        nodes.insert((place(host.network.as_str()), host.address), node);
    }
    for (network, address, until) in resting {
        let node = Node {
            name: None,
            network: network.to_string(),
            address,
            kind: NodeKind::Resting,
            mac: None,
            netns: None,
            permanent: false,
            expires: until.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs()),
            online: false,
        };
        nodes.insert((place(network.as_str()), address), node);
    }
    for lease in leases {
        nodes.insert((place(lease.network.as_str()), lease.address), leased(lease));
    }
    for (record, plugged) in attached.iter().filter_map(|record| Some((record, record.plugged()?))) {
        if let Some(node) = nodes.get_mut(&(place(record.network.as_str()), record.address.address())) {
            node.mac = Some(plugged.mac.to_string());
            node.netns = Some(plugged.place.netns.display().to_string());
            node.online = true;
        }
    }
    nodes.into_values().collect()
}

fn leased(lease: &Lease) -> Node {
    let expires = match lease.state {
        LeaseState::Bound { until } => until.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs()),
        _ => None,
    };
    Node {
        name: lease.name.clone(),
        network: lease.network.to_string(),
        address: lease.address,
        kind: match lease.kind {
            LeaseKind::Device => NodeKind::Device,
            LeaseKind::Container => NodeKind::Container,
        },
        mac: lease.mac.map(|mac| mac.to_string()),
        netns: None,
        permanent: lease.permanent,
        expires,
        online: matches!(lease.state, LeaseState::Bound { until } if until > SystemTime::now()),
    }
}
