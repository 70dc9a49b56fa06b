use super::{
    exchange::Exchange,
    identity::ClientIdentity,
    lease::{ClientLease, Held},
    message::{ClientMessage, message},
    reply::{ServerMessage, ServerReply, Unusable},
};
use std::{net::Ipv4Addr, time::Duration};

/// What the client knows, and what it is about. A lease is held through all of it until it runs out or a server denies it.
#[derive(Clone, Debug)]
pub struct Client {
    identity: ClientIdentity,
    state: State,
    held: Option<Held>,
    /// Asked for in the next DHCPDISCOVER.
    requested: Option<Ipv4Addr>,
    /// It offered and then did not acknowledge: others come first.
    shunned: Option<Ipv4Addr>,
    /// DHCPNAKs since a lease was last prolonged. One that was only given may be taken back at once, again and again.
    denials: u32,
    /// What the last answer lacked.
    complaint: Option<Complaint>,
}

/// RFC 2131 figure 5.
#[derive(Clone, Debug)]
enum State {
    /// No carrier.
    Off,
    Rebooting(Exchange),
    Selecting(Exchange),
    Requesting(Exchange, ClientLease),
    Bound,
    Renewing(Exchange),
    Rebinding(Exchange),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Complaint {
    Unusable(Ipv4Addr, Unusable),
    Denied(Ipv4Addr),
    Expired(Ipv4Addr),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub via: Via,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// From no address to everybody.
    Broadcast,
    /// From the address that is held to everybody.
    BroadcastFrom(Ipv4Addr),
    Unicast {
        from: Ipv4Addr,
        to: Ipv4Addr,
    },
}

/// Why there is no lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoLease {
    NoCarrier,
    /// Nothing answers DHCPDISCOVER since then, on the boot clock.
    Silence {
        since: Duration,
    },
    /// In words.
    Other {
        why: String,
        since: Duration,
    },
}

/// A DHCPREQUEST is sent that often before something else is tried.
const REQUESTS: u32 = 3;

impl Client {
    /// `remembered`: what was held before a restart. It counts on while the client asks whether it still holds.
    pub fn new(identity: ClientIdentity, remembered: Option<Held>) -> Self {
        Self { identity, state: State::Off, held: remembered, requested: None, shunned: None, denials: 0, complaint: None }
    }

    /// The address to ask for first where no lease is held: that of the time before the last boot.
    pub fn request_address(&mut self, address: Option<Ipv4Addr>) {
        self.requested = address;
    }

    pub fn identity(&self) -> &ClientIdentity {
        &self.identity
    }

    /// A server said that the address it once gave is not ours.
    pub fn is_denied(&self) -> bool {
        matches!(self.complaint, Some(Complaint::Denied(_)))
    }

    pub fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// With another card in its place the client is another one.
    pub fn identify(&mut self, identity: ClientIdentity) {
        if identity != self.identity {
            self.identity = identity;
            self.state = State::Off;
        }
    }

    /// When the link comes back it may lead elsewhere: the lease is confirmed (RFC 2131 section 3.7).
    pub fn carrier(&mut self, up: bool, now: Duration, random: u32) {
        match (&self.state, up) {
            (State::Off, true) => {
                let exchange = Exchange::new(now, random);
                let known = self.held.is_some() || self.requested.is_some();
                self.state = if known { State::Rebooting(exchange) } else { State::Selecting(exchange) };
            }
            (State::Off, false) | (_, true) => {}
            (_, false) => self.state = State::Off,
        }
    }

    /// When [`Client::tick`] has something to do.
    pub fn due(&self) -> Option<Duration> {
        let held = self.held.as_ref();
        let end = held.and_then(Held::expires_at);
        let own = match &self.state {
            State::Off => None,
            State::Selecting(exchange) | State::Rebooting(exchange) | State::Requesting(exchange, _) => Some(exchange.next),
            State::Bound => held.and_then(Held::renew_at),
            State::Renewing(exchange) => earlier(Some(exchange.next), held.and_then(Held::rebind_at)),
            State::Rebinding(exchange) => Some(exchange.next),
        };
        earlier(own, end)
    }

    pub fn tick(&mut self, now: Duration, random: u32) -> Option<Outgoing> {
        self.expire(now, random);
        self.advance(now, random);
        let due = self.due().is_some_and(|due| now >= due);
        if due { self.ask(now, random) } else { None }
    }

    fn expire(&mut self, now: Duration, random: u32) {
        if let Some(held) = self.held.take_if(|held| held.is_over(now)) {
            let address = held.lease.interface.address();
            self.complaint = Some(Complaint::Expired(address));
            self.requested = Some(address);
            if matches!(self.state, State::Bound | State::Renewing(_) | State::Rebinding(_) | State::Rebooting(_)) {
                self.state = State::Selecting(Exchange::new(now, random));
            }
        }
    }

    /// From one state to the next for want of an answer.
    fn advance(&mut self, now: Duration, random: u32) {
        let fresh = Exchange::new(now, random);
        let passed = |at: Option<Duration>| at.is_some_and(|at| now >= at);
        let (renew, rebind) = self.held.as_ref().map_or((None, None), |held| (held.renew_at(), held.rebind_at()));
        let next = match &self.state {
            State::Rebooting(exchange) if exchange.tries >= REQUESTS && now >= exchange.next => {
                self.requested = self.held.as_ref().map(|held| held.lease.interface.address()).or(self.requested);
                Some(State::Selecting(fresh))
            }
            State::Requesting(exchange, offer) if exchange.tries >= REQUESTS && now >= exchange.next => {
                self.shunned = Some(offer.server);
                Some(State::Selecting(fresh))
            }
            State::Bound if passed(renew) => Some(State::Renewing(fresh)),
            State::Renewing(_) if passed(rebind) => Some(State::Rebinding(fresh)),
            _ => None,
        };
        self.state = next.unwrap_or_else(|| self.state.clone());
    }

