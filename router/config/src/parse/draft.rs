use crate::{
    Config,
    mistake::Mistakes,
    parse::{
        allow::AllowDraft,
        forward::{self, Drafts, ForwardDraft},
        host::{self, HostDraft},
        links,
        names::{NameKind, Names},
        network::{self, NetworkDraft},
        router::RouterDraft,
        subnets,
        system::SystemDraft,
        table::Table,
        uplink::{self, UplinkDraft},
    },
    span::{At, Span},
};
use edge_net::Name;
use toml::de::DeTable;

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
        let networks = root.tables("network", "[[network]]", mistakes).into_iter();
        let hosts = root.tables("host", "[[host]]", mistakes).into_iter();
        let allows = root.tables("allow", "[[allow]]", mistakes).into_iter();
        let forwards = root.tables("forward", "[[forward]]", mistakes).into_iter();
        let draft = Self {
            system: system.unwrap_or_default(),
            router: router.unwrap_or_default(),
            uplinks: uplinks.map(|(table, place)| UplinkDraft::read(table, place, mistakes)).collect(),
            networks: networks.map(|table| NetworkDraft::read(table, mistakes)).collect(),
            hosts: hosts.map(|table| HostDraft::read(table, mistakes)).collect(),
            allows: allows.map(|table| AllowDraft::read(table, mistakes)).collect(),
            forwards: forwards.map(|table| ForwardDraft::read(table, mistakes)).collect(),
        };
        root.finish(mistakes);
        draft
    }

    /// Holds the values against each other. None only if a mistake was noted.
    pub fn finish(self, mistakes: &mut Mistakes) -> Option<Config> {
        let Self { system, router, uplinks, networks, hosts, allows, forwards } = self;
        let names = Names::collect(named(&uplinks, &networks, &hosts), mistakes);
        system.check(&names, mistakes);
        uplink::check_metrics(&uplinks, mistakes);
        network::check_vlans(&networks, mistakes);
        links::check(&networks, &uplinks, router.namespace.is_some(), mistakes);
        subnets::check(&networks, &uplinks, mistakes);
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

/// The names of the file, as far as they could be read.
fn named<'a>(
    uplinks: &'a [UplinkDraft],
    networks: &'a [NetworkDraft],
    hosts: &'a [HostDraft],
) -> impl Iterator<Item = (&'a At<Name>, NameKind)> {
    let uplinks = uplinks.iter().map(|uplink| (&uplink.name, NameKind::Uplink));
    let networks = networks.iter().enumerate().map(|(place, network)| (&network.name, NameKind::Network(place)));
    let hosts = hosts.iter().enumerate().map(|(place, host)| (&host.name, NameKind::Host(place)));
    uplinks.chain(networks).chain(hosts).filter_map(|(name, kind)| Some((name.as_ref()?, kind)))
}
