use super::{
    is_bound,
    message::{ACK, Answer, DISCOVER, Message, OFFER, REQUEST},
    wire::Wire,
};
use edge_dhcp::Server;
use std::{
    collections::{HashMap, HashSet},
    io::{BufRead, Write},
    net::Ipv4Addr,
    time::{Duration, Instant, SystemTime},
};

/// Clients that talk to the server at a time.
const CLIENTS: usize = 24;

pub type Mac = [u8; 6];

/// What leads to the server.
pub trait Cable {
    fn send(&self, message: &Message);
    /// The next answer within that time.
    fn receive(&self, within: Duration) -> Option<Answer>;
}

impl Cable for Wire {
    fn send(&self, message: &Message) {
        Wire::send(self, message);
    }

    fn receive(&self, within: Duration) -> Option<Answer> {
        Wire::receive(self, within).map(|(answer, _)| answer)
    }
}

/// What a server knows, as a line each for [`read_known`], the last of which is `serving`.
pub fn say_known(server: &Server) {
    // The harness may have begun a line.
    let mut known = "\n".to_owned();
    server.counters().recovery.iter().for_each(|note| known.push_str(&format!("damage {note}\n")));
    for lease in server.leases().iter().filter(|lease| is_bound(lease)) {
        known.push_str(&format!("lease {} {}\n", lease.mac.expect("a device's"), lease.address));
    }
    // Not by println, which a test's harness keeps to itself.
    std::io::stdout().write_all(format!("{known}serving\n").as_bytes()).expect("somebody reads");
}

/// Until the server serves. `worn`: on a disk that does not keep what it was told to.
pub fn read_known(lines: impl BufRead, worn: bool) -> HashMap<Mac, Ipv4Addr> {
    let mut known = HashMap::new();
    for line in lines.lines() {
        let line = line.expect("text");
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["lease", mac, address] => {
                let mac: edge_net::Mac = mac.parse().expect("a MAC address");
                let before = known.insert(mac.bytes(), address.parse().expect("an address"));
                assert_eq!(before, None, "two addresses for {mac}");
            }
            ["damage", ..] if !worn => panic!("this is no damage: {line}"),
            ["serving"] => return known,
            _ => {}
        }
    }
    panic!("it does not start");
}

/// A variable that is a number, if it is set.
pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// That of EDGE_SEED, or a new one; it is printed.
pub fn seed() -> u64 {
    let time = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_nanos() as u64;
    let seed = number("EDGE_SEED").unwrap_or_else(time);
    println!("EDGE_SEED={seed}");
    seed
}

/// Clients, and what they were told.
pub struct Crowd<C> {
    cable: C,
    /// Never zero.
    random: u64,
    next: u32,
    /// They sent a request and have no answer yet.
    pub waiting: HashSet<Mac>,
    pub acked: HashMap<Mac, Ipv4Addr>,
}

impl<C: Cable> Crowd<C> {
    pub fn new(cable: C, seed: u64) -> Self {
        Self { cable, random: seed | 1, next: 0, waiting: HashSet::new(), acked: HashMap::new() }
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % limit
    }

    /// Every lease that was acknowledged is known, and no address twice; `when` is told where not.
    pub fn check(&self, known: &HashMap<Mac, Ipv4Addr>, when: &str) {
        for (mac, address) in &self.acked {
            let found = known.get(mac);
            assert_eq!(found, Some(address), "{when}: {mac:x?} was told {address}, and the server knows {found:?}");
        }
        assert_eq!(known.values().collect::<HashSet<_>>().len(), known.len(), "{when}: an address was given twice");
    }

    /// Keeps some clients busy until `enough` says so of the number of acknowledgements, at a moment at which a request is under way.
    pub fn talk(&mut self, enough: impl Fn(u64) -> bool) -> u64 {
        self.waiting.clear();
        (0..CLIENTS).for_each(|_| self.join());
        let (mut acks, mut heard) = (0, Instant::now());
        while !enough(acks) || self.waiting.is_empty() {
            match self.cable.receive(Duration::from_millis(50)) {
                Some(answer) => {
                    acks += u64::from(self.take(&answer));
                    heard = Instant::now();
                }
                None => (0..CLIENTS).for_each(|_| self.join()),
            }
            assert!(heard.elapsed() < Duration::from_secs(30), "no answer for half a minute after {acks} acknowledgements");
        }
        acks
    }

    /// What was sent before the end and is still to be read.
    pub fn hear_the_last(&mut self) -> u64 {
        let mut acks = 0;
        while let Some(answer) = self.cable.receive(Duration::from_millis(1)) {
            if answer.kind == ACK {
                self.told(&answer);
                acks += 1;
            }
        }
        acks
    }

    /// Whether it was an acknowledgement; somebody else has a turn then.
    fn take(&mut self, answer: &Answer) -> bool {
        match answer.kind {
            OFFER => {
                let message = Message::new(REQUEST, answer.mac, answer.xid).broadcast();
                self.cable.send(&message.option(50, &answer.yiaddr.octets()).option(54, &answer.options[&54]));
                self.waiting.insert(answer.mac);
                false
            }
            ACK => {
                self.told(answer);
                self.join();
                true
            }
            kind => panic!("an answer of kind {kind}"),
        }
    }

    fn told(&mut self, answer: &Answer) {
        self.waiting.remove(&answer.mac);
        let before = self.acked.insert(answer.mac, answer.yiaddr);
        assert!(before.is_none_or(|before| before == answer.yiaddr), "{before:?} became {}", answer.yiaddr);
    }

    /// Somebody new, or one that starts again with the address it was told.
    fn join(&mut self) {
        self.next += 1;
        let again = if self.below(4) == 0 { self.somebody() } else { None };
        if let Some((mac, address)) = again {
            self.cable.send(&Message::new(REQUEST, mac, self.next).broadcast().option(50, &address.octets()));
            self.waiting.insert(mac);
        } else {
            let [a, b, c, d] = self.next.to_be_bytes();
            self.cable.send(&Message::new(DISCOVER, [2, 7, a, b, c, d], self.next).broadcast());
        }
    }

    fn somebody(&mut self) -> Option<(Mac, Ipv4Addr)> {
        let at = self.below(self.acked.len().max(1) as u64);
        self.acked.iter().nth(at as usize).map(|(mac, address)| (*mac, *address))
    }
}
