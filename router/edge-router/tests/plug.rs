//! Network cards that are pulled and put back while the daemon runs. On any kernel: no VLANs here (vm_plug has those).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::{Client, Host, Stopwatch, same, wait_until};
use std::{
    env, fs, thread,
    time::{Duration, Instant},
};
use truck::Truck;

const SOON: Duration = Duration::from_secs(30);
const GATEWAY: [u8; 4] = [10, 0, 1, 1];
const INTERNET: [u8; 4] = [8, 8, 8, 8];

/// Two networks of one untagged port each, of which the first may use the uplink.
fn config(link: &str) -> String {
    format!(
        "[[uplink]]\nname = \"wan\"\ndevice = \"wlp3s0f0\"\nlink = \"{link}\"\naddress = \"192.168.50.2/24\"\n\
         gateway = \"192.168.50.1\"\n\
         [[network]]\nname = \"cabin\"\nports = [\"eth1\"]\naddress = \"10.0.1.1/24\"\n\
         dhcp = {{ from = \"10.0.1.100\", to = \"10.0.1.199\" }}\n\
         [[network]]\nname = \"hold\"\nports = [\"eth2\"]\naddress = \"10.0.2.1/24\"\nattach = \"macvlan\"\n\
         [[allow]]\nfrom = \"cabin\"\nto = \"wan\"\n"
    )
}

/// A running box with a device on `eth1` at 10.0.1.5, and on `eth2` at 10.0.2.5.
fn running(link: &str) -> Result<(Truck, Host, Host)> {
    let mut truck = Truck::without_trunk()?;
    let one = wired(&truck, "eth1", "one", 1)?;
    let two = wired(&truck, "eth2", "two", 2)?;
    truck.start(&config(link))?;
    answered(&one, INTERNET)?;
    answered(&two, [10, 0, 2, 1])?;
    Ok((truck, one, two))
}

fn answered(from: &Host, address: [u8; 4]) -> Result<()> {
    Stopwatch::open(from)?.until_answered(Instant::now(), address.into(), SOON).map(drop)
}

fn wired(truck: &Truck, port: &str, name: &str, network: u8) -> Result<Host> {
    let device = truck.lab.host(name)?;
    truck.lab.wire(&truck.edge, port, &device, "eth0")?;
    device.ip(&format!("address add 10.0.{network}.5/24 dev eth0"))?;
    device.ip(&format!("route add default via 10.0.{network}.1"))?;
    Ok(device)
}

/// From the command that puts a card back, itself included, to the first answer through it. `EDGE_PLUG_TIMES` says how often.
#[test]
fn a_card_that_is_put_back_is_answered_soon() {
    let times = env::var("EDGE_PLUG_TIMES").map_or(20, |times| times.parse().unwrap());
    println!("put back: ms until the first answer, of {times}");
    for (role, link, card, target) in [
        ("untagged port", "macvlan", "eth1", GATEWAY),
        ("uplink, macvlan", "macvlan", "wlp3s0f0", INTERNET),
        ("uplink, direct", "direct", "wlp3s0f0", INTERNET),
    ] {
        let mut took = put_back(link, card, target, times).unwrap();
        took.sort();
        let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)].as_secs_f64() * 1000.0;
        println!("  {role:16} p50 {:6.1}   p99 {:6.1}", at(50), at(99));
    }
}

fn put_back(link: &str, card: &str, target: [u8; 4], times: usize) -> Result<Vec<Duration>> {
    let (truck, one, _two) = running(link)?;
    keep_gateway(&one)?;
    let drawer = truck.lab.host("drawer")?;
    let watch = Stopwatch::open(&one)?;
    let mut took = Vec::new();
    for _ in 0..times {
        truck.edge.move_device(card, &drawer)?;
        // As new: the mark is the kernel's own business, but a card that comes has none.
        drawer.ip(&format!("link set {card} group default"))?;
        truck.waits_for(&[card])?;
        let start = Instant::now();
        drawer.move_device(card, &truck.edge)?;
        took.push(watch.until_answered(start, target.into(), SOON).with_context(|| truck.log())?);
    }
    Ok(took)
}

/// The device need not ask for the gateway's hardware address: it would ask once a second, which is not ours to make faster.
fn keep_gateway(device: &Host) -> Result<()> {
    let neighbour = device.ip("neigh show 10.0.1.1 dev eth0")?;
    let mac = neighbour.split_whitespace().nth(2).context("the gateway is no neighbour yet")?.to_owned();
    device.ip(&format!("neigh replace 10.0.1.1 lladdr {mac} dev eth0 nud permanent")).map(drop)
}

