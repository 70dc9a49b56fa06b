//! Which way a reply reaches its client.

use super::response::ResponseKind;
use crate::{
    decide::Scope,
    lease::Binding,
    way::{To, Via},
};
use edge_dhcp_wire::Request;

/// Whether a frame to the client's hardware address reaches it, as its own come from there: heard now, or when it got the lease that
/// it renews. Not so behind a bridge that puts its own address on frames, as wireless ones do, where ARP finds the bridge.
pub fn is_direct(request: &Request, via: Via, before: Option<&Binding>) -> bool {
    let heard = match via {
        Via::Broadcast => true,
        // Does not say where its frame came from.
        Via::Unicast => before.is_some_and(|before| before.direct),
        Via::Stranger(_) => false,
    };
    heard && request.relayed.is_none()
}

/// RFC 2131, 4.1. `unheard`: until the client has its address only a broadcast may reach it. So it is where several have the MAC, as
/// ipvlan's children have their parent's; who is the first of them that asks here, asks twice.
pub fn destination(kind: ResponseKind, scope: &Scope, request: &Request, unheard: bool, direct: bool) -> To {
    if let Some(relayed) = &request.relayed {
        return To::Relay(relayed.agent);
    }
    match (kind, request.ciaddr) {
        (ResponseKind::Nak(_), _) => To::Broadcast,
        (_, Some(address)) if scope.has_host(address) && direct => To::Hardware(request.mac, address),
        (_, Some(address)) if scope.has_host(address) => To::Address(address),
        (ResponseKind::Offer { address, .. } | ResponseKind::Ack { address, .. }, _) if !request.broadcast && !unheard => {
            To::Hardware(request.mac, address)
        }
        _ => To::Broadcast,
    }
}
