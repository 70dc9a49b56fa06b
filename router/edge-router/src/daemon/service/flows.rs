//! The table of flows: how large it is, and who has used up his share of it. The kernel does the work by the rules of the plan.

use super::netns;
use edge_api::{FlowsStatus, Problem, RefusedFlows, Status};
use edge_config::Config;
use edge_engine::{InForce, Service, StatusContext, Task};
use edge_kernel::flows::{self, Refused};
use edge_net::IfName;
use edge_plan::{Facts, Leg, leg_of};
use std::{future::ready, io};

/// Sources that are told of each.
const SOURCES: usize = 3;

pub struct Flows;

impl Service for Flows {
    fn name(&self) -> &'static str {
        "the table of flows"
    }

    /// Who has set the kernel's number higher gets larger shares.
    fn facts(&self, _: &Config, facts: &mut Facts) {
        facts.flows = flows::table();
    }

    fn configure<'a>(&'a self, _: &'a InForce) -> Task<'a, Vec<Problem>> {
        Box::pin(ready(Vec::new()))
    }

    fn status(&self, context: &StatusContext, status: &mut Status) {
        let InForce { config, space, .. } = context.in_force;
        match edge_host::netns::run_in(netns(space).as_deref(), flows::Flows::look) {
            Ok(found) => status.flows = Some(told(found, config)),
            // The kernel has not loaded it, or there is no such namespace yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => status
                .problems
                .push(Problem { what: "the table of flows cannot be read".to_owned(), why: Some(error.to_string()) }),
        }
    }
}

fn told(mut found: flows::Flows, config: &Config) -> FlowsStatus {
    found.refused.sort_by_key(|refused| std::cmp::Reverse(refused.packets));
    let refused = found.refused.into_iter().filter_map(|refused| Some(row(owner(&refused.link, config)?, refused)));
    FlowsStatus { in_use: found.in_use, max: found.max, refused: refused.collect() }
}

fn row(owner: String, refused: Refused) -> RefusedFlows {
    let sources = refused.sources.into_iter().take(SOURCES).map(|(address, _)| address).collect();
    RefusedFlows { owner, packets: refused.packets, sources }
}

/// `None`: nobody of this configuration.
fn owner(link: &IfName, config: &Config) -> Option<String> {
    Some(match leg_of(config, link)? {
        Leg::Network(network) => format!("network {}", network.name),
        Leg::Uplink(uplink) => format!("uplink {}", uplink.name),
    })
}
