//! The box on one screen: the configuration, held against the kernel; the services say the rest.

use super::{boot, drift, router::Router, seconds::whole_seconds, waiting::waiting};
use edge_api::{Applied, NetworkState, NetworkStatus, Node, NodeKind, Problem, Status, Warning};
use edge_config::{Config, Network};
use edge_engine::{Condition, InForce, Known, Moment, StatusContext};
use edge_host::aside::damaged;
use edge_net::IfName;
use edge_plan::{Conflict, Label, Link, Policy, Space, State, Surroundings, gateway_link};
use edge_report::{bounded, warning};
use std::{fs, path::Path};

pub fn status(router: &Router, observed: &State, around: &Surroundings, nodes: Vec<Node>, now: &Moment) -> Status {
    let (in_force, condition) = (router.engine.in_force(), router.engine.condition());
    let config = &in_force.config;
    let view = View { in_force: &in_force, policy: &Policy::of(config, &in_force.facts), observed };
    let mut status = Status {
        hostname: hostname(config),
        uptime: uptime(),
        applied: applied(router, now),
        namespace: config.namespace.as_ref().map(ToString::to_string),
        problems: problems(router, &in_force, &condition, observed),
        networks: config.networks.iter().map(|network| view.network(network, &nodes)).collect(),
        nodes,
        waiting: waiting(config, &condition.waiting, &condition.conflicts, observed),
        warnings: warnings(router, &in_force, around),
        unnamed: in_force.is_applied().then(|| edge_report::unnamed(config, &in_force.facts, observed)).flatten(),
        ..Status::default()
    };
    let context = StatusContext { in_force: &in_force, observed, now };
    router.engine.services().iter().for_each(|service| service.status(&context, &mut status));
    status.add_problems();
    status.problems.extend(warning::of_clashes(config, around, observed, &in_force.space));
    status
}

/// As far as what is in force is known by its text.
fn warnings(router: &Router, in_force: &InForce, around: &Surroundings) -> Vec<Warning> {
    let ledger = router.engine.ledger();
    let of_file = ledger.text().map(|text| warning::of_file(&in_force.config, &text.name, &text.text));
    of_file.into_iter().flatten().chain(warning::of_droppers(&in_force.config, around)).collect()
}

fn applied(router: &Router, now: &Moment) -> Option<Applied> {
    let ledger = router.engine.ledger();
    let at = ledger.applied_at?;
    let (window, kept) = (ledger.window(now), ledger.kept.as_ref());
    let which = router.engine.now().unwrap_or_default();
    Some(Applied {
        at,
        confirmed: window.is_none(),
        name: which.name,
        confirm_within: window.map(|(_, left)| whole_seconds(left)),
        back_to: window.and(kept).and_then(|kept| kept.at),
        number: which.number,
        before: router.engine.before(),
    })
}

/// What is wrong with the whole box.
fn problems(router: &Router, in_force: &InForce, condition: &Condition, observed: &State) -> Vec<Problem> {
    let (file, ledger) = (router.engine.file(), router.engine.ledger());
    let problem = |what: &str, why: &str| Problem { what: what.to_owned(), why: Some(why.to_owned()) };
    let forgotten = |why| problem("leases and attachments will be forgotten at the next start", why);
    let refused = |why: &String| problem("the kernel refused a part of the configuration", why);
    let not_kept = |why: &String| problem("what is in force is not kept for the next start", why);
    let mut problems: Vec<Problem> = router.parts.files.problem().map(forgotten).into_iter().collect();
    problems.extend(set_aside(router.parts.files.state_dir()));
    problems.extend(router.parts.files.not_imported().as_deref().map(not_imported));
    let known = Known { ledger: &ledger, now: router.engine.now(), unix: boot::now().unix };
    problems.extend(edge_engine::problem(&known, &file.name, &file.fingerprint));
    problems.extend(condition.failed.as_ref().map(refused));
    problems.extend(ledger.not_kept.as_ref().map(not_kept));
    problems.extend(drift::problem(in_force, observed));
    problems.extend(drift::lost_fights(in_force, &condition.fights, observed));
    problems.extend(condition.conflicts.iter().map(conflict));
    problems
}

fn conflict(conflict: &Conflict) -> Problem {
    let why = format!("in space {}: remove or rename it, or choose another name in the configuration", conflict.space);
    Problem { what: format!("{} is there already and was not made by us", conflict.name), why: Some(why) }
}

/// Until somebody takes it away.
fn set_aside(state_dir: &Path) -> Option<Problem> {
    let (names, directory) = (damaged(state_dir), state_dir.display());
    let why = format!(
        "{} in {directory}: the box goes on without, or with what it knew from elsewhere; look at routerctl plan and leases, then remove \
         what you have seen",
        bounded(&names)
    );
    let what = "files of the daemon were damaged or missing, and are set aside".to_owned();
    (!names.is_empty()).then_some(Problem { what, why: Some(why) })
}

fn not_imported(report: &str) -> Problem {
    let first = report.lines().find(|line| line.starts_with("error: ")).unwrap_or("it has mistakes");
    Problem {
        what: "edge-router.toml on the card's boot partition was not taken over at the start".to_owned(),
        why: Some(format!("{}; edge-router.err.txt beside it says it all", first.trim_start_matches("error: ").trim())),
    }
}

struct View<'a> {
    in_force: &'a InForce,
    policy: &'a Policy<'a>,
    observed: &'a State,
}

impl View<'_> {
    fn link(&self, space: &Space, name: &IfName) -> Option<&Link> {
        self.observed.spaces.get(space)?.links.get(name)
    }

    /// Who serves it addresses, and how many, is said by who does.
    fn network(&self, network: &Network, nodes: &[Node]) -> NetworkStatus {
        let config = &self.in_force.config;
        let name = network.name.to_string();
        let (state, why) = self.state(network, &gateway_link(config, network));
        let is_in = |node: &&Node| node.network == name && node.kind != NodeKind::Resting;
        NetworkStatus {
            vlan: network.tagged.as_ref().map(|tagged| tagged.vlan.get()),
            trunk: network.tagged.as_ref().map(|tagged| tagged.trunk.to_string()),
            ports: network.ports.iter().map(ToString::to_string).collect(),
            bridge: network.bridge.to_string(),
            router: network.address.to_string(),
            nodes: u32::try_from(nodes.iter().filter(is_in).count()).unwrap_or(u32::MAX),
            pool_used: None,
            pool_size: None,
            dhcp: None,
            reaches: self.policy.reaches(network).iter().map(Label::to_string).collect(),
            state,
            why,
            name,
        }
    }

    fn state(&self, network: &Network, gateway: &IfName) -> (NetworkState, Option<String>) {
        let absent = |device: &&IfName| self.link(&Space::Host, device).is_none();
        let missing = network.tagged.iter().map(|tagged| &tagged.trunk).chain(&network.ports).find(absent);
        match (self.link(&self.in_force.space, gateway), missing) {
            (None, _) => (NetworkState::Down, Some(format!("{gateway} is not there"))),
            (Some(link), _) if !link.up => (NetworkState::Down, Some(format!("{gateway} is down"))),
            (_, Some(device)) => (NetworkState::Waiting, Some(format!("{device} is not there"))),
            _ => (NetworkState::Up, None),
        }
    }
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
