use crate::{
    UplinkLink,
    mistake::Mistakes,
    parse::{network::NetworkDraft, uplink::UplinkDraft},
    span::{At, Span},
};
use edge_net::{AttachKind, IfName, derived};
use std::collections::BTreeMap;

/// What an interface is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Made by us.
    Made,
    /// The user's device, as a bridge's untagged port.
    Port,
    /// The user's device, under VLAN interfaces.
    Trunk,
    /// The user's device, an uplink itself.
    Direct,
    /// The user's device, under an uplink's ipvlan leg.
    Ipvlan,
    /// The user's device, under an uplink's macvlan leg.
    Macvlan,
}

struct Claim {
    role: Role,
    span: Span,
    /// In words: "the bridge of `vehicle`".
    what: String,
}

/// Every interface the file names or makes necessary, with the first claim of each role.
#[derive(Default)]
struct Claims(BTreeMap<IfName, Vec<Claim>>);

/// No interface is asked to be two things that it cannot be at once.
pub fn check(networks: &[NetworkDraft], uplinks: &[UplinkDraft], namespaced: bool, mistakes: &mut Mistakes) {
    let mut claims = Claims::default();
    for uplink in uplinks {
        claims.add_uplink(uplink, mistakes);
    }
    for network in networks {
        claims.add_network(network, namespaced, mistakes);
    }
}

impl Claims {
    fn add_uplink(&mut self, uplink: &UplinkDraft, mistakes: &mut Mistakes) {
        let what = uplink.name.as_ref().map_or("an uplink".to_owned(), |name| format!("uplink `{}`", name.value));
        let role = match uplink.link {
            UplinkLink::Direct => Role::Direct,
            UplinkLink::IpvlanL2 => Role::Ipvlan,
            UplinkLink::Macvlan => Role::Macvlan,
        };
        if let Some(device) = &uplink.device {
            self.add(device, role, format!("the device of {what}"), mistakes);
        }
        if let Some(name) = uplink.name.as_ref().filter(|_| role != Role::Direct) {
            let leg = At { value: derived::uplink(name), span: name.span };
            self.add(&leg, Role::Made, format!("the leg of {what}"), mistakes);
        }
    }

    fn add_network(&mut self, network: &NetworkDraft, namespaced: bool, mistakes: &mut Mistakes) {
        let what = network.name.as_ref().map_or("a network".to_owned(), |name| format!("`{}`", name.value));
        if let Some(bridge) = &network.bridge {
            self.add(bridge, Role::Made, format!("the bridge of {what}"), mistakes);
        }
        for port in &network.ports {
            self.add(port, Role::Port, format!("a port of {what}"), mistakes);
        }
        if let Some(trunk) = &network.trunk {
            self.add(trunk, Role::Trunk, format!("the trunk of {what}"), mistakes);
        }
        if let (Some(trunk), Some(vlan)) = (&network.trunk, &network.vlan) {
            let link = At { value: derived::vlan(trunk, vlan.value), span: vlan.span };
            self.add(&link, Role::Made, format!("VLAN {} of {}", vlan.value, trunk.value), mistakes);
        }
        if let Some(name) = network.name.as_ref().filter(|_| namespaced || network.attach != AttachKind::Bridge) {
            for value in [derived::leg(name), derived::leg_port(name)] {
                self.add(&At { value, span: name.span }, Role::Made, format!("the router's leg in {what}"), mistakes);
            }
        }
    }

    fn add(&mut self, name: &At<IfName>, role: Role, what: String, mistakes: &mut Mistakes) {
        let earlier = self.0.entry(name.value.clone()).or_default();
        let clash = earlier.iter().find_map(|claim| Some((claim, remedy(claim.role, role)?)));
        // Networks of one name, or of one VLAN, have the interfaces derived from it in common: that is noted already.
        let twin = role == Role::Made && clash.is_some_and(|(claim, _)| claim.what == what);
        if let Some((claim, mend)) = clash.filter(|_| !twin) {
            let message = format!("{} cannot be {what} too", name.value);
            mistakes.add(name.span, message).related(claim.span, format!("it is {} already", claim.what)).help(mend);
        }
        if earlier.iter().all(|claim| claim.role != role) {
            earlier.push(Claim { role, span: name.span, what });
        }
    }
}

/// Why two roles do not go together; none if they do.
fn remedy(one: Role, other: Role) -> Option<&'static str> {
    use Role::{Direct, Ipvlan, Macvlan, Made, Port, Trunk};
    Some(match (one, other) {
        (Trunk, Trunk) | (Ipvlan, Ipvlan) | (Macvlan, Macvlan) => return None,
        // The kernel takes out tagged frames before a device's other children see any (`vlan_do_receive` comes before
        // `rx_handler` in net/core/dev.c).
        (Trunk, Ipvlan | Macvlan) | (Ipvlan | Macvlan, Trunk) => return None,
        (Made, _) | (_, Made) => "give one of them another name",
        (Port, Port) => "a device carries one untagged network; to carry several, give each a `vlan` and this device as `trunk`",
        (Port, Trunk) | (Trunk, Port) => "a device is a port or a trunk; give the untagged network a `vlan` too",
        (Ipvlan, Macvlan) | (Macvlan, Ipvlan) => "the kernel refuses ipvlan and macvlan on one device: write one `link` for both",
        (Port, Ipvlan | Macvlan) | (Ipvlan | Macvlan, Port) => {
            "the kernel refuses ipvlan and macvlan on a bridge's port: use another device, or put the network in a `vlan`"
        }
        (Direct, Direct) => "share the device with link = \"ipvlan-l2\" or \"macvlan\" in both, or use another",
        (Direct, Port) | (Port, Direct) => "a direct uplink has its device alone: use another device for one of them",
        (Direct, Trunk | Ipvlan | Macvlan) | (Trunk | Ipvlan | Macvlan, Direct) => {
            "a direct uplink has its device alone: share it with link = \"ipvlan-l2\" or \"macvlan\", or use another"
        }
    })
}
