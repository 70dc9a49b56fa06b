//! The configuration as a picture: a Mermaid flowchart, which code forges and editors show in Markdown.

use crate::{
    Facts,
    policy::{Match, Places, Why, grants},
};
use edge_config::{Config, Host, Network, Uplink, UplinkAddress, UplinkLink};
use std::fmt::Write;

/// Networks with the hosts in them, the router between them, the uplinks, and an arrow for each `[[allow]]` and `[[forward]]`.
pub fn drawing(config: &Config) -> String {
    let mut picture = String::from("flowchart LR\n");
    for network in &config.networks {
        draw_network(&mut picture, config, network);
    }
    let place = config.namespace.as_ref().map_or(String::new(), |name| format!("<br/>namespace {name}"));
    let _ = writeln!(picture, "    router{{{{\"router{place}\"}}}}");
    for uplink in &config.uplinks {
        let _ = writeln!(picture, "    {}([\"{}\"])", id(&uplink.name), describe_uplink(uplink));
        let _ = writeln!(picture, "    router --- {}", id(&uplink.name));
    }
    for network in &config.networks {
        let _ = writeln!(picture, "    {} ---|{}| router", id(&network.name), network.address.address());
    }
    draw_grants(&mut picture, config);
    picture
}

/// What passes by the router: an arrow for each line of the file, from whom to whom.
fn draw_grants(picture: &mut String, config: &Config) {
    let places = Places::of(config);
    for grant in grants(config, &Facts::default()) {
        let services = match grant.why {
            Why::Allow => grant.matches.iter().map(Match::to_string).collect::<Vec<_>>().join(", "),
            Why::Forward(forward) => format!("{} {}", forward.protocol, forward.port),
            Why::SameNetwork | Why::Input(_) => continue,
        };
        if let (Some(from), Some(to)) = (places.label(&grant.from), places.label(&grant.to)) {
            let _ = writeln!(picture, "    {} -.->|{services}| {}", id(&from), id(&to));
        }
    }
}

fn draw_network(picture: &mut String, config: &Config, network: &Network) {
    let wire = match &network.tagged {
        Some(tagged) => format!("VLAN {} on {}", tagged.vlan, tagged.trunk),
        None if network.ports.is_empty() => "containers only".to_owned(),
        None => network.ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let _ = writeln!(
        picture,
        "    subgraph {}[\"{}: {wire}, {}, {}\"]",
        id(&network.name),
        network.name,
        network.bridge,
        network.address.subnet()
    );
    for host in config.hosts.iter().filter(|host| host.network == network.name) {
        let _ = writeln!(picture, "        {}", describe_host(host));
    }
    picture.push_str("    end\n");
}

/// A device is drawn square, a container round.
fn describe_host(host: &Host) -> String {
    let text = format!("{}<br/>{}", host.name, host.address);
    if !host.is_container() { format!("{}[\"{text}\"]", id(&host.name)) } else { format!("{}(\"{text}\")", id(&host.name)) }
}

fn describe_uplink(uplink: &Uplink) -> String {
    let address = match uplink.address {
        UplinkAddress::Static(interface) => interface.to_string(),
        UplinkAddress::Dhcp => "DHCP".to_owned(),
    };
    let link = match uplink.link {
        UplinkLink::Direct => "",
        UplinkLink::IpvlanL2 => "ipvlan-l2 on ",
        UplinkLink::Macvlan => "macvlan on ",
    };
    format!("{}: {link}{}<br/>{address}", uplink.name, uplink.device)
}

/// A prefix keeps names apart from Mermaid's own words (`end`, `subgraph`).
fn id(name: &impl std::fmt::Display) -> String {
    format!("n_{}", name.to_string().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_readme_shows_the_fire_truck() {
        let text = include_str!("../../lab/scenarios/fire-truck/edge-router.toml");
        let config = edge_config::parse("fire-truck.toml", text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
        let readme = include_str!("../../../README.md");
        let picture = format!("```mermaid\n{}```\n", super::drawing(&config));
        assert!(readme.contains(&picture), "README.md does not show this picture:\n{picture}");
    }
}
