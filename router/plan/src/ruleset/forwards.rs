use crate::{
    Facts, addressing,
    nft::{Rule, build::*},
    policy::{Grant, Party, Why},
};
use edge_config::{Forward, Uplink};
use edge_net::PortRange;
use ipnet::Ipv4Net;

/// The destination NAT of every `[[forward]]`. One rule does for equal ranges; the kernel cannot shift a range, so a
/// shifted one takes a rule for each port.
pub fn forwards(grants: &[Grant], facts: &Facts) -> Vec<Rule> {
    let by_uplink = grants.iter().filter_map(|grant| match (grant.why, grant.from) {
        (Why::Forward(forward), Party::Beyond(uplink)) => Some((forward, uplink)),
        _ => None,
    });
    by_uplink.flat_map(|(forward, uplink)| translations(forward, uplink, facts)).collect()
}

fn translations(forward: &Forward, uplink: &Uplink, facts: &Facts) -> Vec<Rule> {
    let own = addressing(uplink, facts).map_or(Piece::new(), |(interface, _)| ip_daddr(Ipv4Net::from(interface.address())));
    let nat = |from: PortRange, to: PortRange| {
        let [ours, ports] = [own.clone(), dport(from)];
        rule([iifname(&uplink.ifname()), ours, ipv4(), l4proto(forward.protocol), ports, dnat(forward.to, to)])
    };
    if forward.port == forward.to_port || forward.port.count() == 1 {
        return vec![nat(forward.port, forward.to_port)];
    }
    forward.port.each().zip(forward.to_port.each()).map(|(from, to)| nat(from, to)).collect()
}
