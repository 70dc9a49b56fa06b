//! What to answer. Pure: tables, configuration, request and time in, decision out.

mod claim;
mod import;
mod moment;
mod requester;
mod scope;
#[cfg(test)]
pub mod tests;

use crate::{
    DropReason,
    lease::{Binding, Change, Identity, Secs, State, Table},
};
use edge_dhcp_wire::{Request, RequestKind};
use std::{net::Ipv4Addr, sync::Arc};

pub use claim::claim;
pub use import::import;
pub use moment::Moment;
pub use requester::Requester;
pub use scope::{Scope, is_reserved_for};

/// How long an offered address waits for its request. Clients request within a second or two, and a flood of DISCOVERs must
/// not keep a pool closed for long.
pub const OFFER: Secs = 15;
/// How long a declined address rests: whoever uses it without a lease is likely still there in some minutes.
const QUARANTINE: Secs = 3600;
/// A network's quarantine holds at most this share of its pool, so that declining everything closes no pool.
const QUARANTINE_SHARE: u64 = 8;
/// The shortest lease a client may ask for, seconds.
const SHORTEST: u32 = 60;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Not a word, for the reason given.
    Silence(DropReason),
    /// Silence, and what was offered to this one may go to others.
    Withdraw(Identity),
    /// The address is free as far as the table knows; offer it when nobody answers to it (RFC 2131, 3.1, step 2).
    Probe {
        address: Ipv4Addr,
        identity: Identity,
    },
    Offer {
        address: Ipv4Addr,
        identity: Identity,
        lease: u32,
    },
    /// `rapid`: in answer to a DISCOVER (RFC 4039).
    Ack {
        binding: Binding,
        lease: u32,
        rapid: bool,
    },
    /// With the reason. What its client was promised stays promised: who renews by a socket of its address does not hear what is
    /// broadcast, and goes on using it.
    Nak(&'static str),
    /// Options without an address.
    Inform,
    /// Nothing to answer, something to note.
    Note(Vec<Change>),
}

pub fn decide(table: &Table, scope: &Scope, request: &Request, moment: Moment) -> Decision {
    let now = moment.now;
    let Some(pool) = scope.service.pool() else { return Decision::Silence(DropReason::NoPool) };
    let who = Requester::device(table, scope, request, now);
    let longest = u32::try_from(pool.lease.as_secs()).unwrap_or(u32::MAX - 1);
    let lease = request.lease.map_or(longest, |asked| asked.max(SHORTEST).min(longest));
    match request.kind {
        RequestKind::Discover => match choose(table, scope, &who, request.requested, now) {
            Some(address) if must_probe(table, scope, &who, request, address, moment) => {
                Decision::Probe { address, identity: who.identity }
            }
            Some(address) if request.rapid_commit && pool.rapid_commit => acknowledge(who, address, lease, moment, true),
            Some(address) => Decision::Offer { address, identity: who.identity, lease },
            None => Decision::Silence(DropReason::PoolExhausted),
        },
        RequestKind::Request => judge(table, scope, who, request, lease, moment),
        RequestKind::Release => release(scope, &who, request, now),
        RequestKind::Decline => decline(table, scope, &who, request, now),
        RequestKind::Inform => match request.ciaddr {
            Some(address) if scope.has_host(address) => Decision::Inform,
            _ => Decision::Silence(DropReason::NamesNoAddress),
        },
    }
}

/// The address to offer: the reserved one, the one it has or had, the one offered already, the one it asks for, a new one
/// (RFC 2131, 4.3.1).
fn choose(table: &Table, scope: &Scope, who: &Requester, requested: Option<Ipv4Addr>, now: Secs) -> Option<Ipv4Addr> {
    let good = |address: &Ipv4Addr| who.may_have(scope, *address) && who.is_free(table, *address, now);
    let had = || who.own.map(|binding| binding.address).filter(good);
    let offered = || who.offered.filter(good);
    // Wishes are granted out of what nobody ever had: an idle address is still kept for its last owner.
    let wished = || requested.filter(|address| table.at(*address).is_none()).filter(good);
    who.reservation(table, now).or_else(had).or_else(offered).or_else(wished).or_else(|| table.pick(now))
}

/// DHCPREQUEST in its four kinds (RFC 2131, 4.3.2).
fn judge(table: &Table, scope: &Scope, who: Requester, request: &Request, lease: u32, moment: Moment) -> Decision {
    let now = moment.now;
    if request.server_id.is_some_and(|server| server != scope.server_id(request)) {
        return Decision::Withdraw(who.identity);
    }
    let selecting = request.server_id.is_some();
    let (first, second) = if selecting { (request.requested, request.ciaddr) } else { (request.ciaddr, request.requested) };
    let Some(address) = first.or(second) else { return Decision::Silence(DropReason::NamesNoAddress) };
    if !scope.has_host(address) {
        return Decision::Nak("this address is not of this network");
    }
    let own = who.own.map(|binding| binding.address);
    if !who.may_have(scope, address) {
        let held = who.own.filter(|binding| binding.address == address);
        if let Some((binding, left)) = held.and_then(|binding| outlives_range(scope, binding, moment)) {
            return Decision::Ack { binding, lease: left.min(lease), rapid: false };
        }
        // Outside of the range and nobody's here: another server's, who shares the subnet.
        if !selecting && own != Some(address) && scope.reserved_at(address).is_none() && table.at(address).is_none() {
            return Decision::Silence(DropReason::UnknownClient);
        }
        return Decision::Nak("the configuration keeps this address from you");
    }
    if !who.is_free(table, address, now) {
        return Decision::Nak("this address is somebody else's");
    }
    let named_late = selecting && who.is_named_late(request, address);
    if !named_late && who.reservation(table, now).is_some_and(|reserved| reserved != address) {
        return Decision::Nak("another address is reserved for you");
    }
    if !selecting && own.is_some_and(|own| own != address) && who.reserved.is_none_or(|host| host.address != address) {
        return Decision::Nak("you have another address");
    }
    // INIT-REBOOT of somebody without a record gets silence, as RFC 2131 demands; one that renews is using the address.
    if !selecting && request.ciaddr.is_none() && own.is_none() && who.reserved.is_none() {
        return Decision::Silence(DropReason::UnknownClient);
    }
    acknowledge(who, address, lease, moment, false)
}

