use super::netns;
use edge_api::{DhcpCounters, NetworkStatus, Problem, Status};
use edge_config::{Config, Host, Network};
use edge_dhcp::{Counters, DhcpReport, Server};
use edge_engine::{InForce, Service, StatusContext, Task};
use edge_plan::{Policy, gateway_link};
use std::path::{Path, PathBuf};

/// So many places of damage are named; the daemon's log has them all.
const DAMAGE: usize = 3;

/// Addresses for devices, or a relay to whom gives them out.
pub struct Dhcp {
    server: Server,
}

impl Dhcp {
    pub fn new(server: Server) -> Self {
        Self { server }
    }
}

impl Service for Dhcp {
    fn name(&self) -> &'static str {
        "DHCP"
    }

    fn configure<'a>(&'a self, in_force: &'a InForce) -> Task<'a, Vec<Problem>> {
        Box::pin(async {
            let errors = self.server.configure(wanted(in_force)).await;
            errors.into_iter().map(|error| Problem { what: error.to_string(), why: None }).collect()
        })
    }

    fn status(&self, context: &StatusContext, status: &mut Status) {
        let report = self.server.counters();
        for (network, row) in context.in_force.config.networks.iter().zip(&mut status.networks) {
            tell(network, &report, row);
        }
        status.problems.extend(log_problems(&report));
    }
}

/// What the server is to do.
fn wanted(in_force: &InForce) -> Vec<edge_dhcp::NetworkService> {
    let InForce { config, facts, space, .. } = in_force;
    let (netns, policy) = (netns(space), Policy::of(config, facts));
    config.networks.iter().map(|network| service(config, &policy, network, netns.as_deref())).collect()
}

fn service(config: &Config, policy: &Policy, network: &Network, netns: Option<&Path>) -> edge_dhcp::NetworkService {
    let reservations: Vec<Host> = config.hosts.iter().filter(|host| host.network == network.name).cloned().collect();
    edge_dhcp::NetworkService {
        network: network.name.clone(),
        link: gateway_link(config, network),
        netns: netns.map(PathBuf::from),
        address: network.address,
        dhcp: network.dhcp.clone(),
        dns: policy.name_servers(network),
        own_name: config.system.hostname.clone(),
        reservations,
    }
}

fn tell(network: &Network, report: &DhcpReport, row: &mut NetworkStatus) {
    let counters = network.dhcp.as_ref().and_then(|_| report.networks.get(&network.name));
    let pool = counters.filter(|_| network.dhcp.as_ref().is_some_and(|dhcp| dhcp.server().is_some()));
    let in_pool = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    row.pool_used = pool.map(|pool| in_pool(pool.pool_used));
    row.pool_size = pool.map(|pool| in_pool(pool.pool_size));
    row.dhcp = counters.map(dhcp_counters);
}

/// What is wrong with the lease log.
fn log_problems(report: &DhcpReport) -> Vec<Problem> {
    let problem = |what: &str, why: &str| Problem { what: what.to_owned(), why: Some(why.to_owned()) };
    let behind = "the lease log cannot be shortened; there are new leases until it is full";
    let broken = report.log_fault.broken.iter().map(|why| problem("no new leases: the lease log cannot be written", why));
    let behind = report.log_fault.behind.iter().map(|why| problem(behind, why));
    let damage = report.recovery.iter().map(|note| problem("the lease log was damaged when the daemon started", note));
    broken.chain(behind).chain(damage.take(DAMAGE)).collect()
}

fn dhcp_counters(counters: &Counters) -> DhcpCounters {
    let Counters { discovers, offers, requests, acks, naks, declines, releases, informs, relayed, conflicts, resting, .. } =
        *counters;
    let drops = counters.drops.iter().map(|(why, count)| (why.to_string(), *count)).collect();
    DhcpCounters { discovers, offers, requests, acks, naks, declines, releases, informs, relayed, conflicts, resting, drops }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_the_lease_log_is_told_and_not_without_end() {
        let mut dhcp = DhcpReport { recovery: (0..9).map(|block| format!("block {block}")).collect(), ..DhcpReport::default() };
        dhcp.log_fault.behind = Some("no space".to_owned());
        let told: Vec<_> =
            log_problems(&dhcp).into_iter().map(|problem| (problem.what, problem.why.unwrap_or_default())).collect();
        let damaged = "the lease log was damaged when the daemon started";
        assert_eq!(told.iter().filter(|(what, _)| what == damaged).count(), DAMAGE);
        assert!(told[0].0.contains("until it is full") && told[0].1 == "no space", "{told:?}");
        assert!(log_problems(&DhcpReport::default()).is_empty());
    }
}
