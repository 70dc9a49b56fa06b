use crate::{
    Uplink, UplinkAddress, UplinkLink,
    mistake::Mistakes,
    parse::{
        claims::{Claimant, Claims, Role},
        names::NameKind,
        probe::{Interval, Probes},
        table::Table,
        value::{FromToml, integer},
    },
    span::{At, Span},
};
use edge_net::{IfName, Interface, Name, derived};
use std::{collections::HashMap, net::Ipv4Addr, time::Duration};
use toml::de::DeValue;

/// Leaves room above for the uplinks that stand back.
pub const MAX_METRIC: u32 = 1_000_000;
const INTERVAL: Duration = Duration::from_secs(1);

/// Route priority.
struct Metric(u32);

impl FromToml for Metric {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self> {
        integer(value, 0, MAX_METRIC, at, mistakes).map(Self)
    }
}

pub struct UplinkDraft {
    name: Option<At<Name>>,
    device: Option<At<IfName>>,
    link: UplinkLink,
    address: Option<At<UplinkAddress>>,
    gateway: Option<At<Ipv4Addr>>,
    dns: Vec<Ipv4Addr>,
    masquerade: bool,
    metric: u32,
    /// Where the metric is said, or the header.
    metric_at: Span,
    probe: Vec<Ipv4Addr>,
    probe_interval: Duration,
}

impl UplinkDraft {
    /// `place` in the file, from 1.
    pub fn read(mut table: Table, place: usize, mistakes: &mut Mistakes) -> Self {
        let name = table.need("name", "\"wan\"", mistakes);
        let device = table.need("device", "\"eth0\"", mistakes);
        let link = table.take("link", mistakes).map_or(UplinkLink::Direct, |link| link.value);
        let address = table.need("address", "\"dhcp\"", mistakes);
        let gateway = table.take("gateway", mistakes);
        let dns = table.take::<Vec<At<Ipv4Addr>>>("dns", mistakes);
        let masquerade = table.take("masquerade", mistakes).is_none_or(|masquerade| masquerade.value);
        let metric = table.take::<Metric>("metric", mistakes);
        let probe = table.take::<Probes>("probe", mistakes);
        let probe_interval = table.take::<Interval>("probe-interval", mistakes);
        let default_metric = u32::try_from(place * 100).unwrap_or(u32::MAX);
        let draft = Self {
            name,
            device,
            link,
            address,
            gateway,
            dns: dns.into_iter().flat_map(|servers| servers.value).map(|server| server.value).collect(),
            masquerade,
            metric: metric.as_ref().map_or(default_metric, |metric| metric.value.0),
            metric_at: metric.map_or(table.at, |metric| metric.span),
            probe: probe.map_or(Vec::new(), |probe| probe.value.0),
            probe_interval: probe_interval.map_or(INTERVAL, |interval| interval.value.0),
        };
        draft.check_gateway(mistakes);
        table.finish(mistakes);
        draft
    }

    /// The address, where the file says it.
    fn interface(&self) -> Option<At<Interface>> {
        match self.address.as_ref()? {
            At { value: UplinkAddress::Static(interface), span } => Some(At { value: *interface, span: *span }),
            At { value: UplinkAddress::Dhcp, .. } => None,
        }
    }

    fn check_gateway(&self, mistakes: &mut Mistakes) {
        let (Some(gateway), Some(address)) = (&self.gateway, &self.address) else { return };
        match address.value {
            UplinkAddress::Dhcp => {
                mistakes
                    .add(gateway.span, "the gateway comes with DHCP")
                    .related(address.span, "the address comes by DHCP")
                    .help("remove `gateway`, or write a fixed `address`");
            }
            UplinkAddress::Static(own) if own.address() == gateway.value => {
                mistakes
                    .add(gateway.span, "the gateway is this box itself")
                    .related(address.span, "its own address")
                    .help("write the address of the next router");
            }
            UplinkAddress::Static(own) if !own.has_host(gateway.value) => {
                mistakes
                    .add(gateway.span, format!("{} is not in the uplink's subnet {}", gateway.value, own.subnet()))
                    .related(address.span, "the uplink's address")
                    .help("the gateway must be reached directly: write an address in that subnet");
            }
            UplinkAddress::Static(_) => {}
        }
    }

    pub fn finish(self) -> Option<Uplink> {
        Some(Uplink {
            name: self.name?.value,
            device: self.device?.value,
            link: self.link,
            address: self.address?.value,
            gateway: self.gateway.map(|gateway| gateway.value),
            dns: self.dns,
            masquerade: self.masquerade,
            metric: self.metric,
            probe: self.probe,
            probe_interval: self.probe_interval,
        })
    }
}

impl Claimant for UplinkDraft {
    fn claim<'a>(&'a self, _: usize, claims: &mut Claims<'a>) {
        claims.name(&self.name, NameKind::Uplink);
        claims.subnet(self.interface());
        let what = self.name.as_ref().map_or("an uplink".to_owned(), |name| format!("uplink `{}`", name.value));
        let role = match self.link {
            UplinkLink::Direct => Role::Direct,
            UplinkLink::IpvlanL2 => Role::Ipvlan,
            UplinkLink::Macvlan => Role::Macvlan,
        };
        if let Some(device) = &self.device {
            claims.link(device, role, format!("the device of {what}"));
        }
        if let Some(name) = self.name.as_ref().filter(|_| role != Role::Direct) {
            let leg = At { value: derived::uplink(name), span: name.span };
            claims.link(&leg, Role::Made, format!("the leg of {what}"));
        }
    }
}

/// Two default routes of one metric would replace each other.
pub fn check_metrics(uplinks: &[UplinkDraft], mistakes: &mut Mistakes) {
    let mut seen = HashMap::new();
    for uplink in uplinks {
        if let Some(first) = seen.insert(uplink.metric, uplink.metric_at) {
            mistakes
                .add(uplink.metric_at, format!("two uplinks have the metric {}", uplink.metric))
                .related(first, "the other one")
                .help("give each its own `metric`; without one it is the uplink's place in the file times 100; lower wins");
        }
    }
}
