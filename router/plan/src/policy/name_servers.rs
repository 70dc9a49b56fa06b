use super::{grant::Party, lookup::Policy, matches::Packet};
use edge_config::{Network, Uplink};
use std::net::Ipv4Addr;

impl<'a> Policy<'a> {
    /// The name servers of the uplinks, in the order of the file and each once, that a node of `network` may ask: one that it may not
    /// ask is of no use to it. A server is asked by way of its uplink, or where it lies in one of the networks there.
    pub fn name_servers(&self, network: &'a Network) -> Vec<Ipv4Addr> {
        let mut servers = Vec::new();
        for uplink in &self.places.config.uplinks {
            for server in self.facts.name_servers(uplink) {
                if self.may_ask(network, uplink, *server) && !servers.contains(server) {
                    servers.push(*server);
                }
            }
        }
        servers
    }

    /// A resolver asks by UDP first (RFC 7766, 5): a server that hears TCP only would cost each name a timeout.
    pub(crate) fn may_ask(&self, network: &'a Network, uplink: &'a Uplink, server: Ipv4Addr) -> bool {
        let to = self.places.inside(server).unwrap_or(Party::Beyond(uplink));
        self.reach(Party::Node(network, None), to).admits(&Packet::NAME_QUERY)
    }
}
