use super::dhcp_options;
use crate::{
    Dhcp, DhcpRelay, DhcpServer,
    mistake::Mistakes,
    parse::{domain::Domain, lease_time::LeaseTime, table::Table, value::OneOrMore},
    span::At,
};
use edge_net::Interface;
use std::{net::Ipv4Addr, time::Duration};

/// Addresses in one range. The server keeps ranges and what was taken from them, so a large one costs nothing by itself; this bounds the
/// leases that a flood of clients can make.
const MAX_RANGE: u32 = 1 << 20;

/// Servers a relay agent asks: each message is sent to all.
const MAX_SERVERS: usize = 4;

pub fn read(mut table: Table, router: &Option<At<Interface>>, mistakes: &mut Mistakes) -> Option<Dhcp> {
    if table.has("relay-to") {
        return relay(table, router, mistakes).map(Dhcp::Relay);
    }
    let from = table.need("from", "\"10.0.1.100\"", mistakes);
    let to = table.need("to", "\"10.0.1.199\"", mistakes);
    let lease = table.take::<LeaseTime>("lease", mistakes);
    let renew = table.take::<LeaseTime>("renew", mistakes);
    let rebind = table.take::<LeaseTime>("rebind", mistakes);
    let gateway = table.take::<Ipv4Addr>("gateway", mistakes);
    let dns = table.take::<OneOrMore<Ipv4Addr>>("dns", mistakes);
    let domain = table.take::<Domain>("domain", mistakes);
    let relays = table.take::<OneOrMore<Ipv4Addr>>("relays", mistakes);
    let rapid_commit = table.take("rapid-commit", mistakes);
    let probe = table.take("probe", mistakes);
    let options = dhcp_options::read(&mut table, gateway.as_ref(), router, mistakes);
    table.known("relay-to");
    table.finish(mistakes);
    if let Some(router) = router {
        let relays = relays.iter().flat_map(|relays| &relays.value.0);
        [&from, &to, &gateway].into_iter().flatten().chain(relays).for_each(|at| check_inside(at, router, mistakes));
    }
    let (from, to) = (from?, to?);
    check_range(&from, &to, router, mistakes);
    for one in relays.iter().flat_map(|relays| &relays.value.0).chain(&gateway) {
        check_outside(one, &from, &to, mistakes);
    }
    let mut dhcp = DhcpServer::new(from.value, to.value);
    dhcp.lease = lease.as_ref().map_or(dhcp.lease, |lease| lease.value.0);
    check_timers(&renew, &rebind, &lease, dhcp.lease, mistakes);
    let values = |list: Option<At<OneOrMore<Ipv4Addr>>>| list.map(|list| list.value.values()).unwrap_or_default();
    Some(Dhcp::Server(DhcpServer {
        renew: renew.map(|renew| renew.value.0),
        rebind: rebind.map(|rebind| rebind.value.0),
        gateway: gateway.map(|gateway| gateway.value),
        dns: values(dns),
        domain: domain.map(|domain| domain.value.0),
        options,
        relays: values(relays),
        rapid_commit: rapid_commit.is_some_and(|rapid| rapid.value),
        probe: probe.is_none_or(|probe| probe.value),
        ..dhcp
    }))
}

fn relay(mut table: Table, router: &Option<At<Interface>>, mistakes: &mut Mistakes) -> Option<DhcpRelay> {
    let servers = table.take::<OneOrMore<Ipv4Addr>>("relay-to", mistakes);
    for key in ["from", "to"] {
        table.known(key);
        if !table.has(key) {
            continue;
        }
        mistakes
            .add(table.at, format!("both `relay-to` and `{key}`: who gives out this network's addresses?"))
            .help("keep `relay-to`, where another server does, or `from` and `to`, where this box does");
    }
    table.finish(mistakes);
    let servers = servers?.value.0;
    if let Some(extra) = servers.get(MAX_SERVERS) {
        mistakes
            .add(extra.span, format!("{} DHCP servers, a relay agent asks at most {MAX_SERVERS}", servers.len()))
            .help("leave some out: each message goes to every one of them");
    }
    if let Some(router) = router {
        for own in servers.iter().filter(|server| server.value == router.address()) {
            mistakes
                .add(own.span, format!("{} is the router's own address", own.value))
                .related(router.span, "the router's address")
                .help("write the address of the DHCP server, or serve this network from here: dhcp = { from = …, to = … }");
        }
    }
    Some(DhcpRelay { servers: servers.into_iter().map(|server| server.value).collect() })
}

