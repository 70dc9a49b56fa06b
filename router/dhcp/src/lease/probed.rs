use super::Secs;
use std::{collections::HashMap, net::Ipv4Addr};

/// How long nobody need ask again after silence, seconds: a client's whole conversation.
const CLEAR: Secs = 60;
/// Most answers a network remembers.
const MOST: usize = 4096;

/// Addresses that were asked for by ARP without anybody answering, and until when that counts.
#[derive(Debug, Default)]
pub struct Probed(HashMap<Ipv4Addr, Secs>);

impl Probed {
    pub fn clear(&mut self, address: Ipv4Addr, now: Secs) {
        if self.0.len() >= MOST {
            self.0.retain(|_, until| *until > now);
        }
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(address, now + CLEAR);
    }

    pub fn is_clear(&self, address: Ipv4Addr, now: Secs) -> bool {
        self.0.get(&address).is_some_and(|until| *until > now)
    }
}
