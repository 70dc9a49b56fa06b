//! The box on one screen: the configuration, held against the kernel and the leases. Pure.

use super::{boot::Moment, confirm::whole_seconds, current::Current, drift, generations::ConfigFile, in_force, uplinks};
use edge_api::{Applied, DhcpCounters, NetworkState, NetworkStatus, Node, NodeKind, Problem, Status, Waiting};
use edge_config::{Config, Network, Uplink};
use edge_dhcp::{Counters, DhcpReport};
use edge_net::{IfName, Name};
use edge_plan::{Conflict, Label, Link, Policy, Space, State, gateway_link, router_space};
use std::{collections::BTreeMap, fs, time::Duration};

/// What is found beside the kernel.
pub struct Around<'a> {
    pub state_problem: Option<&'a str>,
    pub not_imported: Option<String>,
    pub config_name: &'a str,
    pub file: &'a ConfigFile,
    pub now: &'a Moment,
}

pub fn status(
    current: &Current,
    around: &Around,
    observed: &State,
    nodes: Vec<Node>,
    dhcp: &DhcpReport,
    reports: &BTreeMap<Name, edge_uplink::UplinkReport>,
) -> Status {
    let config = &current.config;
    let eyes = Eyes { current, policy: &Policy::of(config, &current.facts), observed };
    let space = router_space(config);
    let link = |uplink: &Uplink| eyes.link(&space, &uplink.ifname());
    let mut status = Status {
        hostname: hostname(config),
        uptime: uptime(),
        applied: applied(current, around.now),
        namespace: config.namespace.as_ref().map(ToString::to_string),
        problems: problems(current, around, observed, dhcp),
        uplinks: uplinks::rows(config, &current.facts, reports, link, Duration::from_millis(around.now.ms)),
        networks: config.networks.iter().map(|network| eyes.network(network, &nodes, dhcp)).collect(),
        nodes,
        waiting: waiting(config, &current.waiting, &current.conflicts),
    };
    status.tell_problems();
    status
}

fn applied(current: &Current, now: &Moment) -> Option<Applied> {
    let at = current.applied_at?;
    let left = current.open.as_ref().and_then(|open| open.left(now));
    let named = |open: &super::journal::Journal| open.new.name.clone();
    let kept = current.kept.as_ref();
    let name = match left {
        Some(_) => current.open.as_ref().map(named),
        None => kept.map(|kept| kept.text.name.clone()),
    };
    Some(Applied {
        at,
        confirmed: left.is_none(),
        name: name.unwrap_or_default(),
        confirm_within: left.map(whole_seconds),
        back_to: left.and(kept).and_then(|kept| kept.at),
    })
}

/// What is wrong with the whole box.
fn problems(current: &Current, around: &Around, observed: &State, dhcp: &DhcpReport) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(why) = around.state_problem {
        problems.push(Problem {
            what: "leases and attachments will be forgotten at the next start".to_owned(),
            why: Some(why.to_owned()),
        });
    }
    problems.extend(around.not_imported.as_deref().map(not_imported));
    problems.extend(in_force::problem(current, around.config_name, &around.file.fingerprint));
    if let Some(failed) = &current.failed {
        problems.push(Problem { what: "the kernel refused a part of the configuration".to_owned(), why: Some(failed.clone()) });
    }
    if let Some(why) = &current.not_kept {
        problems.push(Problem { what: "what is in force is not kept for the next start".to_owned(), why: Some(why.clone()) });
    }
    if current.is_applied() && !current.swept {
        let what = "flows that are not allowed any longer may go on".to_owned();
        problems.push(Problem { what, why: Some("the connection table cannot be read or changed; see the log".to_owned()) });
    }
    problems.extend(drift::problem(current, observed));
    for conflict in &current.conflicts {
        let what = format!("{} is there already and was not made by us", conflict.name);
        let why = format!("in space {}: remove or rename it, or choose another name in the configuration", conflict.space);
        problems.push(Problem { what, why: Some(why) });
    }
    problems.extend(leases(dhcp));
    problems
}

/// So many places of damage are named; the daemon's log has them all.
const DAMAGE: usize = 3;

/// What is wrong with the lease log.
fn leases(dhcp: &DhcpReport) -> Vec<Problem> {
    let problem = |what: &str, why: &str| Problem { what: what.to_owned(), why: Some(why.to_owned()) };
    let behind = "the lease log cannot be shortened; there are new leases until it is full";
    let broken = dhcp.trouble.broken.iter().map(|why| problem("no new leases: the lease log cannot be written", why));
    let behind = dhcp.trouble.behind.iter().map(|why| problem(behind, why));
    let damage = dhcp.recovery.iter().map(|note| problem("the lease log was damaged when the daemon started", note));
    broken.chain(behind).chain(damage.take(DAMAGE)).collect()
}

