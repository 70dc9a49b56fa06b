use crate::{DropReason, lease::Secs, way::Via};
use edge_dhcp_wire::{Request, RequestKind};
use edge_net::Mac;
use std::collections::HashMap;

/// Messages of one client that are worth an answer within one second. A client sends a handful.
const MOST: u32 = 20;
/// Messages within one second of one who speaks for others: a bridge that puts its own address on the frames of the machines behind
/// it, or somebody who floods with invented ones. So many also of all those together who cannot be told apart.
const MOST_OF_STRANGER: u32 = 50;
/// Clients that are counted; beyond them messages pass uncounted, as a forger of that many is not stopped by counting.
const CLIENTS: usize = 4096;
/// Those who speak for others that are counted each for itself.
const STRANGERS: usize = 256;

/// What was sent within the current second.
#[derive(Debug, Default)]
pub struct Limit {
    second: Secs,
    seen: HashMap<Mac, u32>,
    strangers: HashMap<Option<Mac>, u32>,
}

impl Limit {
    /// The reason why a message is not answered, if it is not. `renews`: its client has the address that it says it has.
    pub fn refuses(&mut self, request: &Request, via: Via, renews: impl FnOnce() -> bool, now: Secs) -> Option<DropReason> {
        if self.second != now {
            self.second = now;
            self.seen.clear();
            self.strangers.clear();
        }
        match via {
            Via::Stranger(sender) => return self.refuses_stranger(sender),
            // A client without an address has no reason to address this server alone, and whoever forges has one.
            Via::Unicast if request.relayed.is_none() && asks_for_an_address(request) && !renews() => {
                return self.refuses_stranger(None);
            }
            Via::Unicast | Via::Broadcast => {}
        }
        if self.seen.len() >= CLIENTS && !self.seen.contains_key(&request.mac) {
            return None;
        }
        let count = self.seen.entry(request.mac).or_default();
        *count = count.saturating_add(1);
        (*count > MOST).then_some(DropReason::TooMany)
    }

    fn refuses_stranger(&mut self, sender: Option<Mac>) -> Option<DropReason> {
        let is_counted = self.strangers.len() < STRANGERS || self.strangers.contains_key(&sender);
        let count = self.strangers.entry(sender.filter(|_| is_counted)).or_default();
        *count = count.saturating_add(1);
        (*count > MOST_OF_STRANGER).then_some(DropReason::TooManyForOthers)
    }
}

fn asks_for_an_address(request: &Request) -> bool {
    matches!(request.kind, RequestKind::Discover | RequestKind::Request)
}
