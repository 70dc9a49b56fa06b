//! Config → the kernel state it asks for, as if every device were there.

use crate::{
    Address, Facts, Link, LinkConf, LinkKind, Loosening, Owner, Route, RpFilter, Settings, Space, SpaceState, State, Sysctl,
    addressing,
    leg::{gateway_link, has_leg},
    link::{IpvlanL2, Macvlan, Veth, Vlan},
    ruleset,
};
use edge_config::{Config, Network, Uplink, UplinkAddress, UplinkLink};
use edge_net::{IfName, Interface, derived};
use ipnet::Ipv4Net;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

/// What an unhealthy uplink's metric is raised by: more than the highest a configuration may hold.
const UNHEALTHY: u32 = edge_config::MAX_METRIC + 1;
/// A kernel lists a flowtable in one datagram of at most 32 KiB, and a link takes up to 20 bytes of it.
const MAX_FAST: usize = 1500;

/// What the kernel shall look like.
pub fn desired(config: &Config, facts: &Facts) -> State {
    let mut builder = Builder { state: State::default(), router: router_space(config), facts };
    for (space, sysctls) in settings(config) {
        builder.space(&space).sysctls = sysctls;
    }
    let router = builder.router.clone();
    for network in &config.networks {
        builder.network(config, network);
    }
    for uplink in &config.uplinks {
        builder.uplink(config, uplink);
    }
    builder.space(&router).table = Some(Arc::new(ruleset::router(config, facts)));
    builder.space(&Space::Host).bridge_table = ruleset::bridge(config, facts).map(Arc::new);
    builder.space(&router).fast_path = Some(fast_path(config));
    if router != Space::Host {
        builder.space(&Space::Host).table = Some(Arc::new(ruleset::host(config, facts)));
    }
    builder.state
}

/// What `/proc/sys` shall say. What counts for all links is ours where the router lives, as forwarding is: there it decides what our own
/// links let through. Elsewhere it is nobody's business of ours.
pub fn settings(config: &Config) -> BTreeMap<Space, Settings> {
    let host = BTreeMap::from([(Sysctl::BridgeNetfilter, false), (Sysctl::FlowTable, true)]);
    let mut settings = BTreeMap::from([(Space::Host, host)]);
    let router = settings.entry(router_space(config)).or_default();
    router.insert(Sysctl::IpForward, true);
    router.extend(Loosening::EACH.map(|loosening| (Sysctl::All(loosening), false)));
    settings
}

/// The router's legs. Not an uplink whose device carries networks too: past the rules the kernel would send their frames straight
/// there, to wherever their node was when the flow began.
fn fast_path(config: &Config) -> BTreeSet<IfName> {
    let carries = |device: &IfName| {
        let mut networks = config.networks.iter();
        networks.any(|network| network.ports.contains(device) || network.tagged.iter().any(|tagged| tagged.trunk == *device))
    };
    let uplinks = config.uplinks.iter().map(Uplink::ifname).filter(|name| !carries(name));
    let legs: BTreeSet<IfName> = config.networks.iter().map(|network| gateway_link(config, network)).chain(uplinks).collect();
    if legs.len() > MAX_FAST { BTreeSet::new() } else { legs }
}

/// The space the router's addresses live in.
pub fn router_space(config: &Config) -> Space {
    config.namespace.clone().map_or(Space::Host, Space::Named)
}

struct Builder<'a> {
    state: State,
    router: Space,
    facts: &'a Facts,
}

