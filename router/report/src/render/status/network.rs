use super::worst_first;
use crate::render::{
    table::{Cell, Table},
    text::Style,
};
use edge_api::{NetworkState, NetworkStatus};

/// The state has a column only when it says something.
pub(super) fn table(networks: &[NetworkStatus]) -> Table {
    let all_up = networks.iter().all(|network| network.state == NetworkState::Up);
    let mut titles = vec!["NETWORK", "VLAN", "BRIDGE", "ROUTER", "NODES", "POOL", "REACHES"];
    titles.extend((!all_up).then_some("STATE"));
    let mut table = Table::new(&titles);
    for network in worst_first(networks, |network| network.state == NetworkState::Up) {
        let cells = [
            network.name.as_str().into(),
            network.vlan.map_or("-".to_owned(), |vlan| vlan.to_string()).into(),
            network.bridge.as_str().into(),
            network.router.as_str().into(),
            network.nodes.to_string().into(),
            pool(network),
            if network.reaches.is_empty() { "-".into() } else { network.reaches.join(", ").into() },
        ];
        table.row(cells.into_iter().chain((!all_up).then(|| network_state(network.state))));
    }
    table
}

fn pool(network: &NetworkStatus) -> Cell {
    match (network.pool_used, network.pool_size) {
        (Some(used), Some(size)) => {
            Cell::styled(format!("{used} of {size}"), if used >= size { Style::Warn } else { Style::Plain })
        }
        _ => "-".into(),
    }
}

fn network_state(state: NetworkState) -> Cell {
    let style = match state {
        NetworkState::Up => Style::Good,
        NetworkState::Waiting => Style::Warn,
        NetworkState::Down => Style::Bad,
    };
    Cell::styled(state.as_str(), style)
}
