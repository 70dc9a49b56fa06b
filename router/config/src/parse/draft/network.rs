use super::dhcp;
use crate::{
    Dhcp, Network, Tagged,
    mistake::Mistakes,
    parse::{
        claims::{Claimant, Claims, Role},
        names::NameKind,
        table::Table,
        value::FromText,
    },
    span::{At, Span},
};
use edge_net::{AttachKind, IfName, Interface, Name, VlanId, derived};
use std::collections::HashMap;

pub struct NetworkDraft {
    pub name: Option<At<Name>>,
    trunk: Option<At<IfName>>,
    vlan: Option<At<VlanId>>,
    ports: Vec<At<IfName>>,
    bridge: Option<At<IfName>>,
    pub address: Option<At<Interface>>,
    dhcp: Option<Dhcp>,
    attach: AttachKind,
}

impl NetworkDraft {
    pub fn read(mut table: Table, mistakes: &mut Mistakes) -> Self {
        let name = table.need("name", "\"vehicle\"", mistakes);
        let trunk = table.take("trunk", mistakes);
        let vlan = table.take("vlan", mistakes);
        check_pair(&table, &trunk, &vlan, mistakes);
        let ports = table.take::<Vec<At<IfName>>>("ports", mistakes);
        let bridge = table.take("bridge", mistakes);
        let bridge = if table.has("bridge") { bridge } else { default_bridge(&name, mistakes) };
        let address = table.need("address", "\"10.0.1.1/24\"", mistakes);
        check_room(&address, mistakes);
        let dhcp = table.table("dhcp", "[network.dhcp]", mistakes);
        let attach = table.take("attach", mistakes);
        let draft = Self {
            name,
            trunk,
            vlan,
            ports: ports.map(|ports| ports.value).unwrap_or_default(),
            bridge,
            dhcp: dhcp.and_then(|table| dhcp::read(table, &address, mistakes)),
            address,
            attach: attach.map_or(AttachKind::Bridge, |attach| attach.value),
        };
        table.finish(mistakes);
        draft
    }

    pub fn finish(self) -> Option<Network> {
        Some(Network {
            name: self.name?.value,
            tagged: self.trunk.zip(self.vlan).map(|(trunk, vlan)| Tagged { trunk: trunk.value, vlan: vlan.value }),
            ports: self.ports.into_iter().map(|port| port.value).collect(),
            bridge: self.bridge?.value,
            address: self.address?.value,
            dhcp: self.dhcp,
            attach: self.attach,
        })
    }
}

impl Claimant for NetworkDraft {
    fn claim<'a>(&'a self, place: usize, claims: &mut Claims<'a>) {
        claims.name(&self.name, NameKind::Network(place));
        claims.subnet(self.address.clone());
        let what = self.name.as_ref().map_or("a network".to_owned(), |name| format!("`{}`", name.value));
        if let Some(bridge) = &self.bridge {
            claims.link(bridge, Role::Made, format!("the bridge of {what}"));
        }
        for port in &self.ports {
            claims.link(port, Role::Port, format!("a port of {what}"));
        }
        if let Some(trunk) = &self.trunk {
            claims.link(trunk, Role::Trunk, format!("the trunk of {what}"));
        }
        if let (Some(trunk), Some(vlan)) = (&self.trunk, &self.vlan) {
            let link = At { value: derived::vlan(trunk, vlan.value), span: vlan.span };
            claims.link(&link, Role::Made, format!("VLAN {} of {}", vlan.value, trunk.value));
        }
        let has_leg = claims.namespaced || self.attach != AttachKind::Bridge;
        if let Some(name) = self.name.as_ref().filter(|_| has_leg) {
            for value in [derived::leg(name), derived::leg_port(name)] {
                claims.link(&At { value, span: name.span }, Role::Made, format!("the router's leg in {what}"));
            }
        }
    }
}

fn check_pair(table: &Table, trunk: &Option<At<IfName>>, vlan: &Option<At<VlanId>>, mistakes: &mut Mistakes) {
    if let Some(trunk) = trunk
        && !table.has("vlan")
    {
        let help = format!("add `vlan`, or carry the network untagged: ports = [\"{}\"]", trunk.value);
        mistakes.add(trunk.span, "a trunk without a vlan").help(help).absence();
    }
    if let Some(vlan) = vlan
        && !table.has("trunk")
    {
        let help = "add `trunk`, the device that carries this VLAN, as in: trunk = \"enp2s0\"";
        mistakes.add(vlan.span, "a vlan without a trunk").help(help).absence();
    }
}

fn default_bridge(name: &Option<At<Name>>, mistakes: &mut Mistakes) -> Option<At<IfName>> {
    let At { value: name, span } = name.as_ref()?;
    let bridge = format!("br-{name}");
    IfName::from_text(&bridge)
        .map_err(|_| {
            let short = &bridge[..bridge.len().min(15)];
            mistakes
                .add(*span, format!("the bridge's name {bridge} would have {} bytes, an interface has at most 15", bridge.len()))
                .help(format!("set one yourself, as in: bridge = \"{short}\""));
        })
        .map(|value| At { value, span: *span })
        .ok()
}

fn check_room(address: &Option<At<Interface>>, mistakes: &mut Mistakes) {
    if let Some(address) = address
        && address.prefix_len() > 30
    {
        mistakes
            .add(address.span, format!("a /{} network has no room for nodes", address.prefix_len()))
            .help("write /30 or shorter, as in \"10.0.1.1/24\"");
    }
}

/// One VLAN of one trunk carries one network.
pub fn check_vlans(networks: &[NetworkDraft], mistakes: &mut Mistakes) {
    let mut seen: HashMap<(&IfName, VlanId), Span> = HashMap::new();
    for network in networks {
        let (Some(trunk), Some(vlan)) = (&network.trunk, &network.vlan) else { continue };
        if let Some(first) = seen.insert((&trunk.value, vlan.value), vlan.span) {
            mistakes
                .add(vlan.span, format!("VLAN {} of {} carries two networks", vlan.value, trunk.value))
                .related(first, "used here first")
                .help("give each network its own `vlan`");
        }
    }
}
