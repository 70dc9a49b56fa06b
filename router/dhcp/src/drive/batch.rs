use super::core::{Core, State};
use crate::{
    decide::Moment,
    lease::Change,
    log::{Place, Record},
    network::{KnownNetwork, Networks},
    socket::{Outbox, Sockets},
};
use edge_net::Name;
use std::sync::Arc;

/// What messages that came in together lead to. It is sent together, and logged together.
pub struct Batch<'a> {
    core: &'a Core,
    pub sockets: Arc<Sockets>,
    pub moment: Moment,
    pub at_once: Outbox,
    /// What waits until everything logged so far is on disk.
    pub durable: Outbox,
    pub records: Vec<Record>,
    /// ACKs that need nothing written, while nothing can be: each is good where what it relies on is on disk.
    pub renewals: Vec<(Place, Outbox)>,
    log_has_room: bool,
    /// The reply at hand.
    pub reply: Vec<u8>,
    /// The interface of the message before, most likely this one's too, and its network.
    before: Option<(u32, Option<Name>)>,
}

impl<'a> Batch<'a> {
    /// For what came in by these sockets; while the tables are locked, and finished before they are not.
    pub fn new(core: &'a Core, state: &State, sockets: &Arc<Sockets>) -> Self {
        sockets.refresh_links();
        Self {
            core,
            sockets: sockets.clone(),
            moment: core.moment(state),
            at_once: sockets.outbox(),
            durable: sockets.outbox(),
            records: Vec::new(),
            renewals: Vec::new(),
            log_has_room: core.has_room(),
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

    /// Applies changes that are logged at the end. False where the log does not keep up: nothing is changed then.
    pub fn change(&mut self, name: &Name, network: &mut KnownNetwork, changes: impl IntoIterator<Item = Change>) -> bool {
        for change in changes.into_iter().take_while(|_| self.log_has_room) {
            if !network.table.says(&change) {
                self.records.push(Record { network: name.clone(), at: self.moment.now, change: change.clone() });
            }
            network.table.apply(change);
        }
        self.log_has_room
    }

    /// Nothing can be written right now.
    pub fn log_fails(&self) -> bool {
        self.core.log.is_failing()
    }

    /// Sends what need not wait, and logs the rest.
    pub fn finish(self) {
        let Self { core, sockets, at_once, durable, records, renewals, .. } = self;
        sockets.send(at_once);
        if records.is_empty() && durable.len() == 0 {
            sockets.put_back(durable);
        } else {
            core.submit(&sockets, records, None, durable);
        }
        for (place, reply) in renewals {
            core.submit(&sockets, Vec::new(), Some(place), reply);
        }
    }
}
