use crate::{
    lease::Secs,
    socket::Via,
    wire::{Kind, Request},
};
use edge_config::Mac;
use std::collections::HashMap;

/// Messages of one client that are worth an answer within one second. A client sends a handful.
const MOST: u32 = 20;
/// Messages within one second of all those who speak for others: machines behind a bridge that puts its own address on
/// their frames, and whoever floods with invented ones.
const MOST_OF_STRANGERS: u32 = 50;
/// Clients that are counted; beyond them messages pass uncounted, as a forger of that many is not stopped by counting.
const CLIENTS: usize = 4096;

/// What was sent within the current second.
#[derive(Debug, Default)]
pub struct Limit {
    second: Secs,
    seen: HashMap<Mac, u32>,
    strangers: u32,
}

impl Limit {
    /// The reason why a message is not answered, if it is not.
    pub fn refuses(&mut self, request: &Request, via: Via, now: Secs) -> Option<&'static str> {
        if self.second != now {
            self.second = now;
            self.seen.clear();
            self.strangers = 0;
        }
        // A client without an address has no reason to address this server alone, and whoever forges has one.
        let unicast = via == Via::Unicast && request.kind == Kind::Discover && request.relayed.is_none();
        if via == Via::Stranger || unicast {
            self.strangers = self.strangers.saturating_add(1);
            return (self.strangers > MOST_OF_STRANGERS).then_some("too-many-for-others");
        }
        if self.seen.len() >= CLIENTS && !self.seen.contains_key(&request.mac) {
            return None;
        }
        let count = self.seen.entry(request.mac).or_default();
        *count = count.saturating_add(1);
        (*count > MOST).then_some("too-many")
    }
}
