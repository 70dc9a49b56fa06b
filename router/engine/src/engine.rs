//! Holds what is in force, and lets one at a time change it.

use crate::{
    Condition, ConfigFile, Datapath, Done, Entry, Fights, InForce, Ledger, Look, Now, Services, Store, Transaction,
    converge::Converge, patience::Patience, store::MOST_ENTRIES,
};
use edge_api::{Failure, FailureKind, HistoryEntry};
use edge_config::Config;
use edge_plan::{Facts, State};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Mutex, MutexGuard, watch};

/// The middle of the router. Everything it holds can be rebuilt from its store and the datapath.
pub struct Engine<D, S> {
    pub(crate) datapath: Arc<D>,
    pub(crate) store: S,
    pub(crate) services: Services,
    pub(crate) clock: fn() -> Now,
    pub(crate) patience: Patience,
    locked: Mutex<Locked>,
    /// Nothing new is begun any more.
    stopping: AtomicBool,
    in_force: watch::Sender<Arc<InForce>>,
    ledger: watch::Sender<Arc<Ledger>>,
    condition: watch::Sender<Condition>,
    /// Of each entry what it is, the oldest first.
    recorded: watch::Sender<Arc<Vec<HistoryEntry>>>,
}

/// What only who changes something may touch.
pub(crate) struct Locked {
    pub transaction: Transaction,
    /// What the services were configured by last.
    pub configured: Option<Arc<InForce>>,
}

/// Nobody else changes anything while it is there.
pub struct Guard<'a>(pub(crate) MutexGuard<'a, Locked>);

impl<D: Datapath, S: Store> Engine<D, S> {
    /// Nothing is in force yet: see [`Engine::start`]. `facts`: of the box, which stay; `patience`: what the datapath takes longer for hangs.
    pub fn new(datapath: D, store: S, services: Services, facts: Facts, patience: Duration, clock: fn() -> Now) -> Self {
        Self {
            datapath: Arc::new(datapath),
            store,
            services,
            clock,
            patience: Patience(patience),
            locked: Mutex::new(Locked { transaction: Transaction::default(), configured: None }),
            stopping: AtomicBool::new(false),
            in_force: watch::Sender::new(Arc::new(InForce::nothing(facts))),
            ledger: watch::Sender::default(),
            condition: watch::Sender::default(),
            recorded: watch::Sender::default(),
        }
    }

    /// One at a time changes the kernel; when the daemon is stopping, nobody does any more.
    pub async fn lock(&self) -> Result<Guard<'_>, Failure> {
        let locked = self.locked.lock().await;
        if self.stopping.load(Ordering::Relaxed) {
            return Err(Failure::new(FailureKind::Busy, "the daemon is stopping: nothing was changed"));
        }
        Ok(Guard(locked))
    }

    /// What is being changed is brought to its end, or undone, though its client may have left; nothing is begun after it.
    pub async fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.idle().await;
    }

    /// Waits until nobody changes anything.
    pub async fn idle(&self) {
        drop(self.locked.lock().await);
    }

    /// What is in force.
    pub fn in_force(&self) -> Arc<InForce> {
        self.in_force.borrow().clone()
    }

    /// The same, for who follows it.
    pub fn watch(&self) -> watch::Receiver<Arc<InForce>> {
        self.in_force.subscribe()
    }

    /// What would be in force under another configuration. Nothing comes of asking.
    pub fn foresee(&self, config: Arc<Config>) -> InForce {
        let in_force = self.in_force();
        InForce { facts: self.services.gather_facts(&in_force, &config), ..in_force.with_config(config) }
    }

    /// What is known of configurations.
    pub fn ledger(&self) -> Arc<Ledger> {
        self.ledger.borrow().clone()
    }

    /// How the kernel stands to what is in force.
    pub fn condition(&self) -> Condition {
        self.condition.borrow().clone()
    }

    /// The services, in their order.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The configuration file, as it is now.
    pub fn file(&self) -> ConfigFile {
        self.store.file()
    }

    /// What there is in the kernel, all of it read; an error when it does not tell in time.
    pub async fn observe(&self) -> Result<State, Failure> {
        self.converge().observe(Look::Whole).await
    }

    pub(crate) fn converge(&self) -> Converge<'_, D, Services> {
        Converge { datapath: &self.datapath, hooks: &self.services, patience: self.patience, condition: &self.condition }
    }

    /// Before a plan for this configuration.
    pub(crate) async fn trust(&self, target: &InForce) -> Result<(), Failure> {
        self.patience.wait("take a name", self.datapath.trust(&target.space)).await
    }

    /// What the services found out by now becomes known.
    pub(crate) fn refresh_facts(&self, config: &Config) {
        let before = self.in_force();
        let facts = self.services.gather_facts(&before, config);
        self.services.facts_gathered(&before, config, &facts);
        if facts != before.facts {
            self.publish(InForce { facts, ..InForce::clone(&before) });
        }
    }

    pub(crate) fn publish(&self, in_force: impl Into<Arc<InForce>>) {
        self.in_force.send_replace(in_force.into());
    }

    pub(crate) fn publish_ledger(&self, ledger: &Ledger) {
        self.ledger.send_if_modified(|known| {
            let is_other = **known != *ledger;
            if is_other {
                *known = Arc::new(ledger.clone());
            }
            is_other
        });
    }

    /// What is known of the history, the oldest first.
    pub(crate) fn recorded(&self) -> Arc<Vec<HistoryEntry>> {
        self.recorded.borrow().clone()
    }

    pub(crate) fn publish_history(&self, history: Vec<Entry>) {
        self.recorded.send_replace(Arc::new(history.into_iter().map(|entry| entry.about).collect()));
    }

    pub(crate) fn add_to_history(&self, about: HistoryEntry) {
        self.recorded.send_modify(|recorded| {
            let recorded = Arc::make_mut(recorded);
            recorded.push(about);
            recorded.drain(..recorded.len().saturating_sub(MOST_ENTRIES));
        });
    }

    pub(crate) fn watch_ledger(&self) -> watch::Receiver<Arc<Ledger>> {
        self.ledger.subscribe()
    }

    /// What was done mended what had changed in the kernel.
    pub(crate) fn put_back(&self, done: &Done) {
        let now = (self.clock)().moment.ms;
        self.condition.send_modify(|condition| condition.fights.put_back(&done.ops, now));
    }

    /// Somebody wants the kernel as it is configured.
    pub(crate) fn forget_fights(&self) {
        self.condition.send_modify(|condition| condition.fights = Fights::default());
    }

    pub(crate) fn failed(&self, failure: &Failure) {
        self.condition.send_modify(|condition| condition.failed = Some(failure.in_full()));
    }

    pub(crate) async fn lock_at_start(&self) -> Guard<'_> {
        Guard(self.locked.lock().await)
    }
}
