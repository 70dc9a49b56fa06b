use super::network::NetworkDraft;
use crate::{
    DeviceId, Host,
    mistake::Mistakes,
    parse::{
        bytes::from_hex,
        claims::{Claimant, Claims},
        names::{NameKind, Names},
        table::Table,
        value::FromText,
    },
    span::At,
};
use edge_net::{Mac, Name};
use std::{collections::HashMap, net::Ipv4Addr};

pub struct HostDraft {
    name: Option<At<Name>>,
    pub network: Option<At<Name>>,
    device: Option<At<DeviceId>>,
    pub address: Option<At<Ipv4Addr>>,
}

impl HostDraft {
    pub fn read(mut table: Table, mistakes: &mut Mistakes) -> Self {
        let draft = Self {
            name: table.need("name", "\"device1\"", mistakes),
            network: table.need("network", "\"vehicle\"", mistakes),
            device: device(&mut table, mistakes),
            address: table.need("address", "\"10.0.1.5\"", mistakes),
        };
        table.finish(mistakes);
        draft
    }

    pub fn finish(self) -> Option<Host> {
        let (name, network, address) = (self.name?.value, self.network?.value, self.address?.value);
        Some(Host { name, network, device: self.device.map(|device| device.value), address })
    }

    fn check_place(&self, networks: &[NetworkDraft], names: &Names, mistakes: &mut Mistakes) {
        let Some(network) = &self.network else { return };
        let found = names.find(network, "a network", |kind| matches!(kind, NameKind::Network(_)), mistakes);
        let Some(NameKind::Network(index)) = found else { return };
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

impl Claimant for HostDraft {
    fn claim<'a>(&'a self, place: usize, claims: &mut Claims<'a>) {
        claims.name(&self.name, NameKind::Host(place));
    }
}

pub fn check(hosts: &[HostDraft], networks: &[NetworkDraft], names: &Names, mistakes: &mut Mistakes) {
    let mut addresses = HashMap::new();
    let mut devices = HashMap::new();
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
        if let Some(device) = &host.device
            && let Some(first) = devices.insert(&device.value, device.span)
        {
            let (what, help) = match &device.value {
                DeviceId::Mac(mac) => (format!("the MAC address {mac}"), "write its own MAC address"),
                DeviceId::ClientId(_) => ("this client identifier".to_owned(), "write its own `client-id`"),
                DeviceId::Hostname(name) => (format!("the host name {name}"), "write its own `hostname`"),
            };
            mistakes
                .add(device.span, format!("two hosts have {what}"))
                .related(first, "used here first")
                .help(format!("a device has one permanent address: {help}, or remove one of the hosts"));
        }
    }
}

/// The one key that tells the device; none for a container.
fn device(table: &mut Table, mistakes: &mut Mistakes) -> Option<At<DeviceId>> {
    let mac = table.take::<Mac>("mac", mistakes).map(|mac| At { span: mac.span, value: DeviceId::Mac(mac.value) });
    let client_id = table.take::<ClientId>("client-id", mistakes);
    let client_id = client_id.map(|id| At { span: id.span, value: DeviceId::ClientId(id.value.0) });
    let hostname = table.take::<DeviceName>("hostname", mistakes);
    let hostname = hostname.map(|name| At { span: name.span, value: DeviceId::Hostname(name.value.0) });
    let mut said = [mac, client_id, hostname].into_iter().flatten();
    let first = said.next();
    if let (Some(first), Some(second)) = (&first, said.next()) {
        mistakes
            .add(second.span, "a device is known by one thing")
            .related(first.span, "it is known by this already")
            .help("keep one of `mac`, `client-id` and `hostname`");
    }
    first
}

/// Option 61 as `routerctl leases` shows it, or as text (RFC 4361 has bytes, people write names).
struct ClientId(Vec<u8>);

impl FromText for ClientId {
    const WHAT: &'static str = "a client identifier";

    fn from_text(text: &str) -> Result<Self, String> {
        let hex = if text.contains(':') { from_hex(text) } else { None };
        let id = hex.unwrap_or_else(|| text.as_bytes().to_vec());
        let fits = (2..=255).contains(&id.len());
        if fits { Ok(Self(id)) } else { Err("it has 2 to 255 bytes: hex as in \"ff:00:01\", or text".to_owned()) }
    }
}

/// Option 12 as the server keeps it.
struct DeviceName(String);

impl FromText for DeviceName {
    const WHAT: &'static str = "a device's host name";

    fn from_text(text: &str) -> Result<Self, String> {
        let bytes = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let whole = bytes && (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-');
        let name = text.to_ascii_lowercase();
        if whole && name != "localhost" {
            Ok(Self(name))
        } else {
            Err("write what the device calls itself, up to the first dot: letters, digits and inner hyphens".to_owned())
        }
    }
}
