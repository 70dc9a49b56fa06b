use super::{living::Living, network::sorted, option, teller::Table};
use edge_config::{Dhcp, DhcpRelay, DhcpServer};
use edge_net::Name;

pub fn tell(network: &Name, old: Option<&Dhcp>, new: Option<&Dhcp>, living: &Living, table: &mut Table) {
    match (old, new) {
        (None, None) => {}
        (Some(Dhcp::Server(old)), Some(Dhcp::Server(new))) => server(network, old, new, living, table),
        (Some(Dhcp::Relay(old)), Some(Dhcp::Relay(new))) => relay(old, new, table),
        (Some(old), Some(new)) => table.tell("dhcp", format!("{} -> {}", in_words(old), in_words(new))),
        (None, Some(new)) => table.tell("dhcp", format!("no DHCP -> {}", in_words(new))),
        (Some(old), None) => table.tell("dhcp", format!("{} -> no DHCP", in_words(old))),
    }
}

fn server(network: &Name, old: &DhcpServer, new: &DhcpServer, living: &Living, table: &mut Table) {
    let DhcpServer { from, to, lease, renew, rebind, gateway, dns, domain, options, relays, rapid_commit, probe } = old;
    if (from, to) != (&new.from, &new.to) {
        let note = living.out_of_range(network, old, new);
        table.tell("dhcp", format!("DHCP {from}-{to} -> {}-{}{note}", new.from, new.to));
    }
    table.key("lease", lease, &new.lease, "");
    table.key("renew", renew, &new.renew, "half of the lease");
    table.key("rebind", rebind, &new.rebind, "seven eighths of the lease");
    table.key("gateway", gateway, &new.gateway, "the router");
    table.key("dns", dns, &new.dns, "those of the uplinks");
    table.key("domain", domain, &new.domain, "none");
    table.key("relays", &sorted(relays), &sorted(&new.relays), "none");
    table.key("rapid-commit", rapid_commit, &new.rapid_commit, "");
    table.key("probe", probe, &new.probe, "");
    option::tell(options, &new.options, table);
}

fn relay(old: &DhcpRelay, new: &DhcpRelay, table: &mut Table) {
    let DhcpRelay { servers } = old;
    table.key("relay-to", &sorted(servers), &sorted(&new.servers), "none");
}

pub fn in_words(dhcp: &Dhcp) -> String {
    match dhcp {
        Dhcp::Server(server) => format!("DHCP {}-{}", server.from, server.to),
        Dhcp::Relay(relay) => {
            let servers: Vec<String> = relay.servers.iter().map(ToString::to_string).collect();
            format!("DHCP by {}", servers.join(", "))
        }
    }
}
