use crate::{
    decide::{Decision, Moment, OFFER, Reason, Scope, Who, decide},
    lease::{Binding, Change, Offer, Secs, Table},
    relay,
    socket::{To, Via},
    state::Network,
    wire::{
        Kind, Malformed, Reply, ReplyKind, Request,
        hostname::{self, Label},
    },
};
use edge_net::Mac;
use smallvec::SmallVec;
use std::net::Ipv4Addr;

/// What a message leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// To be logged, then applied.
    pub changes: SmallVec<[Change; 1]>,
    /// Where the reply goes.
    pub reply: Option<To>,
    /// To be asked for by ARP, for this client; the message is answered afterwards.
    pub probe: Option<(Ipv4Addr, Mac)>,
    /// The reply waits until everything logged before it is on disk.
    pub durable: bool,
}

impl Network {
    /// Judges a message and writes what is answered, if anything, into `reply`, whose room is used again. Only what needs no log is
    /// changed here: offers and counters.
    pub fn answer(&mut self, bytes: &[u8], via: Via, moment: Moment, reply: &mut Vec<u8>) -> Answer {
        let request = match self.read(bytes, via) {
            Ok(request) => request,
            Err(why) => return self.dropped(why),
        };
        let renews = || {
            let own = request.ciaddr.and_then(|address| self.table.at(address));
            own.is_some_and(|own| own.mac == Some(request.mac))
        };
        if let Some(why) = self.limit.refuses(&request, via, renews, moment.now) {
            return self.dropped(why);
        }
        let counters = &mut self.counters;
        *match request.kind {
            Kind::Discover => &mut counters.discovers,
            Kind::Request => &mut counters.requests,
            Kind::Decline => &mut counters.declines,
            Kind::Release => &mut counters.releases,
            Kind::Inform => &mut counters.informs,
        } += 1;
        self.respond(&request, via, moment, reply)
    }

    /// The same for a message that waited for a probe: it has been counted.
    pub fn answer_again(&mut self, bytes: &[u8], via: Via, moment: Moment, reply: &mut Vec<u8>) -> Answer {
        match self.read(bytes, via) {
            Ok(request) => self.respond(&request, via, moment, reply),
            Err(why) => self.dropped(why),
        }
    }

    fn read(&self, bytes: &[u8], via: Via) -> Result<Request, &'static str> {
        let mut request = Request::read(bytes).map_err(Malformed::as_str)?;
        // A RELEASE must name its server (RFC 2131, table 5); systemd-networkd (252) only sends it to that server alone.
        if request.kind == Kind::Release && via == Via::Unicast && request.relayed.is_none() {
            request.server_id = request.server_id.or(self.scope.as_ref().map(Scope::router));
        }
        if let Some(scope) = &self.scope {
            scope.refuses_relay(&request).map_or(Ok(()), Err)?;
            request.hostname = scope.name_of(request.hostname);
        }
        Ok(request)
    }

    fn respond(&mut self, request: &Request, via: Via, moment: Moment, bytes: &mut Vec<u8>) -> Answer {
        let Some(scope) = &self.scope else { return Answer::default() };
        let now = moment.now;
        self.table.lapse(now);
        let decision = decide(&self.table, scope, request, moment);
        let network = &scope.service.network;
        self.events.tell(network, request, &decision, &self.table, now);
        let is_out = decision == Decision::Silence(Reason::Exhausted);
        self.events.look(network, || self.table.used(now), scope.pool_size(), is_out, now);
        let (kind, change, unheard, direct) = match decision {
            Decision::Silence(why) => return self.dropped(why.as_str()),
            Decision::Withdraw(identity) => {
                self.table.withdraw(&identity);
                return self.dropped("other-server");
            }
            Decision::Note(changes) => return Answer { changes: changes.into(), ..Answer::default() },
            Decision::Probe { address, identity } => {
                self.table.offer(address, Offer { to: identity, until: now + OFFER, told: 0 });
                return Answer { probe: Some((address, request.mac)), ..Answer::default() };
            }
            Decision::Offer { address, identity, lease } => {
                if moment.asks_enough {
                    // Nor is it asked for while it is on its way to its client.
                    self.table.clear(address, now);
                }
                let shared = self.table.shares_mac(request.mac, &identity);
                self.table.offer(address, Offer { to: identity, until: now + OFFER, told: 1 });
                let unheard = shared || self.table.offers().is_again(address);
                (ReplyKind::Offer { address, lease }, None, unheard, is_direct(request, via, None))
            }
            Decision::Ack { mut binding, lease, rapid } => {
                let unheard =
                    self.table.offers().is_again(binding.address) || self.table.shares_mac(request.mac, &binding.identity);
                let before = self.table.at(binding.address).filter(|before| before.is_same_device(&binding));
                binding.direct = is_direct(request, via, before);
                let (address, direct) = (binding.address, binding.direct);
                (ReplyKind::Ack { address, lease, rapid }, Some(Change::Bind(binding)), unheard, direct)
            }
            Decision::Nak(why) => (ReplyKind::Nak(why), None, false, false),
            Decision::Inform => (ReplyKind::Options, None, false, is_direct(request, via, None)),
        };
        let hostname = hostname(&self.table, scope, request, now);
        let reply = Reply { kind, server: scope.server_id(request), hostname: hostname.as_deref() };
        let to = destination(kind, scope, request, unheard, direct);
        reply.encode(request, &scope.service, bytes);
        match kind {
            ReplyKind::Offer { .. } => self.counters.offers += 1,
            ReplyKind::Ack { .. } | ReplyKind::Options => self.counters.acks += 1,
            ReplyKind::Nak(_) => self.counters.naks += 1,
        }
        Answer {
            changes: change.into_iter().collect(),
            reply: Some(to),
            durable: matches!(kind, ReplyKind::Ack { .. }),
            probe: None,
        }
    }

    /// Another server gives out the addresses.
    pub fn is_relayed(&self) -> bool {
        self.scope.as_ref().is_some_and(|scope| scope.service.relay.is_some())
    }

    /// A client's message as the servers get it, if they do.
    pub fn pass_out(&mut self, bytes: &[u8], via: Via, now: Secs) -> Option<Vec<u8>> {
        let scope = self.scope.as_ref()?;
        let passed = match Request::read(bytes) {
            // Who has which address the server knows.
            Ok(request) => match self.limit.refuses(&request, via, || request.ciaddr.is_some(), now) {
                None => relay::outward(bytes, &request, scope),
                Some(why) => Err(why),
            },
            Err(why) => Err(why.as_str()),
        };
        match passed {
            Ok(bytes) => {
                self.counters.relayed += 1;
                Some(bytes)
            }
            Err(why) => {
                self.dropped(why);
                None
            }
        }
    }

    /// The log does not keep up, so there is no ACK after all, or a note is lost.
    pub fn unanswered(&mut self, ack: bool) {
        self.counters.acks -= u64::from(ack);
        self.dropped("log-busy");
    }

    fn dropped(&mut self, why: &'static str) -> Answer {
        *self.counters.drops.entry(why).or_default() += 1;
        Answer::default()
    }
}

