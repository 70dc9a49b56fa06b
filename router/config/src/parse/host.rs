use crate::{
    Host, Mac, Name,
    mistake::Mistakes,
    parse::{
        names::{Kind, Names},
        network::NetworkDraft,
        table::Table,
    },
    span::At,
};
use std::{collections::HashMap, net::Ipv4Addr};

pub struct HostDraft {
    pub name: Option<At<Name>>,
    pub network: Option<At<Name>>,
    mac: Option<At<Mac>>,
    pub address: Option<At<Ipv4Addr>>,
}

impl HostDraft {
    pub fn read(mut table: Table, mistakes: &mut Mistakes) -> Self {
        let draft = Self {
            name: table.need("name", "\"device1\"", mistakes),
            network: table.need("network", "\"vehicle\"", mistakes),
            mac: table.take("mac", mistakes),
            address: table.need("address", "\"10.0.1.5\"", mistakes),
        };
        table.finish(mistakes);
        draft
    }

    pub fn finish(self) -> Option<Host> {
        let (name, network, address) = (self.name?.value, self.network?.value, self.address?.value);
        Some(Host { name, network, mac: self.mac.map(|mac| mac.value), address })
    }

    fn check_place(&self, networks: &[NetworkDraft], names: &Names, mistakes: &mut Mistakes) {
        let Some(network) = &self.network else { return };
        let found = names.find(network, "a network", |kind| matches!(kind, Kind::Network(_)), mistakes);
        let Some(Kind::Network(index)) = found else { return };
        let (Some(router), Some(address)) = (&networks[index].address, &self.address) else { return };
        if !router.has_host(address.value) {
            mistakes
                .add(address.span, format!("{} is not a node's address in {}", address.value, router.subnet()))
                .related(router.span, format!("the address of `{}`", network.value))
                .help(format!("write an address in {}, or name the network it belongs to", router.subnet()));
        } else if router.address() == address.value {
            mistakes
                .add(address.span, format!("{} is the router's own address", address.value))
                .related(router.span, "the router's address")
                .help("give the host another address");
        }
    }
}

pub fn check(hosts: &[HostDraft], networks: &[NetworkDraft], names: &Names, mistakes: &mut Mistakes) {
    let mut addresses = HashMap::new();
    let mut macs = HashMap::new();
    for host in hosts {
        host.check_place(networks, names, mistakes);
        if let Some(address) = &host.address
            && let Some(first) = addresses.insert(address.value, address.span)
        {
            mistakes
                .add(address.span, format!("two hosts have the address {}", address.value))
                .related(first, "used here first")
                .help("give each host its own address");
        }
        if let Some(mac) = &host.mac
            && let Some(first) = macs.insert(mac.value, mac.span)
        {
            mistakes
                .add(mac.span, format!("two hosts have the MAC address {}", mac.value))
                .related(first, "used here first")
                .help("a device has one permanent address: write its own MAC address, or remove one of the hosts");
        }
    }
}
