//! The tables of the file. A new one is a file of its own below here, and its lines in [`Draft`].

mod allow;
mod dhcp;
mod dhcp_options;
mod forward;
mod host;
mod network;
mod router;
mod system;
mod uplink;

use crate::{
    Config,
    mistake::Mistakes,
    parse::{claims::Claims, links, names::Names, subnets, table::Table},
    span::Span,
};
use allow::AllowDraft;
use forward::{Drafts, ForwardDraft};
use host::HostDraft;
use network::NetworkDraft;
use router::RouterDraft;
use system::SystemDraft;
use toml::de::DeTable;
use uplink::UplinkDraft;

pub use uplink::MAX_METRIC;

/// The file, each value right in itself or absent.
pub struct Draft {
    system: SystemDraft,
    router: RouterDraft,
    uplinks: Vec<UplinkDraft>,
    networks: Vec<NetworkDraft>,
    hosts: Vec<HostDraft>,
    allows: Vec<AllowDraft>,
    forwards: Vec<ForwardDraft>,
}

impl Draft {
    pub fn read(document: &DeTable, mistakes: &mut Mistakes) -> Self {
        let mut root = Table::new("the file", Span::default(), document);
        let system = root.table("system", "[system]", mistakes).map(|table| SystemDraft::read(table, mistakes));
        let router = root.table("router", "[router]", mistakes).map(|table| RouterDraft::read(table, mistakes));
        let uplinks = root.tables("uplink", "[[uplink]]", mistakes).into_iter().zip(1..);
        let draft = Self {
            system: system.unwrap_or_default(),
            router: router.unwrap_or_default(),
            uplinks: uplinks.map(|(table, place)| UplinkDraft::read(table, place, mistakes)).collect(),
            networks: root.all("network", "[[network]]", NetworkDraft::read, mistakes),
            hosts: root.all("host", "[[host]]", HostDraft::read, mistakes),
            allows: root.all("allow", "[[allow]]", AllowDraft::read, mistakes),
            forwards: root.all("forward", "[[forward]]", ForwardDraft::read, mistakes),
        };
        root.finish(mistakes);
        draft
    }

    /// Holds the values against each other. None only if a mistake was noted.
    pub fn finish(self, mistakes: &mut Mistakes) -> Option<Config> {
        let Self { system, router, uplinks, networks, hosts, allows, forwards } = self;
        let claims = Claims { namespaced: router.namespace.is_some(), ..Claims::default() };
        let claims = claims.of(&uplinks).of(&networks).of(&hosts);
        let names = Names::collect(&claims.names, mistakes);
        system.check(&names, mistakes);
        uplink::check_metrics(&uplinks, mistakes);
        network::check_vlans(&networks, mistakes);
        links::check(claims.links, mistakes);
        subnets::check(claims.subnets, mistakes);
        host::check(&hosts, &networks, &names, mistakes);
        forward::check_overlaps(&forwards, mistakes);
        let allows: Vec<_> = allows.into_iter().map(|allow| allow.resolve(&names, &hosts, mistakes)).collect();
        let drafts = Drafts { names: &names, networks: &networks, hosts: &hosts, ssh_from: &system.ssh_from };
        let forwards: Vec<_> = forwards.into_iter().map(|forward| forward.resolve(&drafts, mistakes)).collect();
        Some(Config {
            system: system.finish(),
            namespace: router.namespace.map(|name| name.value),
            drift: router.drift,
            uplinks: uplinks.into_iter().map(UplinkDraft::finish).collect::<Option<_>>()?,
            networks: networks.into_iter().map(NetworkDraft::finish).collect::<Option<_>>()?,
            hosts: hosts.into_iter().map(HostDraft::finish).collect::<Option<_>>()?,
            allows: allows.into_iter().collect::<Option<_>>()?,
            forwards: forwards.into_iter().collect::<Option<_>>()?,
        })
    }
}