/// A lease of an address that the range no longer has is kept to its end and not prolonged: what is left of it, seconds. From an
/// address that is somebody else's by name, or no node's any more, its client is sent away at once.
fn outlives_range(scope: &Scope, binding: &Binding, moment: Moment) -> Option<(Binding, u32)> {
    let State::Bound { until, logged, lagging } = binding.state else { return None };
    let kept = scope.has_host(binding.address) && scope.reserved_at(binding.address).is_none();
    let left = moment.left(until);
    let state = State::Bound { until, logged, lagging: lagging || moment.lagging };
    (kept && left >= SHORTEST).then(|| (Binding { state, ..binding.clone() }, left))
}

/// The lease, and at least half of its length more in the log: a renewal at half of it, or somewhat later, needs no write. While nothing
/// can be written the lease is what the log has left for it, if that is worth an answer.
fn acknowledge(who: Requester, address: Ipv4Addr, lease: u32, moment: Moment, rapid: bool) -> Decision {
    let own = who.own.filter(|own| own.address == address && own.mac == who.mac);
    let logged = own.and_then(|own| match own.state {
        State::Bound { logged, lagging, .. } => Some(logged).filter(|_| lagging == moment.lagging),
        State::Held | State::Released { .. } => None,
    });
    let left = logged.map(|logged| moment.left(logged)).filter(|left| *left >= SHORTEST);
    let (lease, name) = match own.zip(left).filter(|_| moment.log_fails) {
        // A new name would have to be written.
        Some((own, left)) => (lease.min(left), own.hostname.as_deref()),
        None => (lease, who.name),
    };
    let until = moment.until(lease);
    let logged = logged.filter(|logged| *logged >= until).unwrap_or(until + Secs::from(lease) / 8 * 5);
    let state = State::Bound { until, logged, lagging: moment.lagging };
    let same = who.own.and_then(|own| own.hostname.clone()).filter(|own| name == Some(own));
    let hostname = same.or_else(|| name.map(Arc::from));
    let binding = Binding { address, identity: who.identity, mac: who.mac, hostname, state, direct: false };
    Decision::Ack { binding, lease, rapid }
}

/// DHCPRELEASE (RFC 2131, 4.3.4): everything it names must match, as anybody can send one.
fn release(scope: &Scope, who: &Requester, request: &Request, now: Secs) -> Decision {
    let own = who.own.filter(|binding| {
        Some(binding.address) == request.ciaddr
            && binding.mac == Some(request.mac)
            && request.server_id == Some(scope.server_id(request))
    });
    match own {
        Some(binding) if matches!(binding.state, State::Bound { .. }) => {
            Decision::Note(vec![Change::Bind(Binding { state: State::Released { since: now }, ..binding.clone() })])
        }
        _ => Decision::Silence(DropReason::NotItsLease),
    }
}

/// DHCPDECLINE (RFC 2131, 4.3.3), of an address that was offered or given to this very client.
fn decline(table: &Table, scope: &Scope, who: &Requester, request: &Request, now: Secs) -> Decision {
    let bound = who.own.filter(|binding| binding.mac == Some(request.mac)).map(|binding| binding.address);
    let its = |address: &Ipv4Addr| bound == Some(*address) || who.offered == Some(*address);
    let Some(address) = request.requested.filter(|_| request.server_id == Some(scope.server_id(request))).filter(its) else {
        return Decision::Silence(DropReason::NotItsLease);
    };
    Decision::Note(quarantine(table, scope, address, now))
}

/// What keeps an address that somebody uses without a lease out of the way for a while.
pub fn quarantine(table: &Table, scope: &Scope, address: Ipv4Addr, now: Secs) -> Vec<Change> {
    let mut changes = Vec::new();
    if is_quarantine_full(table, scope)
        && let Some(oldest) = table.longest_quarantined()
    {
        changes.push(Change::Forget { address: oldest });
    }
    changes.push(Change::Quarantine { address, until: now + QUARANTINE });
    changes
}

fn is_quarantine_full(table: &Table, scope: &Scope) -> bool {
    table.quarantine().len() as u64 >= (scope.pool_size() / QUARANTINE_SHARE).max(1)
}

/// An address that its client never had is asked for first. Not a reserved one, which is its owner's whoever uses it; not
/// behind a relay agent, where nobody would hear; not while the quarantine is full: somebody answers to everything then, and would close
/// the pool; and not while enough others are asked for.
fn must_probe(table: &Table, scope: &Scope, who: &Requester, request: &Request, address: Ipv4Addr, moment: Moment) -> bool {
    scope.service.pool().is_some_and(|pool| pool.probe)
        && request.relayed.is_none()
        && who.reserved.is_none_or(|host| host.address != address)
        && (!moment.asks_enough || table.offers().is_unsent(address))
        && !table.is_clear(address, &who.identity, moment.now)
        && !is_quarantine_full(table, scope)
}
