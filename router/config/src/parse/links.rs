use crate::{
    mistake::Mistakes,
    parse::claims::{LinkClaim, Role},
};
use edge_net::IfName;
use std::collections::BTreeMap;

/// Of each interface the first claim of each role.
type Taken = BTreeMap<IfName, Vec<LinkClaim>>;

/// No interface is asked to be two things that it cannot be at once.
pub fn check(claims: Vec<LinkClaim>, mistakes: &mut Mistakes) {
    let mut taken = Taken::default();
    for claim in claims {
        take(&mut taken, claim, mistakes);
    }
}

fn take(taken: &mut Taken, claim: LinkClaim, mistakes: &mut Mistakes) {
    let earlier = taken.entry(claim.link).or_default();
    let clash = earlier.iter().find_map(|first| Some((first, remedy(first.role, claim.role)?)));
    // Networks of one name, or of one VLAN, have the interfaces derived from it in common: that is noted already.
    let twin = claim.role == Role::Made && clash.is_some_and(|(first, _)| first.what == claim.what);
    if let Some((first, mend)) = clash.filter(|_| !twin) {
        let message = format!("{} cannot be {} too", claim.link, claim.what);
        mistakes.add(claim.span, message).related(first.span, format!("it is {} already", first.what)).help(mend);
    }
    if earlier.iter().all(|first| first.role != claim.role) {
        earlier.push(claim);
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
