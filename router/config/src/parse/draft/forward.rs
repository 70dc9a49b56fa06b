use super::{host::HostDraft, network::NetworkDraft};
use crate::{
    Forward,
    mistake::Mistakes,
    parse::{
        names::{NameKind, Names},
        port::overlaps,
        table::Table,
        target::{Node, Target},
    },
    span::{At, Span},
};
use edge_net::{Name, PortRange, Protocol};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// The kernel cannot shift a range, so each port takes a rule of its own, and the first packet of a flow may pass them all.
const MOST_SHIFTED: u32 = 64;
const SSH: u16 = 22;

pub struct ForwardDraft {
    uplink: Option<At<Name>>,
    protocol: Option<At<Protocol>>,
    port: Option<At<PortRange>>,
    to: Option<At<Target>>,
}

impl ForwardDraft {
    pub fn read(mut table: Table, mistakes: &mut Mistakes) -> Self {
        let draft = Self {
            uplink: table.need("uplink", "\"wan\"", mistakes),
            protocol: table.need("protocol", "\"tcp\"", mistakes),
            port: table.need("port", "443", mistakes),
            to: table.need("to", "\"device1:443\"", mistakes),
        };
        table.finish(mistakes);
        draft.check_ports(mistakes);
        draft
    }

    fn check_ports(&self, mistakes: &mut Mistakes) {
        if let Some(At { value: Protocol::Icmp, span }) = self.protocol {
            mistakes.add(span, "icmp has no ports to forward").help("write \"tcp\" or \"udp\"");
        }
        let (Some(port), Some(to)) = (&self.port, &self.to) else { return };
        if port.count() != to.ports.count() {
            mistakes
                .add(to.span, format!("{} ports are forwarded to {}", port.count(), to.ports.count()))
                .related(port.span, "these ports")
                .help(format!("name as many on both sides, as in: to = \"{}:{}\"", to.node, port.value));
        } else if to.ports != port.value && port.count() > MOST_SHIFTED {
            mistakes
                .add(to.span, format!("{} ports are forwarded to others, at most {MOST_SHIFTED} can be", port.count()))
                .related(port.span, "these ports")
                .help(format!("forward them to the same ports: to = \"{}:{}\"", to.node, port.value));
        }
    }

    pub fn resolve(self, drafts: &Drafts, mistakes: &mut Mistakes) -> Option<Forward> {
        if let Some(uplink) = &self.uplink {
            drafts.names.find(uplink, "an uplink", |kind| matches!(kind, NameKind::Uplink), mistakes);
            self.check_ssh(uplink, drafts.ssh_from, mistakes);
        }
        let to = self.to.as_ref().and_then(|to| drafts.node_address(to, mistakes));
        Some(Forward {
            uplink: self.uplink?.value,
            protocol: self.protocol?.value,
            port: self.port?.value,
            to: to?,
            to_port: self.to?.ports,
        })
    }

    /// ssh to the box itself and to a node behind it cannot share one port.
    fn check_ssh(&self, uplink: &Name, ssh_from: &[At<Name>], mistakes: &mut Mistakes) {
        let (Some(port), Some(At { value: Protocol::Tcp, .. })) = (&self.port, &self.protocol) else { return };
        let Some(ssh) = ssh_from.iter().find(|name| port.contains(SSH) && name.value == *uplink) else { return };
        mistakes
            .add(port.span, format!("port {SSH} of `{uplink}` is the box's own ssh"))
            .related(ssh.span, "opened here")
            .help("forward another port, such as 2222, or take the uplink out of `ssh-from`");
    }
}

/// What a forward refers to.
pub struct Drafts<'a> {
    pub names: &'a Names<'a>,
    pub networks: &'a [NetworkDraft],
    pub hosts: &'a [HostDraft],
    pub ssh_from: &'a [At<Name>],
}

impl Drafts<'_> {
    fn node_address(&self, to: &At<Target>, mistakes: &mut Mistakes) -> Option<Ipv4Addr> {
        match &to.node {
            Node::Host(name) => {
                let name = At { value: name.clone(), span: to.span };
                match self.names.find(&name, "a host", |kind| matches!(kind, NameKind::Host(_)), mistakes)? {
                    NameKind::Host(place) => self.hosts[place].address.as_ref().map(|address| address.value),
                    _ => None,
                }
            }
            Node::Address(address) => {
                self.check_address(*address, to.span, mistakes);
                Some(*address)
            }
        }
    }

    fn check_address(&self, address: Ipv4Addr, at: Span, mistakes: &mut Mistakes) {
        let mut routers = self.networks.iter().filter_map(|network| network.address.as_ref());
        match routers.find(|router| router.has_host(address)) {
            None => {
                let message = format!("{address} is not a node's address in any network");
                mistakes.add(at, message).help("write a host's name or an address in one of the networks").absence();
            }
            Some(router) if router.address() == address => {
                mistakes
                    .add(at, format!("{address} is the router's own address"))
                    .related(router.span, "the router's address")
                    .help("forward to a node; what the box itself opens is said in `ssh-from`");
            }
            Some(_) => {}
        }
    }
}

/// One port of an uplink goes to one place.
pub fn check_overlaps(forwards: &[ForwardDraft], mistakes: &mut Mistakes) {
    let mut groups: BTreeMap<(&Name, Protocol), Vec<&At<PortRange>>> = BTreeMap::new();
    for forward in forwards {
        if let (Some(uplink), Some(protocol), Some(port)) = (&forward.uplink, &forward.protocol, &forward.port) {
            groups.entry((&uplink.value, protocol.value)).or_default().push(port);
        }
    }
    for ((uplink, protocol), ports) in groups {
        for (early, late) in overlaps(ports) {
            mistakes
                .add(late.span, format!("{protocol} port {} of `{uplink}` is forwarded twice", late.value))
                .related(early.span, format!("{} goes elsewhere", early.value))
                .help("forward each port once");
        }
    }
}
