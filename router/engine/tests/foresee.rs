//! What would be in force is what an apply brings, and nothing comes of asking.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod double;

use double::{Calls, Disk, Double, Kernel, engine_with, networks};
use edge_api::Problem;
use edge_config::Config;
use edge_engine::{InForce, Service, Task, Text, parse};
use edge_net::PortRange;
use edge_plan::{
    Facts, diff,
    policy::{Input, Match, Zone},
};
use std::{future::ready, sync::Arc};

/// Listens in each network, and finds something out about each.
struct Listener(Calls);

impl Service for Listener {
    fn name(&self) -> &'static str {
        "the listener"
    }

    fn inputs(&self, config: &Config) -> Vec<Input> {
        let port = Match::udp(PortRange::new(53, 53).unwrap());
        config.networks.iter().map(|network| Input::new(Zone::Network(network.name.clone()), port, "DNS")).collect()
    }

    fn facts(&self, config: &Config, facts: &mut Facts) {
        facts.unhealthy = config.networks.iter().map(|network| network.name.clone()).collect();
    }

    fn facts_gathered(&self, before: &InForce, config: &Config, facts: &Facts) {
        let (was, is) = (before.facts.unhealthy.len(), facts.unhealthy.len());
        self.0.add(format!("gathered for {}: {was} to {is}", config.networks.len()));
    }

    fn configure<'a>(&'a self, _: &'a InForce) -> Task<'a, Vec<Problem>> {
        self.0.add("configure");
        Box::pin(ready(Vec::new()))
    }
}

async fn running(numbers: &[u8]) -> (Kernel, Calls, Double) {
    let (kernel, calls) = (Kernel::with(&["eth0"]), Calls::default());
    let engine = engine_with(&kernel, &Disk::new(&networks(numbers), &kernel), vec![Arc::new(Listener(calls.clone()))]);
    engine.start().await;
    calls.take();
    (kernel, calls, engine)
}

#[tokio::test]
async fn a_plan_of_another_file_is_the_operations_of_its_apply() {
    let (kernel, calls, engine) = running(&[1]).await;
    let text = Text { name: "given.toml".into(), text: networks(&[1, 2]) };
    let (before, in_force) = (engine.in_force(), engine.watch());

    let foreseen = engine.foresee(parse(&text).unwrap());
    assert_eq!((foreseen.facts.inputs.len(), foreseen.facts.unhealthy.len()), (2, 2));
    assert!(!in_force.has_changed().unwrap() && Arc::ptr_eq(&before, &engine.in_force()), "nothing is in force by it");
    assert_eq!(calls.take(), Vec::<String>::new(), "and nobody was told");

    let planned = diff(&foreseen.wanted(), &kernel.state()).ops;
    let done = engine.apply(Some(text), None, None).await.unwrap();
    assert_eq!(planned, done.ops);
    assert_eq!((&foreseen.config, &foreseen.facts), (&engine.in_force().config, &engine.in_force().facts));
    assert_eq!(calls.take(), ["gathered for 2: 1 to 2", "configure"]);
}
