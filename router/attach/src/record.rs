use crate::{EndpointName, Place, stored::Stored};
use edge_kernel::endpoint::{Marks, Unplug};
use edge_net::{AttachKind, IfName, Interface, Mac, Name, derived};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// One attachment, as it is kept. Its lease is held in either state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Record {
    /// The network it belongs to.
    pub network: Name,
    /// Who it is, from one life to the next.
    pub name: EndpointName,
    /// Its own address in that network.
    pub address: Interface,
    /// How far it has come.
    pub state: State,
}

/// How far an attachment has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The address is its own; there may be no namespace yet, as when Docker asks for an endpoint.
    Reserved {
        /// What it will have; `None`: the one of its parent, which is known when it is plugged in (ipvlan).
        mac: Option<Mac>,
    },
    /// Its interface is in a namespace.
    Plugged(Plugged),
}

/// Where and how an attachment is plugged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugged {
    /// Its interface, and in which namespace.
    pub place: Place,
    /// What the interface is.
    pub kind: AttachKind,
    /// The router's address, of the default route.
    pub gateway: Ipv4Addr,
    /// The interface's.
    pub mac: Mac,
}

impl Record {
    /// Whether it is that one.
    pub fn is(&self, network: &Name, name: &EndpointName) -> bool {
        self.network == *network && self.name == *name
    }

    /// Where it is plugged in; `None`: it is reserved.
    pub fn plugged(&self) -> Option<&Plugged> {
        match &self.state {
            State::Plugged(plugged) => Some(plugged),
            State::Reserved { .. } => None,
        }
    }

    /// The same when it is unplugged: it keeps its address and its MAC.
    pub(crate) fn unplugged(self) -> Self {
        let mac = match &self.state {
            State::Plugged(plugged) => Some(plugged.mac).filter(|_| plugged.kind != AttachKind::IpvlanL2),
            State::Reserved { mac } => *mac,
        };
        Self { state: State::Reserved { mac }, ..self }
    }

    pub(crate) fn port(&self) -> IfName {
        derived::endpoint_port(&self.network, self.name.as_str())
    }

    /// How to remove its interface; `None`: it has none.
    pub(crate) fn unplug(&self) -> Option<Unplug> {
        let Plugged { place, kind, mac, .. } = self.plugged()?;
        let mac = Some(*mac).filter(|_| *kind != AttachKind::IpvlanL2);
        let marks = Some(Marks { mac, alias: self.alias() });
        Some(Unplug { netns: Some(place.netns.clone()), ifname: place.ifname, kind: *kind, port: self.port(), marks })
    }

    /// What is written on its interface.
    pub(crate) fn alias(&self) -> String {
        format!("{} in {}", self.name, self.network)
    }
}
