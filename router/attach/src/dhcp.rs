use crate::{EndpointName, Leases};
use edge_dhcp::{Claim, ClaimError, Identity, LeaseState, Server};
use edge_net::Name;
use std::net::Ipv4Addr;

impl Leases for Server {
    async fn claim(&self, network: &Name, name: &EndpointName, address: Option<Ipv4Addr>) -> Result<Ipv4Addr, ClaimError> {
        let claim = Claim { name: name.to_string(), address };
        Ok(Server::claim(self, network, claim).await?.address)
    }

    async fn release(&self, network: &Name, name: &str) -> Result<(), ClaimError> {
        Server::release(self, network, name).await
    }

    fn is_used(&self) -> bool {
        self.has_containers()
    }

    fn held(&self) -> Vec<(Name, String)> {
        let held = self.leases().into_iter().filter(|lease| lease.state == LeaseState::Held);
        let name = |identity| if let Identity::Container(name) = identity { Some(name) } else { None };
        held.filter_map(|lease| Some((lease.network, name(lease.identity)?))).collect()
    }
}