/// `link show` in one line.
fn shown(host: &Host, link: &str) -> Result<String> {
    host.ip(&format!("-o -d link show dev {link}"))
}

/// Made anew it has another number, and the device another card.
fn renewed(truck: &Truck, device: &Host, card: &str, network: u8) -> Result<()> {
    truck.edge.ip(&format!("link delete {card}"))?;
    truck.lab.wire(&truck.edge, card, device, "eth0")?;
    device.ip(&format!("address add 10.0.{network}.5/24 dev eth0"))?;
    device.ip(&format!("route add default via 10.0.{network}.1")).map(drop)
}

#[test]
fn fifty_new_cards_in_a_row_end_as_the_first_began() -> Result<()> {
    let (truck, one, _two) = running("direct")?;
    for _ in 0..50 {
        renewed(&truck, &one, "eth1", 1)?;
    }
    answered(&one, INTERNET)?;
    // With the uplink's card its address and route went too.
    let isp = truck.lab.host("isp2")?;
    truck.edge.ip("link delete wlp3s0f0")?;
    truck.waits_for(&["wlp3s0f0"])?;
    truck.lab.wire(&truck.edge, "wlp3s0f0", &isp, "eth0")?;
    isp.ip("address add 192.168.50.1/24 dev eth0")?;
    answered(&one, [192, 168, 50, 1])?;
    wait_until("peace", SOON, || Ok(truck.ctl_json(&["plan"])?["nothing_to_change"] == true))
}

#[test]
fn a_name_brings_its_role_to_its_new_bearer_and_the_old_one_is_let_go() -> Result<()> {
    let (truck, one, two) = running("direct")?;
    let before = shown(&truck.edge, "eth1")?;
    ensure!(before.contains(" group 25958 "), "{before}");
    truck.edge.sh("ip link set eth1 down; ip link set eth1 name spare")?;
    truck.waits_for(&["eth1"])?;
    wait_until("the old bearer to be let go", SOON, || {
        let spare = shown(&truck.edge, "spare")?;
        Ok(!spare.contains(" master ") && spare.contains(" group default "))
    })?;
    let spare = shown(&truck.edge, "spare")?;
    ensure!(before.contains("addrgenmode none") && spare.contains("addrgenmode eui64"), "{before}{spare}");

    truck.edge.sh("ip link set eth2 down; ip link set eth2 name eth1; ip link set spare name eth2")?;
    wait_until("each name in its bridge", SOON, || {
        let (first, second) = (shown(&truck.edge, "eth1")?, shown(&truck.edge, "eth2")?);
        Ok(first.contains(" master br-cabin ") && second.contains(" master br-hold "))
    })?;
    for (device, mine, gateway) in [(&one, "10.0.2.6/24", [10, 0, 2, 1]), (&two, "10.0.1.6/24", [10, 0, 1, 1])] {
        device.ip("address flush dev eth0")?;
        device.ip(&format!("address add {mine} dev eth0"))?;
        answered(device, gateway)?;
    }

    truck.edge.sh("ip link set wlp3s0f0 down; ip link set wlp3s0f0 name other")?;
    wait_until("the old uplink to have nothing of ours", SOON, || {
        let addresses = truck.edge.ip("-4 -o address show dev other")?;
        let routes = truck.edge.ip("-4 route show dev other")?;
        Ok(addresses.is_empty() && routes.is_empty() && shown(&truck.edge, "other")?.contains(" group default "))
    })?;
    truck.waits_for(&["wlp3s0f0"])
}

#[test]
fn an_apply_goes_on_while_cards_come_and_go() -> Result<()> {
    let (truck, one, _two) = running("macvlan")?;
    let drawer = truck.lab.host("drawer")?;
    thread::scope(|scope| {
        let flapping = scope.spawn(|| -> Result<()> {
            for _ in 0..100 {
                for card in ["eth1", "wlp3s0f0"] {
                    truck.edge.move_device(card, &drawer)?;
                    drawer.move_device(card, &truck.edge)?;
                }
            }
            Ok(())
        });
        let mut applied = 0;
        while !flapping.is_finished() {
            let more = format!("[[network]]\nname = \"n{applied}\"\naddress = \"10.9.{}.1/24\"\n", applied % 250);
            truck.apply(&format!("{}{more}", config("macvlan"))).with_context(|| truck.log())?;
            applied += 1;
        }
        ensure!(applied > 2, "only {applied} meanwhile");
        flapping.join().unwrap()
    })?;
    truck.edge.move_device("eth1", &drawer)?;
    truck.waits_for(&["eth1"])?;
    let report = truck.apply(&config("macvlan"))?;
    same(report["waiting"][0]["device"].as_str(), Some("eth1"))?;
    drawer.move_device("eth1", &truck.edge)?;
    answered(&one, INTERNET)?;
    truck.waits_for(&[])
}

