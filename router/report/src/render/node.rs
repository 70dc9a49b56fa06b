use super::{
    table::{Cell, Table},
    text::{Style, clean},
    time::about,
};
use edge_api::{Imported, Leases, Node, NodeKind};

/// `now`: unix seconds.
pub fn leases(leases: &Leases, now: u64, color: bool) -> String {
    if leases.leases.is_empty() { "no leases\n".to_owned() } else { table(&leases.leases, now).render(color) }
}

/// What an import took, and each lease that it left out.
pub fn imported(imported: &Imported) -> String {
    let left_out = imported.left_out.iter().map(|one| format!("{}: left out, {}\n", one.address, clean(&one.why)));
    left_out.chain([format!("{} leases taken over, {} left out\n", imported.taken, imported.left_out.len())]).collect()
}

pub(super) fn table(nodes: &[Node], now: u64) -> Table {
    let mut table = Table::new(&["NODE", "NETWORK", "ADDRESS", "KIND", "IDENTITY", "LEASE"]);
    for node in nodes {
        let style = if node.online { Style::Good } else { Style::Plain };
        table.row([
            node.name.as_deref().unwrap_or("-").into(),
            node.network.as_str().into(),
            node.address.to_string().into(),
            node.kind.as_str().into(),
            identity(node).into(),
            Cell::styled(lease(node, now), style),
        ]);
    }
    table
}

/// By what a node is known: a device by its MAC, an attached container by its namespace.
fn identity(node: &Node) -> String {
    match (&node.netns, &node.mac) {
        (Some(path), _) => format!("netns {}", short(path)),
        (None, Some(mac)) if node.kind == NodeKind::Device => mac.clone(),
        _ => "-".to_owned(),
    }
}

/// A named namespace by its name, as `ip netns` has it.
fn short(path: &str) -> &str {
    ["/run/netns/", "/var/run/netns/"].iter().find_map(|folder| path.strip_prefix(folder)).unwrap_or(path)
}

fn lease(node: &Node, now: u64) -> String {
    let term = match (node.kind, node.online, node.expires) {
        (NodeKind::Resting, _, expires) => {
            let left = expires.unwrap_or_default().saturating_sub(now);
            return format!("used without a lease, {} left", about(left));
        }
        (NodeKind::Container, true, _) => "attached".to_owned(),
        (NodeKind::Container, false, _) => "kept, not attached".to_owned(),
        (NodeKind::Device, _, Some(expires)) if expires > now => format!("{} left", about(expires - now)),
        (NodeKind::Device, _, Some(_)) => "expired".to_owned(),
        (NodeKind::Device, true, None) => "online".to_owned(),
        (NodeKind::Device, false, None) => "not seen".to_owned(),
    };
    if node.permanent { format!("permanent, {}", term.trim_start_matches("kept, ")) } else { term }
}
