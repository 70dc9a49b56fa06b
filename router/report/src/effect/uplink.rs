use super::{
    pairs::{Pair, pairs},
    teller::Teller,
    value::{Shown, Value},
};
use edge_api::Action;
use edge_config::Uplink;
use edge_net::Name;
use std::collections::HashSet;

pub fn tell(old: &[Uplink], new: &[Uplink], teller: &mut Teller) {
    for pair in pairs(old, new, |uplink| &uplink.name) {
        match pair {
            Pair::New(uplink) => teller.whole("uplink", Some(uplink.name.as_str()), Action::Add, is_new(uplink)),
            Pair::Gone(Uplink { name, .. }) => {
                teller.whole("uplink", Some(name.as_str()), Action::Remove, format!("uplink {name} is taken away"));
            }
            Pair::Stays(old, new) => change(old, new, teller),
        }
    }
    order(old, new, teller);
}

fn change(old: &Uplink, new: &Uplink, teller: &mut Teller) {
    let Uplink { name, device, link, address, gateway, dns, masquerade, metric, probe, probe_interval } = old;
    let mut table = teller.table("uplink", Some(name.as_str()));
    table.key("device", device, &new.device, "");
    table.key("link", link, &new.link, "");
    table.key("address", address, &new.address, "");
    table.key("gateway", gateway, &new.gateway, "none");
    table.key("dns", dns, &new.dns, "those learned by DHCP");
    table.key("masquerade", masquerade, &new.masquerade, "");
    table.key("metric", metric, &new.metric, "");
    table.key("probe", probe, &new.probe, "the gateway by ARP");
    table.key("probe-interval", probe_interval, &new.probe_interval, "");
}

/// Name servers are handed out in it, whatever the metrics say.
fn order(old: &[Uplink], new: &[Uplink], teller: &mut Teller) {
    let names = |uplinks: &[Uplink], others: &[Uplink]| -> Vec<Name> {
        let others: HashSet<&Name> = others.iter().map(|other| &other.name).collect();
        uplinks.iter().map(|uplink| &uplink.name).filter(|name| others.contains(name)).cloned().collect()
    };
    let mut table = teller.table("uplink", None);
    table.key("order", &names(old, new), &names(new, old), "none");
}

/// `new uplink wan (wlp3s0f0, ipvlan-l2, 192.168.50.2/24, gateway 192.168.50.1)`
fn is_new(uplink: &Uplink) -> String {
    let text = |value: Shown| if let Shown::Text(text) = value { text } else { String::new() };
    let gateway = uplink.gateway.iter().map(|gateway| format!("gateway {gateway}"));
    let parts = [uplink.device.to_string(), text(uplink.link.shown()), text(uplink.address.shown())];
    format!("new uplink {} ({})", uplink.name, parts.into_iter().chain(gateway).collect::<Vec<_>>().join(", "))
}
