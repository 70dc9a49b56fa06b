use crate::{
    leg::gateway_link,
    nft::build::{Piece, ip_daddr},
    policy::Party,
};
use edge_config::Config;
use edge_net::{IfName, Name};
use ipnet::Ipv4Net;

/// One end of a grant, in the words of the table.
pub struct End<'a> {
    /// Where its packets come in or go out.
    pub link: IfName,
    pub name: &'a Name,
    /// None: whoever is there.
    pub address: Option<Ipv4Net>,
}

impl<'a> End<'a> {
    /// `None`: the router itself.
    pub fn of(config: &Config, party: Party<'a>) -> Option<Self> {
        match party {
            Party::Node(network, address) => {
                Some(Self { link: gateway_link(config, network), name: &network.name, address: address.map(Ipv4Net::from) })
            }
            Party::Beyond(uplink) => Some(Self { link: uplink.ifname(), name: &uplink.name, address: None }),
            Party::Router(_) | Party::Local | Party::Group(_) => None,
        }
    }
}

/// What the router is reached by; `None`: not the router.
pub fn own_address(party: Party) -> Option<Piece> {
    match party {
        Party::Router(network) => Some(ip_daddr(Ipv4Net::from(network.address.address()))),
        Party::Group(address) => Some(ip_daddr(Ipv4Net::from(address))),
        Party::Local => Some(Piece::new()),
        Party::Node(..) | Party::Beyond(_) => None,
    }
}
