use super::{
    dhcp,
    living::Living,
    pairs::{Pair, pairs},
    teller::Teller,
};
use edge_api::Action;
use edge_config::{Network, Tagged};

pub fn tell(old: &[Network], new: &[Network], living: &Living, teller: &mut Teller) {
    for pair in pairs(old, new, |network| &network.name) {
        match pair {
            Pair::New(network) => teller.whole("network", Some(network.name.as_str()), Action::Add, is_new(network)),
            Pair::Gone(Network { name, .. }) => {
                teller.whole("network", Some(name.as_str()), Action::Remove, format!("network {name} is taken away"));
            }
            Pair::Stays(old, new) => change(old, new, living, teller),
        }
    }
}

fn change(old: &Network, new: &Network, living: &Living, teller: &mut Teller) {
    let Network { name, tagged, ports, bridge, address, dhcp, attach } = old;
    let mut table = teller.table("network", Some(name.as_str()));
    let (trunk, vlan) = apart(tagged);
    let (new_trunk, new_vlan) = apart(&new.tagged);
    table.key("trunk", &trunk, &new_trunk, "none");
    table.key("vlan", &vlan, &new_vlan, "none");
    table.key("ports", &sorted(ports), &sorted(&new.ports), "none");
    table.key("bridge", bridge, &new.bridge, "");
    table.key("address", address, &new.address, "");
    dhcp::tell(name, dhcp.as_ref(), new.dhcp.as_ref(), living, &mut table);
    table.key("attach", attach, &new.attach, "");
}

fn apart(tagged: &Option<Tagged>) -> (Option<edge_net::IfName>, Option<edge_net::VlanId>) {
    match tagged {
        Some(Tagged { trunk, vlan }) => (Some(*trunk), Some(*vlan)),
        None => (None, None),
    }
}

/// `new network cameras (VLAN 30 on enp2s0, 10.0.30.1/24, DHCP 10.0.30.100-10.0.30.199)`
fn is_new(network: &Network) -> String {
    let tagged = network.tagged.iter().map(|tagged| format!("VLAN {} on {}", tagged.vlan, tagged.trunk));
    let ports = network.ports.iter().map(|port| format!("port {port}"));
    let dhcp = network.dhcp.as_ref().map_or("no DHCP".to_owned(), dhcp::in_words);
    let parts = tagged.chain(ports).chain([network.address.to_string(), dhcp]);
    format!("new network {} ({})", network.name, parts.collect::<Vec<_>>().join(", "))
}

/// Of what is a set in the file.
pub fn sorted<T: Clone + Ord>(set: &[T]) -> Vec<T> {
    let mut sorted = set.to_vec();
    sorted.sort();
    sorted
}