fn check_inside(address: &At<Ipv4Addr>, router: &At<Interface>, mistakes: &mut Mistakes) {
    if !router.has_host(address.value) {
        let help = match (router.subnet().hosts().next(), router.subnet().hosts().next_back()) {
            (Some(first), Some(last)) => format!("a node of this network has an address from {first} to {last}"),
            _ => "a node of this network has an address in its subnet".to_owned(),
        };
        mistakes
            .add(address.span, format!("{} is not a node's address in {}", address.value, router.subnet()))
            .related(router.span, "the network's address")
            .help(help);
    }
}

/// A gateway or a relay agent has its address already.
fn check_outside(one: &At<Ipv4Addr>, from: &At<Ipv4Addr>, to: &At<Ipv4Addr>, mistakes: &mut Mistakes) {
    if (from.value..=to.value).contains(&one.value) {
        mistakes
            .add(
                one.span,
                format!("{} is in the range {} to {}, so it could be leased to somebody else", one.value, from.value, to.value),
            )
            .related(from.span, "the range starts here")
            .help("end the range before it or start it after it");
    }
}

/// T1 < T2 < lease (RFC 2131, 4.4.5).
fn check_timers(
    renew: &Option<At<LeaseTime>>,
    rebind: &Option<At<LeaseTime>>,
    lease_at: &Option<At<LeaseTime>>,
    lease: Duration,
    mistakes: &mut Mistakes,
) {
    let t1 = renew.as_ref().map_or(lease / 2, |renew| renew.value.0);
    let t2 = rebind.as_ref().map_or(lease / 8 * 7, |rebind| rebind.value.0);
    if let Some(rebind) = rebind.as_ref().filter(|rebind| rebind.value.0 >= lease) {
        let mistake = mistakes.add(rebind.span, "`rebind` must be shorter than the lease");
        if let Some(lease) = lease_at {
            mistake.related(lease.span, "the lease");
        }
        mistake.help("leave it out for seven eighths of the lease");
    }
    if let Some(rebind) = rebind.as_ref().filter(|_| renew.is_none() && t1 >= t2) {
        mistakes
            .add(rebind.span, "`rebind` must be longer than `renew`, which is half of the lease where it is not given")
            .help("write a shorter `renew` too, or leave `rebind` out for seven eighths of the lease");
    }
    if let Some(renew) = renew.as_ref().filter(|_| t1 >= t2) {
        let mistake = mistakes.add(renew.span, "`renew` must be shorter than `rebind`");
        if let Some(rebind) = rebind {
            mistake.related(rebind.span, "`rebind`");
        }
        mistake.help("leave it out for half of the lease");
    }
}

fn check_range(from: &At<Ipv4Addr>, to: &At<Ipv4Addr>, router: &Option<At<Interface>>, mistakes: &mut Mistakes) {
    if from.value > to.value {
        mistakes
            .add(to.span, format!("the range ends at {}, before it starts", to.value))
            .related(from.span, "it starts here")
            .help("swap `from` and `to`");
        return;
    }
    let count = u64::from(u32::from(to.value) - u32::from(from.value)) + 1;
    if count > u64::from(MAX_RANGE) {
        mistakes
            .add(to.span, format!("the range has {count} addresses, a range has at most {MAX_RANGE}"))
            .related(from.span, "it starts here")
            .help(format!("end it at {} or before", Ipv4Addr::from(u32::from(from.value).saturating_add(MAX_RANGE - 1))));
    }
    if let Some(router) = router
        && [from, to].iter().all(|end| router.has_host(end.value))
        && (from.value..=to.value).contains(&router.address())
    {
        mistakes
            .add(from.span, format!("the range {} to {} contains the router's own address", from.value, to.value))
            .related(router.span, "the router's address")
            .help("start after it or end before it");
    }
}
