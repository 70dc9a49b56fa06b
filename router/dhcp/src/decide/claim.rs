use super::{Scope, requester::Requester};
use crate::{
    Claim, ClaimError,
    lease::{Binding, Secs, State, Table},
};
use std::net::Ipv4Addr;

/// A container's address: the one it insists on, else the reserved, else the one it had, else a new one. Where another
/// server gives out this network's addresses, no new one, and of those it had only what it still holds.
pub fn claim(table: &Table, scope: &Scope, claim: &Claim, now: Secs) -> Result<Binding, ClaimError> {
    let network = || scope.service.network.clone();
    if !(1..=255).contains(&claim.name.len()) {
        return Err(ClaimError::BadName(claim.name.len()));
    }
    let who = Requester::container(table, scope, &claim.name);
    let address = match (claim.address, who.reserved) {
        (Some(address), Some(host)) if host.address != address => {
            return Err(ClaimError::ReservedElsewhere { name: claim.name.clone(), address, reserved: host.address });
        }
        (Some(address), _) => insisted(table, scope, &who, address, now)?,
        (None, Some(host)) => insisted(table, scope, &who, host.address, now)?,
        (None, None) => {
            let given_elsewhere = scope.service.relay().is_some();
            let had = who.own.filter(|binding| !given_elsewhere || binding.state == State::Held).map(|binding| binding.address);
            let good = |address: &Ipv4Addr| who.may_have(scope, *address) && who.is_free(table, *address, now);
            match had.filter(good) {
                Some(address) => address,
                None if given_elsewhere => {
                    return Err(ClaimError::GivenElsewhere { network: network(), name: claim.name.clone() });
                }
                None => table.pick(now).ok_or_else(|| ClaimError::Exhausted { network: network() })?,
            }
        }
    };
    Ok(Binding { address, identity: who.identity, mac: None, hostname: None, state: State::Held, direct: false })
}

fn insisted(table: &Table, scope: &Scope, who: &Requester, address: Ipv4Addr, now: Secs) -> Result<Ipv4Addr, ClaimError> {
    let network = scope.service.network.clone();
    if address == scope.router() {
        return Err(ClaimError::Router { address, network });
    }
    if !scope.has_host(address) {
        return Err(ClaimError::NotInSubnet { address, network, subnet: scope.service.address.subnet() });
    }
    if let Some(host) = scope.reserved_at(address).filter(|_| !who.may_have(scope, address)) {
        return Err(ClaimError::ReservedForOther { address, network, host: host.name.clone() });
    }
    if who.is_free(table, address, now) {
        return Ok(address);
    }
    let bound = table.at(address).map(|binding| binding.identity.to_string());
    let offered = || table.offers().at(address).map(|offer| format!("{} (offered)", offer.to));
    let owner = bound.or_else(offered).unwrap_or_else(|| "somebody who took it without a lease".to_owned());
    Err(ClaimError::InUse { address, network, owner })
}
