use crate::verdict::{self, made_on, part, way};
use edge_api::{Action, Change, FileEffect, Judgement, Part, PlanReport, Waiting};
use edge_net::IfName;
use edge_plan::{Attribute, Difference, Group, Link, Op, Owner, Route, Space, nft::Family};

/// What an apply would do: what that means in words of the file, its operations in their order, and the verdict of each object.
pub fn plan(effects: Vec<FileEffect>, ops: &[Op], groups: &[Group], waiting: Vec<Waiting>) -> PlanReport {
    let parts: Vec<Part> = groups.iter().map(part).collect();
    let unchanged = parts.iter().flat_map(|part| &part.objects).filter(|one| one.verdict == Judgement::Unchanged).count();
    PlanReport {
        changes: ops.iter().map(change).collect(),
        nothing_to_change: ops.is_empty() && effects.is_empty(),
        effects,
        only_spelling: false,
        unchanged: u32::try_from(unchanged).unwrap_or(u32::MAX),
        parts,
        waiting,
        warnings: Vec::new(),
        unnamed: None,
        guarded: None,
    }
}

/// For people to read.
pub fn change(op: &Op) -> Change {
    use Action::{Add, Change as Alter, Remove};
    let told = |action, space: &Space, object: String, detail: Option<String>| Change {
        action,
        space: space.to_string(),
        object,
        detail,
    };
    match op {
        Op::CreateNamespace(name) => told(Add, &Space::Host, format!("namespace {name}"), None),
        Op::DeleteNamespace(name) => told(Remove, &Space::Host, format!("namespace {name}"), None),
        Op::SetSysctl { space, sysctl, from, to } => told(
            Alter,
            space,
            format!("setting {}", sysctl.name()),
            Some(format!("{} -> {}", sysctl.word(*from), sysctl.word(*to))),
        ),
        Op::CreateLink { space, name, link, .. } => told(Add, space, format!("{} {name}", link.kind.word()), made_on(link)),
        Op::DeleteLink { space, name, kind } => told(Remove, space, format!("{} {name}", kind.word()), None),
        Op::ChangeLink { space, name, from, to } => {
            told(Alter, space, format!("{} {name}", to.kind.word()), differences(from, to))
        }
        Op::MoveLink { name, from, to } => told(Alter, from, format!("device {name}"), Some(format!("moved to {to}"))),
        Op::AddAddress { space, address } => told(Add, space, format!("address {}", address.interface), on_link(&address.link)),
        Op::DeleteAddress { space, address } => {
            told(Remove, space, format!("address {}", address.interface), on_link(&address.link))
        }
        Op::AddRoute { space, route } => told(Add, space, format!("route {}", route.destination), route_detail(route)),
        Op::DeleteRoute { space, route } => told(Remove, space, format!("route {}", route.destination), route_detail(route)),
        Op::SetTable { space, family, from, to } => {
            let action = match (from, to) {
                (None, _) => Add,
                (_, None) => Remove,
                _ => Alter,
            };
            let what = match family {
                Family::Inet => "the policy, in one transaction",
                Family::Bridge => "who claims whose address, in one transaction",
            };
            let name = to.as_ref().or(from.as_ref()).map_or("", |table| table.name.as_str());
            told(action, space, format!("nftables table {} {name}", family.word()), Some(what.to_owned()))
        }
        Op::SetFastPath { space, from, to } => {
            let action = match (from.is_empty(), to.is_empty()) {
                (true, _) => Add,
                (_, true) => Remove,
                _ => Alter,
            };
            let links = format!("{} -> {} links", from.len(), to.len());
            told(action, space, format!("flowtable {}", edge_plan::FAST_PATH), Some(links))
        }
    }
}

fn differences(from: &Link, to: &Link) -> Option<String> {
    let mut parts: Vec<String> = from.changes(to).iter().map(|change| detail(change, from.owner, to.owner)).collect();
    // Of the settings each is a change.
    parts.dedup();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Shorter than in a verdict, for the log and a line of the table.
fn detail(change: &Difference, from: Owner, to: Owner) -> String {
    let values = format!("{} -> {}", change.from().unwrap_or("none"), change.to().unwrap_or("none"));
    match change.what {
        Attribute::Up => values,
        Attribute::Mac => format!("mac {values}"),
        Attribute::User => format!("mark {from:?} -> {to:?}").to_lowercase(),
        Attribute::RpFilter | Attribute::Forwarding | Attribute::Settings => "settings".to_owned(),
        _ => verdict::change(change),
    }
}

fn on_link(link: &IfName) -> Option<String> {
    Some(format!("on {link}"))
}

fn route_detail(route: &Route) -> Option<String> {
    Some(format!("on {}, {}", route.link, way(route)))
}
