//! What happens, in the daemon's log: one line each. What clients say of themselves is in it only cleaned or as hex.

use crate::{
    decide::Decision,
    lease::{Change, Secs, Table},
};
use edge_dhcp_wire::Request;
use edge_net::Name;

/// Lines of one network within one second. A thousand devices that start together are not worth a thousand lines a second on
/// a card; what is left out is counted.
const MOST: u32 = 20;
/// How often a pool is looked at, seconds: counting it takes a while.
const LOOK: Secs = 10;
/// Percent of a pool in use at which it is warned about, and at which it is well again.
const FULL: u64 = 90;
const ROOMY: u64 = 80;

#[derive(Debug, Default)]
pub struct Events {
    second: Secs,
    logged: u32,
    unlogged: u64,
    next_look: Secs,
    is_full: bool,
}

impl Events {
    pub fn log(&mut self, network: &Name, request: &Request, decision: &Decision, table: &Table, now: Secs) {
        if !is_news(decision, table, now) {
            return;
        }
        if self.second != now {
            if self.unlogged > 0 {
                log::info!("DHCP {network}: and {} more like that", self.unlogged);
            }
            (self.second, self.logged, self.unlogged) = (now, 0, 0);
        }
        self.logged += 1;
        if self.logged > MOST {
            self.unlogged += 1;
        } else if let Some(what) = event(request, decision) {
            log::info!("DHCP {network}: {what}");
        }
    }

    /// Warns before a pool is used up, once, and again only after it had room in between. True when it did.
    pub fn look(&mut self, network: &Name, used: impl FnOnce() -> u64, size: u64, is_out: bool, now: Secs) -> bool {
        let due = now >= self.next_look || (is_out && !self.is_full);
        if !due || size == 0 {
            return false;
        }
        self.next_look = now + LOOK;
        let used = used();
        if !self.is_full && (is_out || used * 100 >= size * FULL) {
            self.is_full = true;
            let rest = if used >= size {
                "none is left"
            } else if is_out {
                "the rest is on offer"
            } else {
                "few are left"
            };
            log::warn!("DHCP {network}: {used} of {size} addresses are in use, {rest}; widen the range or shorten the lease");
            return true;
        }
        if self.is_full && !is_out && used * 100 < size * ROOMY {
            self.is_full = false;
            log::info!("DHCP {network}: there is room again, {used} of {size} addresses are in use");
        }
        false
    }
}

/// Whether it is worth a line: an offer may come to nothing, and a renewal is what is expected.
fn is_news(decision: &Decision, table: &Table, now: Secs) -> bool {
    match decision {
        Decision::Ack { binding, .. } => {
            let before = table.at(binding.address);
            !before.is_some_and(|before| before.identity == binding.identity && before.is_live(now))
        }
        Decision::Nak(_) | Decision::Note(_) => true,
        Decision::Silence(_) | Decision::Withdraw(_) | Decision::Probe { .. } | Decision::Offer { .. } | Decision::Inform => {
            false
        }
    }
}

fn event(request: &Request, decision: &Decision) -> Option<String> {
    let mac = request.mac;
    match decision {
        Decision::Ack { binding, lease, .. } => {
            let name = binding.hostname.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
            Some(format!("{} is leased to {mac}{name} for {lease} s", binding.address))
        }
        Decision::Nak(why) => {
            let asked = request.ciaddr.or(request.requested);
            Some(format!("{} is refused to {mac}: {why}", asked.map_or("no address".to_owned(), |address| address.to_string())))
        }
        Decision::Note(changes) => changes.iter().find_map(|change| match change {
            Change::Quarantine { address, .. } => Some(format!("{address} is in use by somebody else, says {mac}; it rests")),
            Change::Bind(binding) => Some(format!("{} is given back by {mac}", binding.address)),
            Change::Forget { .. } => None,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::tests::{NOW, Office, device, ip, service};
    use edge_dhcp_wire::RequestKind;

    /// What an office's decision is worth a line, if anything.
    fn told(office: &mut Office, request: &Request) -> Option<String> {
        let decision = crate::decide::decide(&office.table, &office.scope, request, NOW.into());
        let news = is_news(&decision, &office.table, NOW).then(|| event(request, &decision)).flatten();
        office.ask(request, NOW);
        news
    }

    #[test]
    fn what_is_news_is_one_line() {
        let mut office = Office::new(service());
        let client = Request { hostname: edge_dhcp_wire::hostname::clean(b"camera"), ..device(30) };
        let server_id = Some(office.scope.router());
        let selects = Request { kind: RequestKind::Request, server_id, requested: Some(ip(1)), ..client.clone() };
        let renews = Request { server_id: None, requested: None, ciaddr: Some(ip(1)), ..selects.clone() };
        let mac = client.mac;
        assert_eq!(told(&mut office, &client), None, "an offer may come to nothing");
        let leased = told(&mut office, &selects).expect("a new lease");
        assert!(leased.starts_with(&format!("10.0.1.1 is leased to {mac} (camera) for ")), "{leased}");
        assert_eq!(told(&mut office, &renews), None, "a renewal is what is expected");
        let refused = told(&mut office, &Request { mac: device(31).mac, ..selects.clone() }).expect("a refusal");
        assert!(refused.starts_with(&format!("10.0.1.1 is refused to {}: ", device(31).mac)), "{refused}");
        let released = Request { kind: RequestKind::Release, server_id, ..renews.clone() };
        assert_eq!(told(&mut office, &released), Some(format!("10.0.1.1 is given back by {mac}")));
        told(&mut office, &selects);
        let declines = Request { kind: RequestKind::Decline, ..selects };
        let rests = format!("10.0.1.1 is in use by somebody else, says {mac}; it rests");
        assert_eq!(told(&mut office, &declines), Some(rests));
    }

    #[test]
    fn a_pool_is_warned_about_once_until_it_had_room() {
        let name: Name = "vehicle".parse().expect("a name");
        let mut events = Events::default();
        let mut now = 0;
        let mut look = |used| {
            now += LOOK;
            events.look(&name, || used, 100, false, now)
        };
        let logged: Vec<bool> = [50, 89, 90, 95, 100, 85, 92, 79, 89, 90, 100].map(&mut look).to_vec();
        assert_eq!(logged, [false, false, true, false, false, false, false, false, false, true, false]);
    }

    #[test]
    fn it_looks_seldom_but_at_once_when_nothing_is_left() {
        let name: Name = "vehicle".parse().expect("a name");
        let mut events = Events::default();
        assert!(!events.look(&name, || 50, 100, false, 100));
        assert!(!events.look(&name, || panic!("not yet"), 100, false, 105));
        assert!(events.look(&name, || 100, 100, true, 105));
        assert!(!events.look(&name, || panic!("it is known"), 100, true, 106));
    }

    #[test]
    fn a_pool_that_is_all_on_offer_is_warned_about() {
        let name: Name = "vehicle".parse().expect("a name");
        let mut events = Events::default();
        assert!(!events.look(&name, || 7, 10, false, 100));
        assert!(events.look(&name, || 7, 10, true, 101));
        assert!(!events.look(&name, || 7, 10, true, 200), "it is known");
    }
}
