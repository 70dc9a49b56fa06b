use crate::lease::Secs;
use edge_config::Mac;
use std::collections::HashMap;

/// Messages of one MAC that are worth an answer within one second. A client sends a handful.
const MOST: u32 = 20;
/// MACs that are counted; beyond them messages pass uncounted, as a forger of that many is not stopped by counting.
const MACS: usize = 4096;

/// What each MAC sent within the current second.
#[derive(Debug, Default)]
pub struct Limit {
    second: Secs,
    seen: HashMap<Mac, u32>,
}

impl Limit {
    pub fn passes(&mut self, mac: Mac, now: Secs) -> bool {
        if self.second != now {
            self.second = now;
            self.seen.clear();
        }
        if self.seen.len() >= MACS && !self.seen.contains_key(&mac) {
            return true;
        }
        let count = self.seen.entry(mac).or_default();
        *count += 1;
        *count <= MOST
    }
}
