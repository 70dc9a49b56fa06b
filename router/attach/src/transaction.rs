use crate::{
    Attach, EndpointName, Error, KernelPlugs, Leases, Place, Plugs, Record, Request, attach::network_of, journal::Journal,
    records::Records,
};
use edge_config::Config;
use edge_net::Name;
use std::mem;
use tokio::sync::MutexGuard;

/// One transaction on the attachments: steps, and [`AttachTransaction::end`], which writes down what they did or takes it back. A
/// front makes one transaction of what its engine calls one thing.
///
/// | step | before | after |
/// |---|---|---|
/// | [`reserve`](AttachTransaction::reserve) | nothing | reserved: its lease is held |
/// | [`plug`](AttachTransaction::plug) | reserved | plugged: its interface is in the namespace |
/// | [`unplug`](AttachTransaction::unplug) | plugged | reserved |
/// | [`release`](AttachTransaction::release) | reserved, or plugged | nothing; the address waits for it |
///
/// Each can be asked again with the same outcome. A crash within a transaction leaves what [`Attach::reconcile`] clears away.
#[must_use = "what the steps did is written down by `end`"]
pub struct AttachTransaction<'a, L = edge_dhcp::Server, P = KernelPlugs> {
    pub(crate) attach: &'a Attach<L, P>,
    journal: MutexGuard<'a, Journal>,
    /// What the journal will say.
    draft: Records,
    rollbacks: Vec<Rollback>,
    /// Leases to give back once the journal no longer speaks of them.
    released: Vec<(Name, EndpointName)>,
}

/// What takes a step back.
enum Rollback {
    Release(Name, EndpointName),
    Unplug(Record),
}

impl<L: Leases, P: Plugs> Attach<L, P> {
    /// Waits for the transactions before.
    pub async fn begin(&self) -> AttachTransaction<'_, L, P> {
        let journal = self.journal.lock().await;
        let draft = journal.records().clone();
        AttachTransaction { attach: self, journal, draft, rollbacks: Vec::new(), released: Vec::new() }
    }
}

impl<L: Leases, P: Plugs> AttachTransaction<'_, L, P> {
    /// What is attached, with what the steps of this transaction did.
    pub fn records(&self) -> &[Record] {
        self.draft.as_slice()
    }

    /// Checks where the interface is to go: that is a container's namespace, and neither name nor interface is taken.
    pub fn place(&self, config: &Config, request: &Request) -> Result<Place, Error> {
        network_of(config, &request.network)?;
        self.attach.place(&self.draft, config, request)
    }

    /// Holds the address that is its own in the network, and decides the MAC. Who is plugged in stays so.
    pub async fn reserve(&mut self, config: &Config, network: &Name, name: &EndpointName) -> Result<Record, Error> {
        let network = network_of(config, network)?;
        let known = self.draft.find(&network.name, name);
        if known.is_none() && self.draft.is_full() {
            return Err(Error::Full(Records::MOST));
        }
        let (is_new, is_plugged) = (known.is_none(), known.is_some_and(|known| known.plugged().is_some()));
        let address = self.attach.leases.claim(&network.name, name, None).await?;
        if is_new {
            self.rollbacks.push(Rollback::Release(network.name.clone(), name.clone()));
        }
        let reserved = Record::reserved(network, name, address)?;
        if !is_plugged {
            self.draft.put(reserved.clone());
        }
        Ok(reserved)
    }

    /// Plugs in what was reserved, or mends what is plugged in there already.
    pub async fn plug(&mut self, config: &Config, reserved: &Record, place: Place) -> Result<Record, Error> {
        let network = network_of(config, &reserved.network)?;
        let known = self.draft.find(&reserved.network, &reserved.name).cloned();
        let there = known.as_ref().and_then(Record::plugged).map(|plugged| plugged.place.id);
        let is_new = there != Some(place.id);
        // A namespace that is gone leaves its name; what may be left of its port makes way.
        if let Some(gone) = known.filter(|_| is_new) {
            self.attach.pull(&gone).await?;
        }
        let plugged = self.attach.plug(network, reserved, place).await?;
        if is_new {
            self.rollbacks.push(Rollback::Unplug(plugged.clone()));
        }
        self.draft.put(plugged.clone());
        Ok(plugged)
    }

    /// Takes the interface away; the address stays its own. Who is not plugged in, or not known, is no error.
    pub async fn unplug(&mut self, network: &Name, name: &EndpointName) -> Result<(), Error> {
        let Some(known) = self.draft.find(network, name).cloned() else { return Ok(()) };
        self.attach.pull(&known).await?;
        self.draft.put(known.unplugged());
        Ok(())
    }

    /// Unplugs what is plugged in still, forgets it and gives its lease back. Who is not known is no error.
    pub async fn release(&mut self, network: &Name, name: &EndpointName) -> Result<(), Error> {
        self.unplug(network, name).await?;
        self.forget(network, name);
        Ok(())
    }

    /// Writes down what the steps did; where one of them failed, or this does, takes them back as far as they made something
    /// new. Others may follow in the same transaction.
    pub async fn end<T>(&mut self, done: Result<T, Error>) -> Result<T, Error> {
        let done = match done {
            Ok(done) => self.journal.store(self.draft.clone()).await.map(|()| done).map_err(Error::from),
            failed => failed,
        };
        let (rollbacks, released) = (mem::take(&mut self.rollbacks), mem::take(&mut self.released));
        if done.is_err() {
            self.draft = self.journal.records().clone();
            self.roll_back(rollbacks).await;
        } else {
            for (network, name) in released {
                self.attach.release_lease(&network, &name).await;
            }
        }
        done
    }

    async fn roll_back(&self, rollbacks: Vec<Rollback>) {
        for step in rollbacks.into_iter().rev() {
            match step {
                Rollback::Release(network, name) => self.attach.release_lease(&network, &name).await,
                Rollback::Unplug(record) => {
                    if let Err(error) = self.attach.pull(&record).await {
                        log::error!("{error}: the next reconciliation removes it");
                    }
                }
            }
        }
    }

    /// Without a word to the kernel: there is nothing left to unplug.
    pub(crate) fn forget(&mut self, network: &Name, name: &EndpointName) {
        if self.draft.remove(network, name) {
            self.released.push((network.clone(), name.clone()));
        }
    }

    /// What was attached is to be read from the kernel.
    pub(crate) fn is_lost(&self) -> bool {
        self.journal.is_lost()
    }

    /// Who is not known may be somebody, until the damage was seen.
    pub(crate) fn is_unsure(&self) -> bool {
        self.journal.is_unsure()
    }

    /// In place of what was known of it.
    pub(crate) fn put(&mut self, record: Record) {
        self.draft.put(record);
    }
}
