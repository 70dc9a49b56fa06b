//! The one shape of a service.

use crate::{Hooks, InForce, Moment, Stop};
use edge_api::{Failure, Problem, Status};
use edge_config::Config;
use edge_plan::{Facts, Op, State, policy::Input};
use std::{future::ready, pin::Pin, sync::Arc};
use tokio::sync::watch;

/// Work that is awaited.
pub type Task<'a, T = ()> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a service finds when it is asked how it is.
pub struct StatusContext<'a> {
    /// What is in force.
    pub in_force: &'a InForce,
    /// What there is in the kernel.
    pub observed: &'a State,
    /// By the boot clock.
    pub now: &'a Moment,
}

/// What a running service may ask of the engine.
pub trait EngineHandle: Send + Sync {
    /// What is in force, for who wants to know when it changes.
    fn in_force(&self) -> watch::Receiver<Arc<InForce>>;

    /// What [`Service::facts`] says is otherwise than before: the kernel is brought to it, and the services follow.
    fn facts_changed(&self) -> Task<'_, Result<(), Failure>>;
}

/// Something the router does for its networks, beside the data plane. The engine calls; only `name` and `configure` must be there.
///
/// All but `inputs`, `facts`, `settle`, `status` and `run` are called by who holds the engine's lock, one after the other in the order of the list.
pub trait Service: Send + Sync + 'static {
    /// What the log calls it.
    fn name(&self) -> &'static str;

    /// Which of the router's ports it listens on where, under this configuration, to be let in by the policy.
    fn inputs(&self, _config: &Config) -> Vec<Input> {
        Vec::new()
    }

    /// What it found out that a plan for `config` depends on. Nothing else comes of it: `config` may only be looked at.
    fn facts(&self, _config: &Config, _facts: &mut Facts) {}

    /// What all services together found out for `config`, which is brought about now, beside what was in force and known before.
    fn facts_gathered(&self, _before: &InForce, _config: &Config, _facts: &Facts) {}

    /// Before the first operation on the way to `target`; what fails here ends the way.
    fn prepare<'a>(&'a self, _target: &'a InForce) -> Task<'a, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }

    /// These operations are sent to the kernel now.
    fn changing(&self, _ops: &[Op]) {}

    /// The policy of `target` stands, and nothing is plugged in yet that was not before.
    fn closed<'a>(&'a self, _target: &'a InForce) -> Task<'a> {
        Box::pin(ready(()))
    }

    /// Do what `in_force` wants. Called when that is another one, or the kernel was changed. What could not be done is logged.
    fn configure<'a>(&'a self, in_force: &'a InForce) -> Task<'a, Vec<Problem>>;

    /// Something happened in the kernel, and nothing had to be changed there.
    fn refresh<'a>(&'a self, _in_force: &'a InForce) -> Task<'a, Vec<Problem>> {
        Box::pin(ready(Vec::new()))
    }

    /// Returns when it can say how it is, within half a second or so.
    fn settle(&self) -> Task<'_> {
        Box::pin(ready(()))
    }

    /// Adds what it has to say. The rows of networks and uplinks are those of the configuration.
    fn status(&self, _context: &StatusContext, _status: &mut Status) {}

    /// What it does of itself, until `stop`. It is a fault when it returns before.
    fn run(self: Arc<Self>, _engine: Arc<dyn EngineHandle>, mut stop: Stop) -> Task<'static> {
        Box::pin(async move { stop.wait().await })
    }
}

/// In the order in which they are called.
pub struct Services(Vec<Arc<dyn Service>>);

impl Services {
    /// A list, each once.
    pub fn new(services: Vec<Arc<dyn Service>>) -> Self {
        Self(services)
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Service>> {
        self.0.iter()
    }

    /// What is known by now that a plan for `config` depends on.
    pub(crate) fn gather_facts(&self, before: &InForce, config: &Config) -> Facts {
        let mut facts = before.facts.clone();
        facts.inputs = self.iter().flat_map(|service| service.inputs(config)).collect();
        self.iter().for_each(|service| service.facts(config, &mut facts));
        facts
    }

    pub(crate) fn facts_gathered(&self, before: &InForce, config: &Config, facts: &Facts) {
        self.iter().for_each(|service| service.facts_gathered(before, config, facts));
    }

    pub(crate) async fn configure(&self, in_force: &InForce) {
        for service in self.iter() {
            tell(service.configure(in_force).await);
        }
    }

    pub(crate) async fn refresh(&self, in_force: &InForce) {
        for service in self.iter() {
            tell(service.refresh(in_force).await);
        }
    }
}

impl Hooks for Services {
    async fn prepare(&self, target: &InForce) -> Result<(), Failure> {
        for service in self.iter() {
            service.prepare(target).await?;
        }
        Ok(())
    }

    fn changing(&self, ops: &[Op]) {
        self.iter().for_each(|service| service.changing(ops));
    }

    async fn closed(&self, target: &InForce) {
        for service in self.iter() {
            service.closed(target).await;
        }
    }
}

fn tell(problems: Vec<Problem>) {
    for Problem { what, why } in problems {
        log::warn!("{}", [Some(what), why].into_iter().flatten().collect::<Vec<_>>().join(": "));
    }
}