/// The name the configuration gives the client, if it asks for one (option 12).
fn hostname(table: &Table, scope: &Scope, request: &Request, now: Secs) -> Option<Label> {
    const HOST_NAME: u8 = 12;
    request.parameters.as_ref().filter(|asked| asked.contains(&HOST_NAME))?;
    let host = Who::device(table, scope, request, now).reserved?;
    hostname::clean(host.name.as_str().as_bytes())
}

/// Whether a frame to the client's hardware address reaches it, as its own come from there: heard now, or when it got the lease that
/// it renews. Not so behind a bridge that puts its own address on frames, as wireless ones do, where ARP finds the bridge.
fn is_direct(request: &Request, via: Via, before: Option<&Binding>) -> bool {
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
fn destination(kind: ReplyKind, scope: &Scope, request: &Request, unheard: bool, direct: bool) -> To {
    if let Some(relayed) = &request.relayed {
        return To::Relay(relayed.agent);
    }
    match (kind, request.ciaddr) {
        (ReplyKind::Nak(_), _) => To::Broadcast,
        (_, Some(address)) if scope.has_host(address) && direct => To::Hardware(request.mac, address),
        (_, Some(address)) if scope.has_host(address) => To::Address(address),
        (ReplyKind::Offer { address, .. } | ReplyKind::Ack { address, .. }, _) if !request.broadcast && !unheard => {
            To::Hardware(request.mac, address)
        }
        _ => To::Broadcast,
    }
}

/// For the fuzzer: any bytes through everything but sockets and disk.
#[doc(hidden)]
pub fn fuzz_packet(service: crate::Service, bytes: &[u8]) {
    let scope = Scope::new(service);
    let mut network = Network::default();
    network.table.settle(scope.range(), scope.excluded());
    network.scope = Some(scope);
    for now in [1, 2] {
        let moment = Moment { now, lagging: false, log_fails: false, asks_enough: false };
        let reply = &mut Vec::new();
        let mut answer = network.answer(bytes, Via::Broadcast, moment, reply);
        if let Some((address, _)) = answer.probe {
            network.table.clear(address, now);
            answer = network.answer_again(bytes, Via::Broadcast, moment, reply);
        }
        answer.changes.into_iter().for_each(|change| network.table.apply(change));
    }
}
