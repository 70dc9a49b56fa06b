//! What others have made on the machine is the same, bit for bit, whatever we do. On any kernel: VLANs are in vm_life.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::{same, wait_until};
use std::time::Duration;
use truck::Truck;

/// A bridge with a port, addresses and routes; a macvlan and an address on the card that is our uplink; rules, tables, settings and a
/// namespace. It forwards already, as a machine with containers does: the kernel carries that switch over to every link.
const THEIRS: &str = r"
    sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv4.ip_forward=1
    ip link add theirs type bridge
    ip link set theirs up
    ip address add 172.20.0.1/16 dev theirs
    ip -6 address add fd00:20::1/64 dev theirs nodad
    ip link add port type veth peer name far
    ip link set port master theirs up
    ip link set far up
    ip link add link wlp3s0f0 name leg type macvlan mode bridge
    ip link set leg address 02:00:00:00:77:77 up
    ip address add 192.168.50.77/24 dev leg noprefixroute
    ip address add 192.168.50.99/24 dev wlp3s0f0
    ip route add 10.200.0.0/16 via 172.20.0.5 dev theirs
    ip route add default via 172.20.0.6 dev theirs metric 5000
    ip route add 10.201.0.0/16 dev theirs table 200
    ip rule add from 172.20.0.0/16 lookup 200 priority 300
    ip neighbour add 172.20.0.9 lladdr 02:00:00:00:00:09 dev theirs nud permanent
    nft 'add table inet theirs; add chain inet theirs input { type filter hook input priority 10; policy accept; }'
    nft 'add rule inet theirs input tcp dport 22 accept; add set inet theirs names { type ifname; }'
    nft 'add element inet theirs names { \042br-cabin\042 }'
    nft 'add table ip nat-of-theirs; add chain ip nat-of-theirs post { type nat hook postrouting priority 90; }'
    sysctl -qw net.ipv4.conf.theirs.rp_filter=2 net.ipv4.conf.theirs.arp_ignore=2 net.ipv4.conf.default.arp_announce=1
    ip netns add theirs
    ip -n theirs link add inner type bridge
    ip -n theirs address add 10.0.1.1/24 dev inner
    ip netns exec theirs nft 'add table inet edge-router; add chain inet edge-router mine'
";

const VIEW: &str = r"
    for link in theirs port far leg; do ip -j -d link show dev $link; ip -j address show dev $link; done
    ip -j address show dev wlp3s0f0
    ip -j route show dev theirs table all
    ip -j -6 route show dev theirs table all
    ip -j rule
    ip -j neighbour show dev theirs nud permanent
    nft -j list table inet theirs
    nft -j list table ip nat-of-theirs
    sysctl net.ipv4.conf.theirs net.ipv4.conf.leg net.ipv4.conf.port net.ipv4.conf.default
    ip -n theirs -j -d link
    ip -n theirs -j address
    ip netns exec theirs nft -j list ruleset
";

fn config(namespace: &str, networks: &str) -> String {
    format!(
        "{namespace}\n[[uplink]]\nname = \"wan\"\ndevice = \"wlp3s0f0\"\nlink = \"macvlan\"\naddress = \"192.168.50.2/24\"\n\
         gateway = \"192.168.50.1\"\n{networks}\n[[allow]]\nfrom = \"cabin\"\nto = \"wan\"\n"
    )
}

const CABIN: &str = "[[network]]\nname = \"cabin\"\nports = [\"eth1\"]\naddress = \"10.0.1.1/24\"\n";
const HOLD: &str = "[[network]]\nname = \"hold\"\naddress = \"10.0.2.1/24\"\nattach = \"macvlan\"\n";

#[test]
fn what_others_made_survives_everything_we_do() {
    for namespace in ["[router]\nnamespace = \"router\"\n", ""] {
        survives(namespace).with_context(|| format!("with {namespace:?}")).unwrap();
    }
}

/// Without the timers of a bridge, which run by themselves.
fn view(truck: &Truck) -> Result<String> {
    let view = truck.edge.sh(VIEW)?;
    let is_timer = |field: &&str| !field.contains("_timer\":");
    Ok(view.lines().map(|line| line.split(',').filter(is_timer).collect::<Vec<_>>().join(",") + "\n").collect())
}

fn survives(namespace: &str) -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    let device = truck.lab.host("device")?;
    truck.lab.wire(&truck.edge, "eth1", &device, "eth0")?;
    truck.edge.sh(&THEIRS.replace("\\042", "\""))?;
    let settled = || Ok(!truck.edge.ip("-6 address show tentative")?.contains("tentative"));
    wait_until("the end of address detection", Duration::from_secs(10), settled)?;
    let before = view(&truck)?;
    let unharmed = |truck: &Truck, when: &str| {
        let now = view(truck)?;
        let changed = before.lines().zip(now.lines()).find(|(before, now)| before != now);
        ensure!(changed.is_none() && before == now, "not as before after {when}: {changed:#?}");
        Ok(())
    };

    truck.start(&config(namespace, CABIN))?;
    unharmed(&truck, "the first apply")?;
    truck.apply(&config(namespace, &format!("{CABIN}{HOLD}")))?;
    truck.apply(&config(namespace, &CABIN.replace("10.0.1.1", "10.0.9.1").replace("ports", "bridge = \"br9\"\nports")))?;
    unharmed(&truck, "a changing apply")?;

    // The kernel refuses to bridge a card that has a macvlan on it.
    let refused = truck.apply(&format!("{namespace}{}", CABIN.replace("eth1", "wlp3s0f0"))).unwrap_err();
    ensure!(format!("{refused:#}").contains("wlp3s0f0"), "{refused:#}");
    unharmed(&truck, "an apply that was refused")?;
    // Their bridge has the name we want.
    let taken = truck.apply(&config(namespace, &CABIN.replace("ports", "bridge = \"theirs\"\nports")))?;
    ensure!(taken["waiting"].to_string().contains("theirs"), "{taken}");
    unharmed(&truck, "an apply that wants their bridge")?;

    truck.apply_forced("[system]\n")?;
    unharmed(&truck, "the removal of everything")?;
    let left = truck.edge.sh("ip -o link show group 25956; ip -o link show group 25958; ip route show proto 237")?;
    same(left.as_str(), "")?;
    truck.apply(&config(namespace, CABIN))?;
    truck.stop()?;
    unharmed(&truck, "the end of the daemon")
}
