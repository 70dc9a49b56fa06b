//! What messages that came in together lead to. It is sent together, and logged together.

use crate::{
    answer::Answer,
    decide::{Moment, Scope},
    lease::Change,
    log::{Place, Record},
    relay,
    server::Core,
    socket::{Outbox, Packet, Sockets, To},
    state::{Network, Networks},
    wire::header,
};
use edge_net::Name;
use std::sync::{Arc, atomic::Ordering};

/// Most replies that wait for the disk, about 15 MiB. A client whose message is not answered repeats it.
const MOST_WAITING: usize = 32_768;

pub struct Batch {
    pub sockets: Arc<Sockets>,
    pub moment: Moment,
    at_once: Outbox,
    /// What waits until everything logged so far is on disk.
    durable: Outbox,
    records: Vec<Record>,
    /// ACKs that need nothing written, while nothing can be: each is good where what it relies on is on disk.
    renewals: Vec<(Place, Outbox)>,
    /// The disk keeps up. Asked before anything is changed, as what is not logged must not be in the tables either.
    log_has_room: bool,
    /// The reply at hand.
    reply: Vec<u8>,
    /// The interface of the message before, most likely this one's too, and its network.
    before: Option<(u32, Option<Name>)>,
}

impl Batch {
    /// For what came in by these sockets; while the tables are locked, and finished before they are not.
    pub fn new(core: &Core, networks: &Networks, sockets: &Arc<Sockets>) -> Self {
        sockets.refresh_links();
        Self {
            sockets: sockets.clone(),
            moment: core.moment(networks),
            at_once: sockets.outbox(),
            durable: sockets.outbox(),
            records: Vec::new(),
            renewals: Vec::new(),
            log_has_room: core.log.has_room() && core.waiting.load(Ordering::Relaxed) < MOST_WAITING,
            reply: Vec::new(),
            before: None,
        }
    }

    /// The network served on an interface.
    pub fn network_on(&mut self, networks: &Networks, ifindex: u32) -> Option<Name> {
        if let Some((_, name)) = self.before.as_ref().filter(|(before, _)| *before == ifindex) {
            return name.clone();
        }
        let served = networks.by_link.get(self.sockets.netns());
        let name = self.sockets.link(ifindex).and_then(|link| served?.get(&*link).cloned());
        self.before = Some((ifindex, name.clone()));
        name
    }

    /// Sends what need not wait, and logs the rest.
    pub fn finish(self, core: &Core) {
        let Self { sockets, at_once, durable, records, renewals, .. } = self;
        sockets.send(at_once);
        if records.is_empty() && durable.len() == 0 {
            sockets.put_back(durable);
        } else {
            submit(core, &sockets, records, None, durable);
        }
        for (place, reply) in renewals {
            submit(core, &sockets, Vec::new(), Some(place), reply);
        }
    }

    /// Applies changes that are logged at the end. False where the log does not keep up: nothing is changed then.
    pub fn change(&mut self, name: &Name, network: &mut Network, changes: impl IntoIterator<Item = Change>) -> bool {
        for change in changes.into_iter().take_while(|_| self.log_has_room) {
            if !network.table.says(&change) {
                self.records.push(Record { network: name.clone(), at: self.moment.now, change: change.clone() });
            }
            network.table.apply(change);
        }
        self.log_has_room
    }
}

fn submit(core: &Core, sockets: &Arc<Sockets>, records: Vec<Record>, relies_on: Option<Place>, replies: Outbox) {
    let (sockets, waiting, count) = (sockets.clone(), core.waiting.clone(), replies.len().max(records.len()));
    waiting.fetch_add(count, Ordering::Relaxed);
    let done = move |logged: Result<(), &str>| {
        waiting.fetch_sub(count, Ordering::Relaxed);
        match logged {
            Ok(()) => sockets.send(replies),
            Err(_) => sockets.put_back(replies),
        }
    };
    // False with records only where the log has stopped for good: nothing is promised then.
    if !core.log.submit(records, relies_on, Box::new(done)) {
        core.waiting.fetch_sub(count, Ordering::Relaxed);
    }
}

