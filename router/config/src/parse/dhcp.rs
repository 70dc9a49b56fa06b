use crate::{
    Dhcp, Interface,
    mistake::Mistakes,
    parse::{domain::Domain, lease::Lease, table::Table},
    span::At,
};
use std::{net::Ipv4Addr, time::Duration};

const DEFAULT_LEASE: Duration = Duration::from_secs(12 * 3600);

/// Addresses in one range; the server keeps a bit for each.
const MAX_RANGE: u32 = 65_536;

pub fn read(mut table: Table, router: &Option<At<Interface>>, mistakes: &mut Mistakes) -> Option<Dhcp> {
    let from = table.need("from", "\"10.0.1.100\"", mistakes);
    let to = table.need("to", "\"10.0.1.199\"", mistakes);
    let lease = table.take::<Lease>("lease", mistakes);
    let dns = table.take::<Vec<At<Ipv4Addr>>>("dns", mistakes);
    let domain = table.take::<Domain>("domain", mistakes);
    table.finish(mistakes);
    if let Some(router) = router {
        check_inside(&from, router, mistakes);
        check_inside(&to, router, mistakes);
    }
    let (from, to) = (from?, to?);
    check_range(&from, &to, router, mistakes);
    Some(Dhcp {
        from: from.value,
        to: to.value,
        lease: lease.map_or(DEFAULT_LEASE, |lease| lease.value.0),
        dns: dns.into_iter().flat_map(|servers| servers.value).map(|server| server.value).collect(),
        domain: domain.map(|domain| domain.value.0),
    })
}

fn check_inside(end: &Option<At<Ipv4Addr>>, router: &At<Interface>, mistakes: &mut Mistakes) {
    if let Some(end) = end
        && !router.has_host(end.value)
    {
        let help = match (router.subnet().hosts().next(), router.subnet().hosts().next_back()) {
            (Some(first), Some(last)) => format!("a node of this network has an address from {first} to {last}"),
            _ => "a node of this network has an address in its subnet".to_owned(),
        };
        mistakes
            .add(end.span, format!("{} is not a node's address in {}", end.value, router.subnet()))
            .related(router.span, "the network's address")
            .help(help);
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
