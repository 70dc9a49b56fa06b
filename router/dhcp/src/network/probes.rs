//! Which addresses are asked for by ARP, and when each is seen to again.

use edge_net::{Mac, Name};
use std::{
    collections::{HashMap, VecDeque},
    net::Ipv4Addr,
    time::Duration,
};

/// Probes sent for one address, and how long each waits for an answer. Less than RFC 5227 has for a host's own address (1.1):
/// the client asks again after some seconds, and probes by itself too.
const PROBES: u32 = 2;
pub const WAIT: Duration = Duration::from_millis(200);
/// Most addresses asked for at a time, all networks together. Beyond them addresses are offered unasked: a flood is no reason to
/// let anybody wait.
const MOST: usize = 256;

/// Those that are due within so much are seen to together: a wakeup for each would cost more than the probe.
const TOGETHER: Duration = Duration::from_millis(10);

pub type Key = (Name, Ipv4Addr);

/// The messages that wait for silence, by the address that is asked for. `T` is whatever is kept of such a message; times are on any
/// clock that only goes forward.
pub struct Probes<T> {
    waiting: HashMap<Key, Waiting<T>>,
    /// When each is seen to again: all wait as long, so the first is the earliest.
    due: VecDeque<Due>,
    /// Of the last one.
    number: u64,
}

struct Waiting<T> {
    number: u64,
    client: Mac,
    held: T,
}

struct Due {
    at: Duration,
    key: Key,
    number: u64,
    /// How often it has been asked for.
    asked: u32,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a, T> {
    /// To be asked for once more.
    Ask(Ipv4Addr, &'a T),
    /// Nobody answered: the message is to be.
    Silent(Key, T),
}

impl<T> Default for Probes<T> {
    fn default() -> Self {
        Self { waiting: HashMap::new(), due: VecDeque::new(), number: 0 }
    }
}

impl<T> Probes<T> {
    pub fn are_enough(&self) -> bool {
        self.waiting.len() >= MOST
    }

    /// Where the address is asked for already: a client that repeats itself wants its last message answered.
    pub fn repeat(&mut self, key: &Key, client: Mac, held: impl FnOnce() -> T) -> bool {
        let Some(asked) = self.waiting.get_mut(key) else { return false };
        (asked.client, asked.held) = (client, held());
        true
    }

    /// It was asked for the first time.
    pub fn wait(&mut self, key: Key, client: Mac, held: T, now: Duration) {
        self.number += 1;
        self.due.push_back(Due { at: now + WAIT, key: key.clone(), number: self.number, asked: 1 });
        self.waiting.insert(key, Waiting { number: self.number, client, held });
    }

    /// `mac` says that the address is theirs: what waits, unless it is the client itself who says so.
    pub fn heard(&mut self, key: &Key, mac: Mac) -> Option<T> {
        self.waiting.get(key).filter(|waiting| waiting.client != mac)?;
        self.waiting.remove(key).map(|waiting| waiting.held)
    }

    /// The first of what is due by now.
    pub fn due(&mut self, now: Duration) -> Option<Step<'_, T>> {
        while let Some(due) = self.due.pop_front_if(|due| due.at <= now) {
            // Gone: somebody answered.
            if self.waiting.get(&due.key).is_none_or(|waiting| waiting.number != due.number) {
                continue;
            }
            if due.asked >= PROBES {
                return self.waiting.remove(&due.key).map(|waiting| Step::Silent(due.key, waiting.held));
            }
            let (key, address) = (due.key.clone(), due.key.1);
            self.due.push_back(Due { at: now + WAIT, asked: due.asked + 1, ..due });
            return self.waiting.get(&key).map(|waiting| Step::Ask(address, &waiting.held));
        }
        None
    }

    /// When to look again, if at all.
    pub fn next(&self) -> Option<Duration> {
        self.due.front().map(|due| due.at + TOGETHER)
    }

    pub fn held(&self) -> impl Iterator<Item = &T> {
        self.waiting.values().map(|waiting| &waiting.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(host: u8) -> Key {
        ("vehicle".parse().expect("a name"), Ipv4Addr::new(10, 0, 1, host))
    }

    fn mac(last: u8) -> Mac {
        Mac::new([2, 0, 0, 0, 1, last]).expect("a MAC")
    }

    const START: Duration = Duration::from_secs(5);

    #[test]
    fn silence_is_two_probes_without_an_answer() {
        let mut probes = Probes::default();
        probes.wait(key(1), mac(1), "first", START);
        assert!(probes.repeat(&key(1), mac(1), || "last") && !probes.repeat(&key(2), mac(1), || "other"));
        assert_eq!(probes.due(START + WAIT / 2), None);
        assert_eq!(probes.due(START + WAIT), Some(Step::Ask(key(1).1, &"last")));
        assert_eq!(probes.due(START + WAIT), None);
        assert_eq!(probes.next(), Some(START + WAIT * 2 + TOGETHER));
        assert_eq!(probes.due(START + WAIT * 2), Some(Step::Silent(key(1), "last")));
        assert_eq!((probes.next(), probes.held().count()), (None, 0));
    }

    #[test]
    fn an_answer_ends_it_unless_it_is_the_clients_own() {
        let mut probes = Probes::default();
        probes.wait(key(1), mac(1), "one", START);
        assert_eq!((probes.heard(&key(1), mac(1)), probes.heard(&key(2), mac(9))), (None, None));
        assert_eq!(probes.heard(&key(1), mac(9)), Some("one"));
        probes.wait(key(1), mac(2), "again", START + WAIT / 2);
        assert_eq!(probes.due(START + WAIT), None, "what was due for the first says nothing of the second");
        assert_eq!(probes.due(START + WAIT * 2), Some(Step::Ask(key(1).1, &"again")));
    }

    #[test]
    fn so_many_are_enough() {
        let mut probes = Probes::default();
        (1..=255).for_each(|host| probes.wait(key(host), mac(1), (), START));
        assert!(!probes.are_enough());
        probes.wait(key(0), mac(1), (), START);
        assert!(probes.are_enough());
    }
}