impl Core {
    pub fn answer(&self, networks: &mut Networks, batch: &mut Batch, packet: &Packet) {
        if let Some(name) = header::agent(&packet.bytes).and_then(|agent| networks.by_agent.get(&agent).cloned()) {
            pass_home(networks, batch, &name, packet);
            return;
        }
        let name = batch.network_on(networks, packet.ifindex);
        let Some((name, network)) = name.and_then(|name| networks.by_name.get_mut(&name).map(|network| (name, network))) else {
            networks.stray += 1;
            return;
        };
        if network.is_relayed() {
            pass_out(network, batch, packet);
            return;
        }
        let answer = network.answer(&packet.bytes, packet.via, batch.moment, &mut batch.reply);
        self.follow(networks, batch, &name, packet, answer);
    }

    /// The same for a message that waited for a probe.
    pub fn answer_again(&self, networks: &mut Networks, batch: &mut Batch, name: &Name, packet: &Packet) {
        let Some(network) = networks.by_name.get_mut(name) else { return };
        let answer = network.answer_again(&packet.bytes, packet.via, batch.moment, &mut batch.reply);
        self.follow(networks, batch, name, packet, answer);
    }

    fn follow(&self, networks: &mut Networks, batch: &mut Batch, name: &Name, packet: &Packet, mut answer: Answer) {
        if let Some(probe) = answer.probe {
            let is_asked = self.probe(networks, batch, name, probe, packet);
            // What else came in is judged by what is asked for now.
            batch.moment.asks_enough = networks.probes.are_enough();
            if is_asked {
                return;
            }
            let Some(network) = networks.by_name.get_mut(name) else { return };
            network.table.clear(probe.0, batch.moment.now);
            answer = network.answer_again(&packet.bytes, packet.via, batch.moment, &mut batch.reply);
        }
        let Some(network) = networks.by_name.get_mut(name) else { return };
        let (before, address) = (batch.records.len(), answer.changes.first().map(Change::address));
        let must_log = answer.durable || !answer.changes.is_empty();
        if must_log && !batch.change(name, network, answer.changes) {
            network.unanswered(answer.durable);
            return;
        }
        if let Some((to, from)) = answer.reply.zip(network.scope.as_ref().map(Scope::router)) {
            let is_written = answer.durable && batch.records.len() == before && self.log.is_failing();
            let outbox = match address.filter(|_| is_written) {
                Some(address) => &mut batch.renewals.push_mut(((name.clone(), address), Outbox::default())).1,
                None if answer.durable => &mut batch.durable,
                None => &mut batch.at_once,
            };
            outbox.push(packet.ifindex, from, to, &mut batch.reply);
        }
    }
}

/// A client's message, on to the servers that the network has elsewhere.
fn pass_out(network: &mut Network, batch: &mut Batch, packet: &Packet) {
    let passed = network.pass_out(&packet.bytes, packet.via, batch.moment.now);
    let Some((bytes, scope)) = passed.zip(network.scope.as_ref()) else { return };
    for server in scope.service.relay.iter().flat_map(|relay| &relay.servers) {
        batch.at_once.push(0, scope.router(), To::Relay(*server), &mut bytes.clone());
    }
}

/// What a server sends to the relay agent, on to the client.
fn pass_home(networks: &mut Networks, batch: &mut Batch, name: &Name, packet: &Packet) {
    let Some(network) = networks.by_name.get_mut(name) else { return };
    let Some(scope) = network.scope.as_ref().filter(|scope| scope.service.netns == *batch.sockets.netns()) else { return };
    match relay::homeward(&packet.bytes, packet.from, scope) {
        Ok((to, mut bytes)) => {
            let Some(ifindex) = batch.sockets.ifindex(scope.service.link.as_str()) else { return };
            batch.at_once.push(ifindex, scope.router(), to, &mut bytes);
            network.counters.relayed += 1;
        }
        Err(why) => *network.counters.drops.entry(why).or_default() += 1,
    }
}
