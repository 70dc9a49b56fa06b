use crate::{
    IfName, Interface, Name, Uplink, UplinkAddress, UplinkLink,
    mistake::Mistakes,
    parse::table::Table,
    span::{At, Span},
};
use std::{collections::HashMap, net::Ipv4Addr};

pub struct UplinkDraft {
    pub name: Option<At<Name>>,
    pub device: Option<At<IfName>>,
    pub link: UplinkLink,
    address: Option<At<UplinkAddress>>,
    gateway: Option<At<Ipv4Addr>>,
    dns: Vec<Ipv4Addr>,
    masquerade: bool,
    metric: u32,
    /// Where the metric is said, or the header.
    metric_at: Span,
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
        let metric = table.take("metric", mistakes);
        let default_metric = u32::try_from(place * 100).unwrap_or(u32::MAX);
        let draft = Self {
            name,
            device,
            link,
            address,
            gateway,
            dns: dns.into_iter().flat_map(|servers| servers.value).map(|server| server.value).collect(),
            masquerade,
            metric: metric.as_ref().map_or(default_metric, |metric| metric.value),
            metric_at: metric.map_or(table.at, |metric| metric.span),
        };
        draft.check_gateway(mistakes);
        table.finish(mistakes);
        draft
    }

    /// The address, where the file says it.
    pub fn interface(&self) -> Option<At<Interface>> {
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
        })
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
