//! Configurations by number that have something of everything a grant can come from.

use edge_config::Config;
use edge_lab::generate::{self, Dice};
use edge_net::PortRange;
use edge_plan::{Facts, Input, Match, Zone};
use std::fmt::Write;

/// What `generate::config` draws and, to it: a second uplink, forwards, lines from an uplink, ssh from anywhere, relay agents.
pub fn config(seed: u64) -> Config {
    let text = text(seed);
    edge_config::parse("generated.toml", &text).unwrap_or_else(|errors| panic!("{}\n{text}", errors.render(false)))
}

fn text(seed: u64) -> String {
    let mut dice = Dice::new(seed ^ 0x6772_616e_7473);
    let mut text = generate::config(seed);
    let networks = (1..=5).filter(|number| text.contains(&format!("name = \"n{number}\"\n"))).count() as u64;
    if dice.one_in(2) {
        text = text.replace("ssh-from = [", "ssh-from = [\"wan\", ");
    }
    if dice.one_in(2) {
        text = relayed(&text, networks);
    }
    let _ = write!(
        text,
        "[[uplink]]\nname = \"lte\"\ndevice = \"wwan0\"\nmasquerade = {}\naddress = \"198.51.100.2/24\"\ngateway = \"198.51.100.1\"\n",
        dice.one_in(2)
    );
    let hosts: Vec<String> =
        text.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).map(str::to_owned).collect();
    let hosts: Vec<String> = hosts.into_iter().filter(|name| name.contains('-')).collect();
    for port in [80, 8080] {
        let (uplink, number) = (["wan", "lte"][dice.below(2) as usize], 1 + dice.below(networks));
        let range = ["", "-2"][dice.below(2) as usize];
        let last = |first: u64| if range.is_empty() { first.to_string() } else { format!("{first}-{}", first + 2) };
        let goal = [port, port + 1000][dice.below(2) as usize];
        let protocol = ["tcp", "udp"][dice.below(2) as usize];
        let at = 11 + dice.below(3);
        let _ = write!(
            text,
            "[[forward]]\nuplink = \"{uplink}\"\nprotocol = \"{protocol}\"\nport = \"{}\"\nto = \"10.0.{number}.{at}:{}\"\n",
            last(port),
            last(goal)
        );
    }
    for to in hosts.iter().map(String::as_str).chain(["n1", "lte"]).filter(|_| dice.one_in(3)).collect::<Vec<_>>() {
        let service = ["", "protocol = \"udp\"\nports = [53]\n", "protocol = \"tcp\"\nports = [443]\n"][dice.below(3) as usize];
        let _ = write!(text, "[[allow]]\nfrom = \"wan\"\nto = \"{to}\"\n{service}");
    }
    text
}

/// Each network that has DHCP has a relay agent too.
fn relayed(text: &str, networks: u64) -> String {
    (1..=networks).fold(text.to_owned(), |text, number| {
        let range = format!("to = \"10.0.{number}.199\"");
        text.replace(&range, &format!("{range}, relays = [\"10.0.{number}.12\"]"))
    })
}

/// Services that listen in every network, to one relay of the first, and by an uplink.
pub fn facts(config: &Config) -> Facts {
    let port = |number| PortRange::new(number, number).unwrap();
    let dns = config.networks.iter().map(|network| Input::new(Zone::Network(network.name.clone()), Match::udp(port(53)), "DNS"));
    let first = Zone::Network(config.networks[0].name.clone());
    let one = Input { from: Some([10, 0, 1, 13].into()), ..Input::new(first, Match::tcp(port(443)), "a service for one") };
    let mesh = Input::new(Zone::Uplink(config.uplinks[0].name.clone()), Match::udp(port(51820)), "mesh");
    Facts { inputs: dns.chain([one, mesh]).collect(), ..Facts::default() }
}
