//! The routes that a server names besides the default one. They are narrower than any default route, so no metric weighs them against
//! another uplink: each that is taken takes its destination from all others.

use super::claims::Claims;
use crate::dhcp::{ClientLease, WIDEST};
use edge_net::Name;
use ipnet::Ipv4Net;
use std::net::Ipv4Addr;

type Route = (Ipv4Net, Option<Ipv4Addr>);

/// Those that are used, in the server's order, and of the others why not.
pub fn usable(lease: &ClientLease, uplink: &Name, claims: &Claims) -> (Vec<Route>, Vec<String>) {
    let mut used: Vec<Route> = Vec::new();
    let mut refused: Vec<String> = lease.useless.iter().map(|to| format!("the route to {to} {}", uselessness(*to))).collect();
    for (to, via) in &lease.routes {
        let is_known = *to == lease.interface.subnet() || used.iter().any(|(known, _)| known == to);
        if is_known {
            continue;
        }
        match refusal(*to, &used, uplink, claims) {
            Some(why) => refused.push(format!("the route to {to} {why}")),
            None => used.push((*to, *via)),
        }
    }
    (used, refused)
}

fn uselessness(to: Ipv4Net) -> String {
    if to.prefix_len() < WIDEST {
        return format!("is wider than /{WIDEST}");
    }
    "goes by a next hop outside the subnet, or to nobody's address".to_owned()
}

fn refusal(to: Ipv4Net, used: &[Route], uplink: &Name, claims: &Claims) -> Option<String> {
    if let Some(other) = claims.overlapping(uplink, to) {
        return Some(format!("overlaps {other}"));
    }
    let all = used.iter().map(|(to, _)| *to).chain([to]).collect();
    (size(&all) > 1 << (32 - WIDEST)).then(|| format!("makes them more than a /{WIDEST} in all"))
}

/// How many addresses they lead to.
pub(super) fn size(destinations: &Vec<Ipv4Net>) -> u64 {
    Ipv4Net::aggregate(destinations).iter().map(|net| 1 << (32 - net.prefix_len())).sum()
}
