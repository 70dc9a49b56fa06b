//! `ip -batch` and `nft -f` with files that say the same.

use crate::{
    milliseconds, run as command,
    text::{NetworkKind, address, subnet},
};
use std::{fs, path::Path, process::Command, time::Instant};

/// The same links and addresses as `ip` commands, and the same table as `nft` lists it.
pub fn write(kind: NetworkKind, networks: usize, directory: &Path) {
    let listing = Command::new("nft").args(["list", "table", "inet", edge_plan::TABLE]).output().unwrap();
    fs::write(directory.join("table.nft"), listing.stdout).unwrap();
    let mut links = String::from(
        "link set t0 up\nlink set u0 up\nlink add link u0 name up-wan group 25956 type macvlan mode bridge\n\
         link set up-wan addrgenmode none\nlink set up-wan up\naddr add 192.168.50.2/24 brd + dev up-wan\n\
         route add default via 192.168.50.1 dev up-wan metric 100\n",
    );
    links.extend((1..=networks).map(|number| network(kind, number)));
    fs::write(directory.join("links.ip"), links).unwrap();
    fs::write(directory.join("one.ip"), network(kind, networks + 1)).unwrap();
    let allow = "add chain inet edge-router from-wan-to-n1\n\
                 add rule inet edge-router from-wan-to-n1 meta nfproto ipv4 meta l4proto icmp accept\n\
                 add element inet edge-router crossings { \"up-wan\" . \"br-n1\" : goto from-wan-to-n1 }\n";
    fs::write(directory.join("allow.nft"), allow).unwrap();
    let number = networks + 1;
    let (link, subnet) = (format!("br-n{number}"), subnet(number));
    let one = format!(
        "add chain inet edge-router source-n{number}\nadd chain inet edge-router input-n{number}\n\
         add rule inet edge-router source-n{number} ip saddr {subnet}.0/24 return\n\
         add rule inet edge-router source-n{number} ip saddr 0.0.0.0 udp sport 68 udp dport 67 return\n\
         add rule inet edge-router source-n{number} counter drop\n\
         add rule inet edge-router input-n{number} ip daddr {subnet}.1 icmp type echo-request accept\n\
         add element inet edge-router sources {{ \"{link}\" : jump source-n{number} }}\n\
         add element inet edge-router inputs {{ \"{link}\" : jump input-n{number} }}\n\
         add element inet edge-router crossings {{ \"{link}\" . \"{link}\" : accept, \"{link}\" . \"up-wan\" : accept }}\n"
    );
    fs::write(directory.join("one.nft"), one).unwrap();
}

fn network(kind: NetworkKind, number: usize) -> String {
    let address = address(number);
    let vlan = format!(
        "link add link t0 name t0.{number} group 25956 type vlan id {number}\nlink set t0.{number} addrgenmode none\n\
         link set t0.{number} master br-n{number} up\n"
    );
    format!(
        "link add br-n{number} group 25956 type bridge\nlink set br-n{number} addrgenmode none\nlink set br-n{number} up\n\
         {}addr add {address} brd + dev br-n{number}\n",
        if kind == NetworkKind::Vlan { vlan } else { String::new() }
    )
}

/// Milliseconds and lines (about one message each) of everything, nothing (they have no such thing), one allow, one
/// network.
pub fn run(_: NetworkKind, _: usize, directory: &Path) -> Vec<f64> {
    let file = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let time = |nft: &str, ip: Option<&str>| {
        let files = [Some(nft), ip].into_iter().flatten().map(|name| fs::read_to_string(file(name)).unwrap());
        let lines: usize = files.map(|text| text.lines().filter(|line| !matches!(line.trim(), "" | "}")).count()).sum();
        let started = Instant::now();
        command("nft", &["-f", &file(nft)]);
        if let Some(ip) = ip {
            command("ip", &["-batch", &file(ip)]);
        }
        [milliseconds(started.elapsed()), lines as f64]
    };
    let cold = time("table.nft", Some("links.ip"));
    [cold, [0.0, 0.0], time("allow.nft", None), time("one.nft", Some("one.ip"))].concat()
}
