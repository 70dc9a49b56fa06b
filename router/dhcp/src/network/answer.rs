use super::{
    KnownNetwork,
    reach::{destination, is_direct},
    response::{Response, ResponseKind},
};
use crate::{
    DropReason,
    decide::{Decision, Moment, OFFER, Requester, Scope, decide},
    lease::{Change, Offer, Secs, Table},
    way::{To, Via},
};
use edge_dhcp_wire::{
    Request, RequestKind,
    hostname::{self, Label},
};
use edge_net::Mac;
use smallvec::SmallVec;
use std::net::Ipv4Addr;

/// What a message leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// To be logged, then applied.
    pub changes: SmallVec<[Change; 1]>,
    /// What is said, and where to.
    pub reply: Option<(ReplyType, To)>,
    /// To be asked for by ARP, for this client; the message is answered afterwards.
    pub probe: Option<(Ipv4Addr, Mac)>,
    /// Why nothing is said.
    pub drop: Option<DropReason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyType {
    Offer,
    /// A lease: it waits until everything logged before it is on disk.
    Ack,
    /// Options without a lease.
    Options,
    Nak,
}

impl Answer {
    /// It says what must be on disk before.
    pub fn is_durable(&self) -> bool {
        matches!(self.reply, Some((ReplyType::Ack, _)))
    }
}

impl From<DropReason> for Answer {
    fn from(why: DropReason) -> Self {
        Self { drop: Some(why), ..Self::default() }
    }
}

impl KnownNetwork {
    /// Judges a message and writes what is answered, if anything, into `reply`, whose room is used again. Only what needs no log is
    /// changed here: offers and what was asked. What becomes of the answer is for [`KnownNetwork::count`].
    pub fn answer(&mut self, bytes: &[u8], via: Via, moment: Moment, reply: &mut Vec<u8>) -> Answer {
        let request = match self.read(bytes, via) {
            Ok(request) => request,
            Err(why) => return why.into(),
        };
        let renews = || {
            let own = request.ciaddr.and_then(|address| self.table.at(address));
            own.is_some_and(|own| own.mac == Some(request.mac))
        };
        if let Some(why) = self.limit.refuses(&request, via, renews, moment.now) {
            return why.into();
        }
        let counters = &mut self.counters;
        *match request.kind {
            RequestKind::Discover => &mut counters.discovers,
            RequestKind::Request => &mut counters.requests,
            RequestKind::Decline => &mut counters.declines,
            RequestKind::Release => &mut counters.releases,
            RequestKind::Inform => &mut counters.informs,
        } += 1;
        self.respond(&request, via, moment, reply)
    }

    /// The same for a message that waited for a probe: it has been counted.
    pub fn answer_again(&mut self, bytes: &[u8], via: Via, moment: Moment, reply: &mut Vec<u8>) -> Answer {
        match self.read(bytes, via) {
            Ok(request) => self.respond(&request, via, moment, reply),
            Err(why) => why.into(),
        }
    }

    /// What became of an answer, once that is known: what is counted stays counted.
    pub fn count(&mut self, said: Option<ReplyType>, drop: Option<DropReason>) {
        match said {
            Some(ReplyType::Offer) => self.counters.offers += 1,
            Some(ReplyType::Ack | ReplyType::Options) => self.counters.acks += 1,
            Some(ReplyType::Nak) => self.counters.naks += 1,
            None => {}
        }
        drop.into_iter().for_each(|why| self.counters.dropped(why));
    }

    fn read(&self, bytes: &[u8], via: Via) -> Result<Request, DropReason> {
        let mut request = Request::read(bytes)?;
        // A RELEASE must name its server (RFC 2131, table 5); systemd-networkd (252) only sends it to that server alone.
        if request.kind == RequestKind::Release && via == Via::Unicast && request.relayed.is_none() {
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
        self.table.expire(now);
        let decision = decide(&self.table, scope, request, moment);
        let network = &scope.service.network;
        self.events.log(network, request, &decision, &self.table, now);
        let is_out = decision == Decision::Silence(DropReason::PoolExhausted);
        self.events.look(network, || self.table.used(now), scope.pool_size(), is_out, now);
        let (kind, change, unheard, direct) = match decision {
            Decision::Silence(why) => return why.into(),
            Decision::Withdraw(identity) => {
                self.table.withdraw(&identity);
                return DropReason::OtherServer.into();
            }
            Decision::Note(changes) => return Answer { changes: changes.into(), ..Answer::default() },
            Decision::Probe { address, identity } => {
                self.table.offer(address, Offer { to: identity, until: now + OFFER, sent: 0 });
                return Answer { probe: Some((address, request.mac)), ..Answer::default() };
            }
            Decision::Offer { address, identity, lease } => {
                if moment.asks_enough {
                    // Nor is it asked for while it is on its way to its client.
                    self.table.clear(address, now);
                }
                let shared = self.table.shares_mac(request.mac, &identity);
                self.table.offer(address, Offer { to: identity, until: now + OFFER, sent: 1 });
                let unheard = shared || self.table.offers().is_again(address);
                (ResponseKind::Offer { address, lease }, None, unheard, is_direct(request, via, None))
            }
            Decision::Ack { mut binding, lease, rapid } => {
                let unheard =
                    self.table.offers().is_again(binding.address) || self.table.shares_mac(request.mac, &binding.identity);
                let before = self.table.at(binding.address).filter(|before| before.is_same_device(&binding));
                binding.direct = is_direct(request, via, before);
                let (address, direct) = (binding.address, binding.direct);
                (ResponseKind::Ack { address, lease, rapid }, Some(Change::Bind(binding)), unheard, direct)
            }
            Decision::Nak(why) => (ResponseKind::Nak(why), None, false, false),
            Decision::Inform => (ResponseKind::Options, None, false, is_direct(request, via, None)),
        };
        let hostname = hostname(&self.table, scope, request, now);
        let response = Response { kind, server: scope.server_id(request), hostname: hostname.as_deref() };
        let to = destination(kind, scope, request, unheard, direct);
        response.encode(request, &scope.service, bytes);
        Answer { changes: change.into_iter().collect(), reply: Some((kind.said(), to)), ..Answer::default() }
    }
}

impl ResponseKind {
    fn said(self) -> ReplyType {
        match self {
            Self::Offer { .. } => ReplyType::Offer,
            Self::Ack { .. } => ReplyType::Ack,
            Self::Options => ReplyType::Options,
            Self::Nak(_) => ReplyType::Nak,
        }
    }
}

/// The name the configuration gives the client, if it asks for one (option 12).
fn hostname(table: &Table, scope: &Scope, request: &Request, now: Secs) -> Option<Label> {
    const HOST_NAME: u8 = 12;
    request.parameters.as_ref().filter(|asked| asked.contains(&HOST_NAME))?;
    let host = Requester::device(table, scope, request, now).reserved?;
    hostname::clean(host.name.as_str().as_bytes())
}