fn not_imported(report: &str) -> Problem {
    let first = report.lines().find(|line| line.starts_with("error: ")).unwrap_or("it has mistakes");
    Problem {
        what: "edge-router.toml on the card's boot partition was not taken over at the start".to_owned(),
        why: Some(format!("{}; edge-router.err.txt beside it says it all", first.trim_start_matches("error: ").trim())),
    }
}

struct Eyes<'a> {
    current: &'a Current,
    policy: &'a Policy<'a>,
    observed: &'a State,
}

impl Eyes<'_> {
    fn link(&self, space: &Space, name: &IfName) -> Option<&Link> {
        self.observed.spaces.get(space)?.links.get(name)
    }

    fn network(&self, network: &Network, nodes: &[Node], dhcp: &DhcpReport) -> NetworkStatus {
        let config = &self.current.config;
        let absent = |device: &&IfName| self.link(&Space::Host, device).is_none();
        let missing = network.tagged.iter().map(|tagged| &tagged.trunk).chain(&network.ports).find(absent);
        let (state, why) = match (self.link(&router_space(config), &gateway_link(config, network)), missing) {
            (None, _) => (NetworkState::Down, Some(format!("{} is not there", gateway_link(config, network)))),
            (Some(link), _) if !link.up => (NetworkState::Down, Some(format!("{} is down", gateway_link(config, network)))),
            (_, Some(device)) => (NetworkState::Waiting, Some(format!("{device} is not there"))),
            _ => (NetworkState::Up, None),
        };
        let name = network.name.to_string();
        let answers = network.dhcp.is_some() || network.dhcp_relay.is_some();
        let counters = dhcp.networks.get(&network.name).filter(|_| answers);
        let pool = counters.filter(|_| network.dhcp.is_some());
        let in_pool = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        NetworkStatus {
            vlan: network.tagged.as_ref().map(|tagged| tagged.vlan.get()),
            trunk: network.tagged.as_ref().map(|tagged| tagged.trunk.to_string()),
            ports: network.ports.iter().map(ToString::to_string).collect(),
            bridge: network.bridge.to_string(),
            router: network.address.to_string(),
            nodes: u32::try_from(nodes.iter().filter(|node| node.network == name && node.kind != NodeKind::Resting).count())
                .unwrap_or(u32::MAX),
            pool_used: pool.map(|pool| in_pool(pool.pool_used)),
            pool_size: pool.map(|pool| in_pool(pool.pool_size)),
            dhcp: counters.map(dhcp_counters),
            reaches: self.policy.reaches(network).iter().map(Label::to_string).collect(),
            state,
            why,
            name,
        }
    }
}

/// Devices that are missing, with what in the file needs them.
pub fn waiting(config: &Config, missing: &[edge_plan::Waiting], conflicts: &[Conflict]) -> Vec<Waiting> {
    let users = |device: &IfName| {
        let uplinks = config.uplinks.iter().filter(|uplink| uplink.device == *device);
        let networks = config.networks.iter().filter(|network| {
            network.ports.contains(device) || network.tagged.as_ref().is_some_and(|tagged| tagged.trunk == *device)
        });
        let uplinks = uplinks.map(|uplink| format!("uplink {}", uplink.name));
        uplinks.chain(networks.map(|network| format!("network {}", network.name))).collect()
    };
    let missing = missing.iter().map(|missing| Waiting {
        device: missing.device.to_string(),
        needed_by: users(&missing.device),
        why: Some("no such device; it is plugged in when it appears".to_owned()),
    });
    let taken = conflicts.iter().map(|conflict| Waiting {
        device: conflict.name.to_string(),
        needed_by: users(&conflict.name),
        why: Some("a link of this name is there and was not made by us".to_owned()),
    });
    missing.chain(taken).collect()
}

fn hostname(config: &Config) -> String {
    let of_the_box = || nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    config.system.hostname.clone().or_else(of_the_box).unwrap_or_else(|| "edge-router".to_owned())
}

/// Seconds since boot (proc(5), /proc/uptime); 0 where that cannot be read.
fn uptime() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    text.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
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
        dhcp.trouble.behind = Some("no space".to_owned());
        let told: Vec<_> = leases(&dhcp).into_iter().map(|problem| (problem.what, problem.why.unwrap_or_default())).collect();
        let damaged = "the lease log was damaged when the daemon started";
        assert_eq!(told.iter().filter(|(what, _)| what == damaged).count(), DAMAGE);
        assert!(told[0].0.contains("until it is full") && told[0].1 == "no space", "{told:?}");
        assert!(leases(&DhcpReport::default()).is_empty());
    }
}
