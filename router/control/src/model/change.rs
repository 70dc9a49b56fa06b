use crate::Waiting;
use edge_config::IfName;
use edge_plan::{Link, LinkKind, Op, Route, Space, Sysctl};
use serde::{Deserialize, Serialize};

/// Asks for a plan or an apply; without `config` of the daemon's own configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigRequest {
    #[serde(default)]
    pub config: Option<ConfigText>,
}

/// A configuration file as it was read; not parsed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigText {
    /// What diagnostics call it.
    pub file_name: String,
    pub text: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanReport {
    /// In the order an apply would make them.
    pub changes: Vec<Change>,
    pub nothing_to_change: bool,
    /// Devices the configuration needs and that are not there.
    pub waiting: Vec<Waiting>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyReport {
    /// Changes made in the kernel; 0 when everything was already so.
    pub writes: u32,
    pub changes: Vec<Change>,
    pub waiting: Vec<Waiting>,
    pub took_ms: u64,
}

/// One change of the kernel, for people to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub action: Action,
    /// `host`, or the namespace's name.
    pub space: String,
    /// What kind of thing and which: `bridge br0`, `address 10.0.1.3/24`.
    pub object: String,
    pub detail: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Add,
    Change,
    Remove,
}

impl PlanReport {
    pub fn new(ops: &[Op], waiting: Vec<Waiting>) -> Self {
        Self { changes: ops.iter().map(Change::from).collect(), nothing_to_change: ops.is_empty(), waiting }
    }
}

impl From<&Op> for Change {
    fn from(op: &Op) -> Self {
        use Action::{Add, Change as Alter, Remove};
        let change = |action, space: &Space, object: String, detail: Option<String>| Change {
            action,
            space: space.to_string(),
            object,
            detail,
        };
        match op {
            Op::CreateNamespace(name) => change(Add, &Space::Host, format!("namespace {name}"), None),
            Op::DeleteNamespace(name) => change(Remove, &Space::Host, format!("namespace {name}"), None),
            Op::SetSysctl { space, sysctl, from, to } => {
                change(Alter, space, format!("setting {}", setting(*sysctl)), Some(format!("{} -> {}", on(*from), on(*to))))
            }
            Op::CreateLink { space, name, link, .. } => change(Add, space, format!("{} {name}", kind(link)), made_on(link)),
            Op::DeleteLink { space, name, link, .. } => change(Remove, space, format!("{} {name}", kind(link)), None),
            Op::ChangeLink { space, name, from, to } => {
                change(Alter, space, format!("{} {name}", kind(to)), differences(from, to))
            }
            Op::MoveLink { name, from, to } => change(Alter, from, format!("device {name}"), Some(format!("moved to {to}"))),
            Op::AddAddress { space, address } => {
                change(Add, space, format!("address {}", address.interface), on_link(&address.link))
            }
            Op::DeleteAddress { space, address } => {
                change(Remove, space, format!("address {}", address.interface), on_link(&address.link))
            }
            Op::AddRoute { space, route } => change(Add, space, format!("route {}", route.destination), Some(way(route))),
            Op::DeleteRoute { space, route } => change(Remove, space, format!("route {}", route.destination), Some(way(route))),
            Op::SetTable { space, from, to } => {
                let action = match (from, to) {
                    (None, _) => Add,
                    (_, None) => Remove,
                    _ => Alter,
                };
                let name = to.as_ref().or(from.as_ref()).map_or("", |table| table.name.as_str());
                change(action, space, format!("nftables table inet {name}"), Some("the policy, in one transaction".to_owned()))
            }
        }
    }
}

/// As `ip link` has it.
fn kind(link: &Link) -> &'static str {
    match link.kind {
        LinkKind::Device => "device",
        LinkKind::Bridge => "bridge",
        LinkKind::Vlan { .. } => "vlan",
        LinkKind::Veth { .. } => "veth",
        LinkKind::IpvlanL2 { .. } => "ipvlan",
        LinkKind::Macvlan { .. } => "macvlan",
    }
}

fn made_on(link: &Link) -> Option<String> {
    let base = match &link.kind {
        LinkKind::Device | LinkKind::Bridge => None,
        LinkKind::Vlan { parent, id } => Some(format!("id {id} on {parent}")),
        LinkKind::Veth { peer_space, peer } => Some(format!("to {peer} in {peer_space}")),
        LinkKind::IpvlanL2 { parent } | LinkKind::Macvlan { parent } => Some(format!("on {parent}")),
    };
    let parts: Vec<_> = base.into_iter().chain(link.master.as_ref().map(|bridge| format!("port of {bridge}"))).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn differences(from: &Link, to: &Link) -> Option<String> {
    let mut parts = Vec::new();
    if from.master != to.master {
        let name = |master: &Option<IfName>| master.as_ref().map_or("none".to_owned(), IfName::to_string);
        parts.push(format!("bridge {} -> {}", name(&from.master), name(&to.master)));
    }
    if let (Some(from), Some(to)) = (from.mac, to.mac)
        && from != to
    {
        parts.push(format!("mac {from} -> {to}"));
    }
    if from.up != to.up {
        parts.push(format!("{} -> {}", up(from.up), up(to.up)));
    }
    if from.owner != to.owner {
        parts.push(format!("mark {:?} -> {:?}", from.owner, to.owner).to_lowercase());
    }
    if from.conf != to.conf {
        parts.push("settings".to_owned());
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn on_link(link: &IfName) -> Option<String> {
    Some(format!("on {link}"))
}

fn way(route: &Route) -> String {
    match route.via {
        Some(gateway) => format!("via {gateway} on {}, metric {}", route.link, route.metric),
        None => format!("on {}, metric {}", route.link, route.metric),
    }
}

fn setting(sysctl: Sysctl) -> &'static str {
    match sysctl {
        Sysctl::IpForward => "net.ipv4.ip_forward",
        Sysctl::BridgeNetfilter => "net.bridge.bridge-nf-call-*",
    }
}

fn on(value: bool) -> &'static str {
    if value { "on" } else { "off" }
}

fn up(value: bool) -> &'static str {
    if value { "up" } else { "down" }
}