/// Its bridge is what a container is plugged into, and what DHCP is served on.
#[test]
fn bridges_made_anew_have_their_containers_and_leases_again() -> Result<()> {
    let (truck, one, _two) = running("macvlan")?;
    let port = truck.attached("tank", "cabin")?;
    let child = truck.attached("pump", "hold")?;
    // With their hardware addresses, but not the numbers of links.
    let addresses = || -> Result<Vec<String>> {
        let shown = [&port, &child].map(|host| Ok(host.ip("-4 -o address show dev eth0")? + &host.ip("-o link show dev eth0")?));
        let words = |shown: Result<String>| -> Result<Vec<String>> {
            Ok(shown?
                .split_whitespace()
                .filter(|word| word.contains('/') || word.contains(':') && !word.ends_with(':'))
                .map(str::to_owned)
                .collect())
        };
        Ok(shown.into_iter().map(words).collect::<Result<Vec<_>>>()?.concat())
    };
    let before = addresses()?;
    same(before.iter().filter(|word| word.starts_with("10.0.")).count(), 2)?;
    one.ip("address flush dev eth0")?;
    let lease = one.dhcp(Client::Udhcpc, "eth0")?;
    truck.edge.sh("ip link delete br-cabin; ip link delete br-hold")?;
    answered(&port, GATEWAY)?;
    answered(&child, [10, 0, 2, 1])?;
    same(addresses()?, before)?;
    one.ip("address flush dev eth0")?;
    same(one.dhcp(Client::Udhcpc, "eth0")?.address, lease.address)?;
    answered(&one, INTERNET)
}

/// Stopped meanwhile, it finds its socket full: what was lost is found by looking anew.
#[test]
fn more_events_than_there_is_room_for_lose_no_card() -> Result<()> {
    let (truck, one, _two) = running("macvlan")?;
    let pid = truck.pid().to_string();
    truck.edge.run("kill", ["-STOP", &pid])?;
    truck.edge.run("ip", ["-batch", endless(&truck)?.as_str()])?;
    renewed(&truck, &one, "eth1", 1)?;
    truck.edge.run("kill", ["-CONT", &pid])?;
    answered(&one, INTERNET)?;
    ensure!(truck.log().contains("more to tell than there was room for"), "nothing was lost:\n{}", truck.log());
    Ok(())
}

/// A file of changes for `ip -batch`: one address comes and goes.
fn endless(truck: &Truck) -> Result<String> {
    let path = truck.config().with_file_name("endless");
    fs::write(&path, "address add 10.99.99.99/32 dev lo\naddress delete 10.99.99.99/32 dev lo\n".repeat(2000))?;
    Ok(path.to_str().unwrap_or_default().to_owned())
}

#[test]
fn a_program_that_changes_things_without_end_does_not_keep_it_busy() -> Result<()> {
    let (truck, one, _two) = running("macvlan")?;
    let script = format!("while :; do ip -batch {}; done", endless(&truck)?);
    let _storm = truck.edge.daemon(truck.edge.command("sh").args(["-c", &script]))?;
    thread::sleep(Duration::from_secs(2));
    let (start, before) = (Instant::now(), processor_time(truck.pid())?);
    thread::sleep(Duration::from_secs(5));
    let share = (processor_time(truck.pid())? - before).as_secs_f64() / start.elapsed().as_secs_f64();
    println!("under endless changes: {:.0} % of a processor", share * 100.0);
    ensure!(share < 0.5, "{share}");
    renewed(&truck, &one, "eth1", 1)?;
    answered(&one, INTERNET)
}

/// User and system time of a process (proc_pid_stat(5): fields 14 and 15, in hundredths of a second).
fn processor_time(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let behind_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = behind_name.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap_or(0)).sum::<u64>();
    Ok(Duration::from_millis(ticks * 10))
}
