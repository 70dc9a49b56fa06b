use super::verdict::{made_on, setting, way};
use crate::{Judgement, Part, Waiting};
use edge_net::IfName;
use edge_plan::{Group, Link, Op, Route, Space};
use serde::{Deserialize, Serialize};

/// Asks for a plan; without `config` of the daemon's own configuration file.
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
    /// The verdict of each object, those that stay as they are too.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// How many objects stay as they are.
    #[serde(default)]
    pub unchanged: u32,
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
    /// What is in force now is called so: the file it came from.
    #[serde(default)]
    pub in_force: String,
    /// Seconds left to confirm it in; `null`: it stays.
    #[serde(default)]
    pub confirm_within: Option<u32>,
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
    pub fn new(ops: &[Op], groups: &[Group], waiting: Vec<Waiting>) -> Self {
        let parts: Vec<Part> = groups.iter().map(Part::from).collect();
        let unchanged = parts.iter().flat_map(|part| &part.objects).filter(|one| one.verdict == Judgement::Unchanged).count();
        Self {
            changes: ops.iter().map(Change::from).collect(),
            nothing_to_change: ops.is_empty(),
            unchanged: u32::try_from(unchanged).unwrap_or(u32::MAX),
            parts,
            waiting,
        }
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
            Op::CreateLink { space, name, link, .. } => change(Add, space, format!("{} {name}", link.kind.word()), made_on(link)),
            Op::DeleteLink { space, name, link, .. } => change(Remove, space, format!("{} {name}", link.kind.word()), None),
            Op::ChangeLink { space, name, from, to } => {
                change(Alter, space, format!("{} {name}", to.kind.word()), differences(from, to))
            }
            Op::MoveLink { name, from, to } => change(Alter, from, format!("device {name}"), Some(format!("moved to {to}"))),
            Op::AddAddress { space, address } => {
                change(Add, space, format!("address {}", address.interface), on_link(&address.link))
            }
            Op::DeleteAddress { space, address } => {
                change(Remove, space, format!("address {}", address.interface), on_link(&address.link))
            }
            Op::AddRoute { space, route } => change(Add, space, format!("route {}", route.destination), route_detail(route)),
            Op::DeleteRoute { space, route } => {
                change(Remove, space, format!("route {}", route.destination), route_detail(route))
            }
            Op::SetTable { space, from, to } => {
                let action = match (from, to) {
                    (None, _) => Add,
                    (_, None) => Remove,
                    _ => Alter,
                };
                let name = to.as_ref().or(from.as_ref()).map_or("", |table| table.name.as_str());
                change(action, space, format!("nftables table inet {name}"), Some("the policy, in one transaction".to_owned()))
            }
            Op::SetFastPath { space, from, to } => {
                let action = match (from.is_empty(), to.is_empty()) {
                    (true, _) => Add,
                    (_, true) => Remove,
                    _ => Alter,
                };
                let links = format!("{} -> {} links", from.len(), to.len());
                change(action, space, format!("flowtable {}", edge_plan::FAST_PATH), Some(links))
            }
        }
    }
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

fn route_detail(route: &Route) -> Option<String> {
    Some(format!("on {}, {}", route.link, way(route)))
}

fn on(value: bool) -> &'static str {
    if value { "on" } else { "off" }
}

fn up(value: bool) -> &'static str {
    if value { "up" } else { "down" }
}
