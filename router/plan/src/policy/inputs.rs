//! What the router itself answers: its input ports. A service contributes its own by [`Facts::inputs`](crate::Facts::inputs).

use super::matches::Match;
use edge_config::{Config, Dhcp, Network};
use edge_net::{Name, PortRange};
use std::net::Ipv4Addr;

/// The TCP port that `ssh-from` opens.
pub const SSH: PortRange = PortRange::new(22, 22).expect("22 is a port");
/// RFC 2131, 4.1
pub(crate) const DHCP_SERVER: PortRange = PortRange::new(67, 67).expect("67 is a port");
pub(crate) const DHCP_CLIENT: u16 = 68;

/// What one zone may open towards the router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Who may. From a network the router is reached by its own address there; from an uplink by any that it has.
    pub on: Zone,
    /// The only one there who may; none: all.
    pub from: Option<Ipv4Addr>,
    /// A broadcast or multicast address it is sent to, instead of the router's own.
    pub group: Option<Ipv4Addr>,
    /// What they may open.
    pub matches: Match,
    /// What it is for, in a word or two, as the matrix gives it: `DHCP`.
    pub why: &'static str,
}

/// A network or an uplink. One that the configuration does not have opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Zone {
    /// By its name.
    Network(Name),
    /// By its name.
    Uplink(Name),
}

impl Input {
    /// For all in the zone, at the router's own address.
    pub fn new(on: Zone, matches: Match, why: &'static str) -> Self {
        Self { on, from: None, group: None, matches, why }
    }
}

/// What every configuration opens by itself: ping and DHCP in each network, and ssh where `ssh-from` says so.
pub fn own(config: &Config) -> Vec<Input> {
    let ssh = |zone| Input::new(zone, Match::tcp(SSH), "ssh-from");
    let mut inputs = Vec::new();
    for network in &config.networks {
        let zone = || Zone::Network(network.name.clone());
        inputs.push(Input::new(zone(), Match::PING, "ping"));
        inputs.extend(dhcp(network));
        inputs.extend(config.system.ssh_from.contains(&network.name).then(|| ssh(zone())));
    }
    let uplinks = config.uplinks.iter().filter(|uplink| config.system.ssh_from.contains(&uplink.name));
    inputs.extend(uplinks.map(|uplink| ssh(Zone::Uplink(uplink.name.clone()))));
    inputs
}

/// The same of a server of ours and of a relay agent of ours, which clients do not tell apart.
fn dhcp(network: &Network) -> Vec<Input> {
    let input = |from_port| Input::new(Zone::Network(network.name.clone()), Match::udp(DHCP_SERVER).from_port(from_port), "DHCP");
    // A relay agent in the network speaks from the server's own port (RFC 1542, 4.1.2).
    let relays = network.dhcp.as_ref().and_then(Dhcp::server).into_iter().flat_map(|server| &server.relays);
    let mut inputs: Vec<Input> = relays.map(|relay| Input { from: Some(*relay), ..input(DHCP_SERVER.first()) }).collect();
    if network.dhcp.is_some() {
        inputs.push(Input { group: Some(Ipv4Addr::BROADCAST), ..input(DHCP_CLIENT) });
        inputs.push(input(DHCP_CLIENT));
    }
    inputs
}
