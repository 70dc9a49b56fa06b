//! A kernel and a disk in memory, and a service that writes down what it is told.

#![allow(dead_code, reason = "each test uses its part")]

mod kernel;
mod store;

use edge_api::{Failure, Problem};
use edge_config::Config;
use edge_engine::{Engine, InForce, Moment, Now, Service, Services, Task};
use edge_plan::{Facts, Op};
pub use kernel::{Fault, Kernel};
use std::{
    future::ready,
    sync::{Arc, Mutex},
    time::Duration,
};
pub use store::Disk;

pub type Double = Engine<Kernel, Disk>;

/// The calls of the service, in order, with what the kernel did.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<Vec<String>>>);

impl Calls {
    pub fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

pub struct Witness(pub Calls);

impl Service for Witness {
    fn name(&self) -> &'static str {
        "the witness"
    }

    fn facts(&self, _: &Config, facts: &mut Facts) {
        facts.unhealthy.extend("wan".parse());
    }

    fn prepare<'a>(&'a self, _: &'a InForce) -> Task<'a, Result<(), Failure>> {
        self.0.add("prepare");
        Box::pin(ready(Ok(())))
    }

    fn changing(&self, _: &[Op]) {
        self.0.add("changing");
    }

    fn closed<'a>(&'a self, _: &'a InForce) -> Task<'a> {
        self.0.add("closed");
        Box::pin(ready(()))
    }

    fn configure<'a>(&'a self, in_force: &'a InForce) -> Task<'a, Vec<Problem>> {
        self.0.add(format!(
            "configure {} networks, {} unhealthy",
            in_force.config.networks.len(),
            in_force.facts.unhealthy.len()
        ));
        Box::pin(ready(Vec::new()))
    }

    fn refresh<'a>(&'a self, _: &'a InForce) -> Task<'a, Vec<Problem>> {
        self.0.add("refresh");
        Box::pin(ready(Vec::new()))
    }
}

pub fn engine(kernel: &Kernel, disk: &Disk) -> Double {
    engine_with(kernel, disk, vec![Arc::new(Witness(kernel.calls()))])
}

pub fn engine_with(kernel: &Kernel, disk: &Disk, services: Vec<Arc<dyn Service>>) -> Double {
    let clock = || Now { moment: Moment { boot: "this".into(), ms: 0 }, unix: 1 };
    Engine::new(
        kernel.clone(),
        disk.clone(),
        Services::new(services),
        Facts { machine: [7; 16], ..Facts::default() },
        Duration::from_millis(50),
        clock,
    )
}

/// Networks by their numbers, on a trunk.
pub fn networks(numbers: &[u8]) -> String {
    let network = |n: &u8| format!("[[network]]\nname = \"n{n}\"\nvlan = {n}\ntrunk = \"eth0\"\naddress = \"10.0.{n}.1/24\"\n");
    numbers.iter().map(network).collect()
}