impl Builder<'_> {
    fn space(&mut self, space: &Space) -> &mut SpaceState {
        self.state.spaces.entry(space.clone()).or_default()
    }

    fn link(&mut self, space: &Space, name: &IfName, mut link: Link) {
        if let Some(conf) = &mut link.conf {
            conf.forwarding = *space == self.router;
        }
        self.space(space).links.insert(*name, link);
    }

    /// A bridge; the VLAN subinterface and the untagged devices in it; and the router's address on it or on a leg.
    fn network(&mut self, config: &Config, network: &Network) {
        // The gateway's address goes with the gateway, so that no node has to learn another when the router moves.
        let gateway_mac = Some(self.facts.gateway_mac(network));
        let mac = if has_leg(config, network) { Some(self.facts.mac(network.bridge.as_str())) } else { gateway_mac };
        self.link(&Space::Host, &network.bridge, Link { mac, ..ours(LinkKind::Bridge) });
        if let Some(tagged) = &network.tagged {
            self.link(&Space::Host, &tagged.trunk, Link { owner: Owner::Foreign, conf: None, ..ours(LinkKind::Device) });
            let kind = LinkKind::Vlan(Vlan { parent: tagged.trunk, id: tagged.vlan });
            self.port(network, &derived::vlan(&tagged.trunk, tagged.vlan), kind);
        }
        for port in &network.ports {
            let link = Link { master: Some(network.bridge), owner: Owner::Lent, ..ours(LinkKind::Device) };
            self.link(&Space::Host, port, link);
        }
        let gateway = gateway_link(config, network);
        if has_leg(config, network) {
            let port = derived::leg_port(&network.name);
            self.port(network, &port, LinkKind::Veth(Veth { peer_space: self.router.clone(), peer: gateway }));
            let kind = LinkKind::Veth(Veth { peer_space: Space::Host, peer: port });
            let router = self.router.clone();
            self.link(&router, &gateway, Link { mac: gateway_mac, ..ours(kind) });
        }
        self.address(gateway, network.address);
    }

    fn port(&mut self, network: &Network, name: &IfName, kind: LinkKind) {
        self.link(&Space::Host, name, Link { master: Some(network.bridge), ..ours(kind) });
    }

    fn uplink(&mut self, config: &Config, uplink: &Uplink) {
        let parent = uplink.device;
        let (kind, mac) = match uplink.link {
            UplinkLink::Direct => (LinkKind::Device, None),
            UplinkLink::IpvlanL2 => (LinkKind::IpvlanL2(IpvlanL2 { parent }), None),
            UplinkLink::Macvlan => (LinkKind::Macvlan(Macvlan { parent }), Some(self.facts.mac(uplink.ifname().as_str()))),
        };
        if uplink.link != UplinkLink::Direct {
            // The parent must be up for its children to carry anything; the rest of it belongs to whoever uses it.
            let parent = Link { owner: Owner::Foreign, conf: None, ..ours(LinkKind::Device) };
            self.space(&Space::Host).links.entry(uplink.device).or_insert(parent);
        }
        // A strict filter would drop what comes in by an uplink that is not the preferred one.
        let rp_filter = if config.uplinks.len() > 1 { RpFilter::Loose } else { RpFilter::Strict };
        let router = self.router.clone();
        let owner = if uplink.link == UplinkLink::Direct { Owner::Lent } else { Owner::Plan };
        self.link(
            &router,
            &uplink.ifname(),
            Link { mac, owner, conf: Some(LinkConf { rp_filter, forwarding: true }), ..ours(kind) },
        );
        if let Some((interface, gateway)) = addressing(uplink, self.facts) {
            self.address(uplink.ifname(), interface);
            let default = gateway.map(|via| (Ipv4Net::default(), Some(via)));
            let others = self.learned_routes(config, uplink);
            let metric = self.metric(uplink);
            for (destination, via) in default.into_iter().chain(others) {
                let (destination, via) = (destination.into(), via.map(IpAddr::V4));
                let route = Route { destination, via, link: uplink.ifname(), metric };
                self.space(&router).routes.insert(route);
            }
        }
    }

    /// What the DHCP server named besides the default route. These are more specific than anybody's default route, which no metric
    /// outweighs: of an unhealthy uplink they give way to one that is well, but for what leads to whom it is asked by.
    fn learned_routes(&self, config: &Config, uplink: &Uplink) -> Vec<(Ipv4Net, Option<Ipv4Addr>)> {
        let Some(lease) = self.facts.uplink_leases.get(&uplink.name).filter(|_| uplink.address == UplinkAddress::Dhcp) else {
            return Vec::new();
        };
        let unhealthy = |uplink: &Uplink| self.facts.unhealthy.contains(&uplink.name);
        let leads_out = |uplink: &Uplink| addressing(uplink, self.facts).is_some_and(|(_, gateway)| gateway.is_some());
        let mut routes = lease.routes.clone();
        if unhealthy(uplink) && config.uplinks.iter().any(|other| !unhealthy(other) && leads_out(other)) {
            let hops: Vec<Ipv4Addr> = routes.iter().filter_map(|(_, via)| *via).chain(lease.gateway).collect();
            routes.retain(|(to, _)| uplink.probe.iter().chain(&hops).any(|asked| to.contains(asked)));
        }
        routes
    }

    /// An unhealthy uplink keeps its route: it is asked through it whether it is well again, and where none is healthy it is the best
    /// there is.
    fn metric(&self, uplink: &Uplink) -> u32 {
        if self.facts.unhealthy.contains(&uplink.name) { uplink.metric + UNHEALTHY } else { uplink.metric }
    }

    fn address(&mut self, link: IfName, interface: Interface) {
        let router = self.router.clone();
        self.space(&router).addresses.insert(Address { link, interface: interface.into() });
    }
}

fn ours(kind: LinkKind) -> Link {
    let conf = Some(LinkConf { rp_filter: RpFilter::Strict, forwarding: false });
    Link { kind, owner: Owner::Plan, master: None, up: true, mac: None, conf }
}