    fn ask(&mut self, now: Duration, random: u32) -> Option<Outgoing> {
        let held = self.held.as_ref().map(|held| (held.lease.interface.address(), held.lease.server));
        let end = |at: fn(&Held) -> Option<Duration>| self.held.as_ref().and_then(at).unwrap_or(now);
        let (rebind, expiry) = (end(Held::rebind_at), end(Held::expires_at));
        let (exchange, via, ask) = match (&mut self.state, held) {
            (State::Selecting(exchange), _) => {
                exchange.asked(now, random);
                // Better one that may not acknowledge than none.
                self.shunned = self.shunned.filter(|_| exchange.tries <= 2);
                (*exchange, Via::Broadcast, ClientMessage::Discover { requested: self.requested })
            }
            (State::Requesting(exchange, offer), _) => {
                exchange.asked(now, random);
                let ask = ClientMessage::Request { address: offer.interface.address(), server: offer.server };
                (*exchange, Via::Broadcast, ask)
            }
            (State::Rebooting(exchange), held) => {
                let address = held.map(|(address, _)| address).or(self.requested)?;
                exchange.asked(now, random);
                (*exchange, Via::Broadcast, ClientMessage::Confirm { address })
            }
            (State::Renewing(exchange), Some((from, to))) => {
                exchange.asked_until(now, rebind);
                (*exchange, Via::Unicast { from, to }, ClientMessage::Renew { address: from })
            }
            (State::Rebinding(exchange), Some((from, _))) => {
                exchange.asked_until(now, expiry);
                (*exchange, Via::BroadcastFrom(from), ClientMessage::Renew { address: from })
            }
            _ => return None,
        };
        Some(Outgoing { via, bytes: message(&self.identity, exchange.xid, exchange.secs(now), ask) })
    }

    /// What is not an answer to what was asked last is not looked at.
    pub fn receive(&mut self, now: Duration, random: u32, reply: &ServerReply) {
        let exchange = match &self.state {
            State::Selecting(exchange) | State::Rebooting(exchange) | State::Requesting(exchange, _) => *exchange,
            State::Renewing(exchange) | State::Rebinding(exchange) => *exchange,
            State::Off | State::Bound => return,
        };
        if reply.xid != exchange.xid || reply.mac != self.identity.mac || exchange.tries == 0 {
            return;
        }
        let server = reply.server.unwrap_or(Ipv4Addr::UNSPECIFIED);
        match (&self.state, &reply.what) {
            (State::Selecting(_), ServerMessage::Offer(_)) if self.shunned == Some(server) => {}
            (State::Selecting(_), ServerMessage::Offer(Ok(offer))) => {
                self.state = State::Requesting(Exchange { tries: 0, next: now, ..exchange }, offer.clone());
            }
            (State::Selecting(_), ServerMessage::Ack(_) | ServerMessage::Nak)
            | (State::Requesting(..), ServerMessage::Offer(_)) => {}
            (State::Requesting(_, offer), ServerMessage::Ack(Ok(_)) | ServerMessage::Nak) if offer.server != server => {}
            (_, ServerMessage::Ack(Ok(lease))) => self.bind(now, Held { lease: lease.clone(), since: exchange.asked }),
            (_, ServerMessage::Offer(Err(why)) | ServerMessage::Ack(Err(why))) => {
                self.complaint = Some(Complaint::Unusable(server, why.clone()));
            }
            (_, ServerMessage::Nak) => self.deny(now, random, server),
            (_, ServerMessage::Offer(Ok(_))) => {}
        }
    }

    fn bind(&mut self, now: Duration, held: Held) {
        // So late that it is over by now.
        if held.is_over(now) {
            return;
        }
        if !matches!(self.state, State::Requesting(..)) {
            self.denials = 0;
        }
        self.held = Some(held);
        self.state = State::Bound;
        (self.requested, self.shunned, self.complaint) = (None, None, None);
    }

    /// The address is not ours any more. Who is denied again and again waits longer and longer, or it would be a storm.
    fn deny(&mut self, now: Duration, random: u32, server: Ipv4Addr) {
        (self.held, self.requested) = (None, None);
        self.complaint = Some(Complaint::Denied(server));
        let pause = Duration::from_secs((1 << self.denials.min(6)) - 1);
        self.denials = self.denials.saturating_add(1);
        let fresh = Exchange::new(now, random);
        self.state = State::Selecting(Exchange { next: now + pause, ..fresh });
    }

    /// Why there is no lease; none when there is one.
    pub fn no_lease(&self) -> Option<NoLease> {
        if self.held.is_some() {
            return None;
        }
        let since = match &self.state {
            State::Off => return Some(NoLease::NoCarrier),
            State::Rebooting(exchange) | State::Selecting(exchange) | State::Requesting(exchange, _) => exchange.began,
            State::Renewing(exchange) | State::Rebinding(exchange) => exchange.began,
            State::Bound => return None,
        };
        let other = |why| Some(NoLease::Other { why, since });
        match (&self.complaint, &self.shunned) {
            (Some(Complaint::Unusable(server, why)), _) => other(format!("the server {server} gives {why}")),
            (Some(Complaint::Denied(server)), _) => other(format!("the server {server} took the address back, none since")),
            (Some(Complaint::Expired(address)), _) => other(format!("{address} ran out, no server answers")),
            (None, Some(server)) => other(format!("{server} offers an address and then does not give it")),
            (None, None) => Some(NoLease::Silence { since }),
        }
    }
}

fn earlier(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests;
