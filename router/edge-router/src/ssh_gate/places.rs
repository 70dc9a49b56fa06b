//! Who may come in, and who gives way. Nobody holds a place for others by not logging in. Pure: the time is an argument.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

/// Who is logged in: enough for people, too few to fill a small box's memory.
const MOST: usize = 32;
/// Who is not yet: of all, of a network, and of an address.
const LOGGING_IN: usize = 24;
const OF_NETWORK: usize = 8;
const OF_ADDRESS: usize = 6;
/// What a login takes on a slow box by a slow line.
const UNDISTURBED: Duration = Duration::from_secs(3);

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// By the router's address in it, which nobody reaches from elsewhere.
    pub network: IpAddr,
    pub peer: IpAddr,
}

/// The processes that serve, each one connection.
#[derive(Default)]
pub struct Places(BTreeMap<u32, Session>);

struct Session {
    from: Visitor,
    /// On the boot clock.
    since: Duration,
    logged_in: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    ComeIn,
    InPlaceOf(u32),
    Full,
}

/// Whose places are all taken.
#[derive(Clone, Copy)]
enum Scope {
    Address,
    Network,
    All,
}

impl Scope {
    fn has(self, one: Visitor, other: Visitor) -> bool {
        match self {
            Self::Address => one == other,
            Self::Network => one.network == other.network,
            Self::All => true,
        }
    }
}

impl Places {
    pub fn ask(&self, from: Visitor, now: Duration) -> Answer {
        if self.0.values().filter(|session| session.logged_in).count() >= MOST {
            return Answer::Full;
        }
        let Some(scope) = self.full(from) else { return Answer::ComeIn };
        self.giving_way(scope, from, now).map_or(Answer::Full, Answer::InPlaceOf)
    }

    pub fn enter(&mut self, process: u32, from: Visitor, now: Duration) {
        self.0.insert(process, Session { from, since: now, logged_in: false });
    }

    /// Also of one that gave way just now, or of a stranger: it stays as it is.
    pub fn log_in(&mut self, process: u32) {
        if let Some(session) = self.0.get_mut(&process) {
            session.logged_in = true;
        }
    }

    pub fn leave(&mut self, process: u32) {
        self.0.remove(&process);
    }

    /// Who has had its time for a login.
    pub fn late(&self, login_time: Duration, now: Duration) -> Vec<u32> {
        let late = self.logging_in().filter(|(_, session)| session.age(now) >= login_time);
        late.map(|(process, _)| process).collect()
    }

    fn logging_in(&self) -> impl Iterator<Item = (u32, &Session)> {
        self.0.iter().filter(|(_, session)| !session.logged_in).map(|(process, session)| (*process, session))
    }

    fn full(&self, from: Visitor) -> Option<Scope> {
        let limits = [(Scope::Address, OF_ADDRESS), (Scope::Network, OF_NETWORK), (Scope::All, LOGGING_IN)];
        limits.into_iter().find(|(scope, most)| self.count(*scope, from) >= *most).map(|(scope, _)| scope)
    }

    fn count(&self, scope: Scope, from: Visitor) -> usize {
        self.logging_in().filter(|(_, session)| scope.has(session.from, from)).count()
    }

    /// Of who had time enough, or holds more than the newcomer's fair share: of those that hold the most the oldest.
    fn giving_way(&self, scope: Scope, from: Visitor, now: Duration) -> Option<u32> {
        let may = self.logging_in().filter(|(_, session)| {
            scope.has(session.from, from) && (session.age(now) >= UNDISTURBED || self.holds_more(session.from, from))
        });
        let share = |session: &Session| {
            (self.count(Scope::Network, session.from), self.count(Scope::Address, session.from), session.age(now))
        };
        may.max_by_key(|(_, session)| share(session)).map(|(process, _)| process)
    }

    /// Also when one place of it went to the other.
    fn holds_more(&self, one: Visitor, than: Visitor) -> bool {
        let more = |scope| self.count(scope, one) > self.count(scope, than) + 1;
        more(Scope::Network) || (one.network == than.network && more(Scope::Address))
    }
}

impl Session {
    fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(network: u8, peer: u8) -> Visitor {
        Visitor { network: IpAddr::from([10, 0, network, 1]), peer: IpAddr::from([10, 0, network, peer]) }
    }

    fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    /// A gate, and numbers for its processes.
    #[derive(Default)]
    struct Gate {
        places: Places,
        last: u32,
    }

    impl Gate {
        /// The process, and whom it put out.
        fn try_in(&mut self, from: Visitor, now: Duration) -> Option<(u32, Option<u32>)> {
            let out = match self.places.ask(from, now) {
                Answer::Full => return None,
                Answer::ComeIn => None,
                Answer::InPlaceOf(process) => Some(process),
            };
            out.into_iter().for_each(|process| self.places.leave(process));
            self.last += 1;
            self.places.enter(self.last, from, now);
            Some((self.last, out))
        }
    }

    #[test]
    fn one_address_cannot_keep_the_others_out() {
        let (mut gate, one, other) = (Gate::default(), at(1, 5), at(1, 6));
        let mut places: Vec<_> = (0..OF_ADDRESS).map(|_| gate.try_in(one, ms(0))).collect();
        assert!(places.iter().all(Option::is_some));
        assert!(gate.try_in(one, ms(0)).is_none());
        assert!(gate.try_in(other, ms(0)).is_some());
        gate.places.leave(places.pop().flatten().map_or(0, |(process, _)| process));
        assert!(gate.try_in(one, ms(0)).is_some());
    }

    /// Everybody else connects all the time, from so many addresses of so many networks, and never logs in.
    fn let_in_during_a_flood(networks: u8, addresses: u8, who: Visitor) -> Option<Duration> {
        let mut gate = Gate::default();
        let flood = |gate: &mut Gate, now, victim: Option<u32>| {
            let from = (0..networks).flat_map(|network| (0..addresses).map(move |peer| at(network, 10 + peer)));
            let out: Vec<u32> = from.filter_map(|from| gate.try_in(from, now)?.1).collect();
            victim.is_some_and(|victim| out.contains(&victim))
        };
        for step in 0..50 {
            flood(&mut gate, ms(step * 100), None);
        }
        let (mine, _) = gate.try_in(who, ms(5_000))?;
        let cut = (50..100).find(|step| flood(&mut gate, ms(step * 100), Some(mine)));
        Some(cut.map_or(Duration::MAX, |step| ms(step * 100 - 5_000)))
    }

    #[test]
    fn a_few_addresses_keep_nobody_out() {
        for addresses in [1, 2, 3, 4] {
            let undisturbed = let_in_during_a_flood(1, addresses, at(0, 200));
            assert!(undisturbed.is_some_and(|time| time >= UNDISTURBED), "{addresses}: {undisturbed:?}");
        }
    }

    #[test]
    fn a_network_keeps_no_other_out_whatever_it_does() {
        for (networks, addresses) in [(1, 12), (3, 12), (8, 2)] {
            let undisturbed = let_in_during_a_flood(networks, addresses, at(100, 200));
            assert!(undisturbed.is_some_and(|time| time >= UNDISTURBED), "{networks} x {addresses}: {undisturbed:?}");
        }
    }

    #[test]
    fn who_logged_in_gives_way_to_nobody_and_takes_no_place_of_a_login() {
        let mut gate = Gate::default();
        for _ in 0..MOST {
            let (process, _) = gate.try_in(at(1, 5), ms(0)).unwrap_or_default();
            gate.places.log_in(process);
        }
        assert_eq!(gate.places.0.len(), MOST);
        assert_eq!(gate.places.ask(at(2, 5), ms(60_000)), Answer::Full);
        assert!(gate.places.late(ms(30_000), ms(60_000)).is_empty());
        gate.places.leave(1);
        assert_eq!(gate.places.ask(at(2, 5), ms(60_000)), Answer::ComeIn);
    }

    #[test]
    fn the_oldest_gives_way_once_it_had_its_time() {
        let mut gate = Gate::default();
        for (peer, time) in (1..).zip(0..OF_NETWORK as u64) {
            assert!(gate.try_in(at(1, peer), ms(time)).is_some());
        }
        assert_eq!(gate.places.ask(at(1, 99), ms(2_999)), Answer::Full);
        assert_eq!(gate.places.ask(at(1, 99), ms(3_500)), Answer::InPlaceOf(1));
        assert_eq!(gate.places.late(ms(30_000), ms(30_002)), [1, 2, 3]);
    }
}
