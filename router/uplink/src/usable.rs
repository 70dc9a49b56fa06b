//! What of the leases may be used: what a server out there says must not break a network in here, nor another uplink. Pure.

mod claims;
mod routes;

use crate::dhcp::ClientLease;
use claims::Claims;
use edge_config::{Config, Uplink, UplinkAddress};
use edge_net::Name;
use edge_plan::UplinkLease;
use std::{collections::BTreeMap, net::Ipv4Addr};

/// A lease, as far as it may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usable {
    pub lease: UplinkLease,
    /// The rest of it, and why.
    pub refused: Vec<String>,
}

/// What each lease comes to, or why it is not used. Addresses and name servers in the order of the file, so that a later uplink's server
/// cannot take what an earlier one has; routes after all of them.
pub fn usable(config: &Config, leases: &BTreeMap<Name, ClientLease>) -> BTreeMap<Name, Result<Usable, String>> {
    let mut claims = Claims::of_the_file(config);
    let mut verdicts = BTreeMap::new();
    let dhcp = || config.uplinks.iter().filter(|uplink| uplink.address == UplinkAddress::Dhcp);
    let leased = || dhcp().filter_map(|uplink| Some((uplink, leases.get(&uplink.name)?)));
    for (uplink, lease) in leased() {
        verdicts.insert(uplink.name.clone(), address(uplink, lease, &mut claims));
    }
    for (uplink, lease) in leased() {
        if let Some(Ok(usable)) = verdicts.get_mut(&uplink.name) {
            let (routes, refused) = routes::usable(lease, &uplink.name, &claims);
            usable.lease.routes = routes;
            usable.refused.extend(refused);
        }
    }
    verdicts
}

/// Without its routes yet.
fn address<'a>(uplink: &'a Uplink, lease: &ClientLease, claims: &mut Claims<'a>) -> Result<Usable, String> {
    let interface = lease.interface;
    if let Some(other) = claims.overlapping(&uplink.name, interface.subnet()) {
        return Err(format!("the server gives {interface}, which overlaps {other}: renumber one of the two"));
    }
    let (dns, refused) = name_servers(uplink, lease, claims);
    claims.add_lease(uplink, interface, lease.gateway, &dns);
    Ok(Usable { lease: UplinkLease { interface, gateway: lease.gateway, dns, routes: Vec::new() }, refused })
}

/// One that lies where another uplink or a network leads is not this server's to name.
fn name_servers(uplink: &Uplink, lease: &ClientLease, claims: &Claims) -> (Vec<Ipv4Addr>, Vec<String>) {
    // What the file says wins.
    let learned = lease.dns.iter().filter(|_| uplink.dns.is_empty());
    let (mut dns, mut refused) = (Vec::new(), Vec::new());
    for server in learned {
        match claims.subnet_around(&uplink.name, *server) {
            Some(other) => refused.push(format!("the name server {server} is in {other}")),
            None => dns.push(*server),
        }
    }
    (dns, refused)
}

#[cfg(test)]
mod tests;
