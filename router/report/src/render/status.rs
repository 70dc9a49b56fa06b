use super::{
    WIDTH, node,
    table::{Cell, Table},
    text::{Style, clean, cut, wrap},
    time::{clock, span},
};
use edge_api::{NetworkState, NetworkStatus, Status, UplinkState, UplinkStatus};

/// One screen; `now`: unix seconds.
pub fn status(status: &Status, now: u64, color: bool) -> String {
    let mut parts = vec![headline(status, now, color)];
    let urgent: String = confirm_wanted(status, now, color).into_iter().chain(problems(status, color)).collect();
    parts.extend((!urgent.is_empty()).then_some(urgent));
    if !status.uplinks.is_empty() {
        parts.push(uplinks(&status.uplinks, color));
    }
    if !status.networks.is_empty() {
        parts.push(networks(&status.networks, color));
    }
    if !status.nodes.is_empty() {
        parts.push(node::table(&status.nodes, now, color));
    }
    if status.uplinks.is_empty() && status.networks.is_empty() {
        parts.push("no uplink and no network yet: describe them in /etc/edge-router.toml, then routerctl apply\n".to_owned());
    }
    parts.join("\n")
}

fn headline(status: &Status, now: u64, color: bool) -> String {
    let config = match &status.applied {
        Some(applied) if applied.confirmed => format!("config applied {}, confirmed", clock(applied.at, now)),
        Some(applied) => format!("config applied {}, not confirmed", clock(applied.at, now)),
        None => "no config applied".to_owned(),
    };
    let place = status.namespace.as_ref().map(|name| format!("data plane in namespace \"{}\"", clean(name)));
    let hostname = clean(&status.hostname);
    let mut text = Style::Bold.paint(&hostname, color);
    let mut column = hostname.len();
    for part in [format!("up {}", span(status.uptime)), config].into_iter().chain(place) {
        let gap = if column + 3 + part.len() > WIDTH { "\n   " } else { "   " };
        column = if gap == "   " { column } else { 0 } + 3 + part.len();
        text += gap;
        text += &cut(&part, WIDTH - 3);
    }
    text + "\n"
}

/// Before everything that is wrong: this is over soon.
fn confirm_wanted(status: &Status, now: u64, color: bool) -> Option<String> {
    let applied = status.applied.as_ref()?;
    let within = span(applied.confirm_within?.into());
    let back = applied.back_to.map_or("the one before".to_owned(), |at| format!("{}'s configuration", clock(at, now)));
    let text = format!("confirm within {within}, or {back} comes back: routerctl confirm");
    Some(Style::Warn.paint(wrap("! ", &text).trim_end(), color) + "\n")
}

fn problems(status: &Status, color: bool) -> Option<String> {
    let lines = status.problems.iter().map(|problem| {
        let why = problem.why.as_ref().map(|why| wrap("  ", why)).unwrap_or_default();
        Style::Bad.paint(wrap("! ", &problem.what).trim_end(), color) + "\n" + &why
    });
    (!status.problems.is_empty()).then(|| lines.collect())
}

fn uplinks(uplinks: &[UplinkStatus], color: bool) -> String {
    let mut table = Table::new(&["UPLINK", "DEVICE", "ADDRESS", "GATEWAY", "STATE"]);
    for uplink in worst_first(uplinks, |uplink| uplink.state.is_good()) {
        let device = if uplink.link == "direct" { uplink.device.clone() } else { format!("{} ({})", uplink.device, uplink.link) };
        table.row([
            uplink.name.as_str().into(),
            device.into(),
            uplink.address.as_deref().unwrap_or("-").into(),
            uplink.gateway.map_or("-".to_owned(), |gateway| gateway.to_string()).into(),
            uplink_state(uplink, uplinks.len() > 1),
        ]);
    }
    table.render(color)
}

/// Which one is in use is a question where there are several.
fn uplink_state(uplink: &UplinkStatus, several: bool) -> Cell {
    let style = match uplink.state {
        UplinkState::Online | UplinkState::Up => Style::Good,
        UplinkState::Waiting | UplinkState::NoLease => Style::Warn,
        UplinkState::Down => Style::Bad,
    };
    let mut text = uplink.state.as_str().to_owned();
    if let Some(ms) = uplink.round_trip_ms {
        text += &format!(", {ms} ms");
    }
    if several && uplink.in_use {
        text += ", in use";
    }
    if let Some(why) = &uplink.why {
        text += &format!(": {why}");
    }
    Cell::styled(text, style)
}

/// The state has a column only when it says something.
fn networks(networks: &[NetworkStatus], color: bool) -> String {
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
    table.render(color)
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

fn worst_first<T>(rows: &[T], is_good: impl Fn(&T) -> bool) -> Vec<&T> {
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by_key(|row| is_good(row));
    rows
}
