//! What is read after events is what a look at everything finds: whoever changed the kernel, and however.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::named;
use edge_kernel::Kernel;
use edge_lab::{in_a_box, ip};
use edge_net::Interface;
use edge_plan::{Address, Op, Route, Space};
use nix::unistd::gettid;
use std::{fmt::Write, process::Command};

const STEPS: usize = 40;
const WALKS: u64 = 5;

/// Numbers that look like chance, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const SPACES: [&str; 3] = ["home", "router", "other"];
const LINKS: [&str; 7] = ["a0", "a1", "v0", "v1", "w0", "w1", "m0"];

/// A command of somebody else; many have nothing to work on.
fn command(dice: &mut Dice) -> String {
    let (link, other, number) = (dice.one(&LINKS), dice.one(&LINKS), dice.below(4));
    let (space, target) = (dice.one(&SPACES), dice.one(&SPACES));
    let ip = format!("ip -n {space}");
    let toggle = dice.below(2);
    match dice.below(14) {
        0 | 1 => format!("{ip} link add a{toggle} type bridge"),
        2 | 3 => format!("{ip} link add v{toggle} type veth peer name w{toggle} netns {target}"),
        4 => format!("{ip} link add m0 link {link} type macvlan mode bridge"),
        5 => format!("{ip} link delete {link}"),
        6 => format!("{ip} link set {link} {}", ["up", "down"][toggle]),
        7 => format!("{ip} link set {link} master {other}"),
        8 => format!("{ip} link set {link} {}", ["nomaster", "name a1", "name w1", "name m0"][number]),
        9 => format!("{ip} link set {link} address 02:00:00:00:00:0{number}"),
        // A link that is down is given another group without an event.
        10 => format!("{ip} link set {link} up && {ip} link set {link} group {}", [0, 25956, 25957, 1][number]),
        11 | 12 => format!("{ip} link set {link} netns {target}"),
        _ => {
            let key = ["rp_filter", "forwarding", "rp_filter", "rp_filter"][number];
            format!("ip netns exec {space} sh -c 'echo {toggle} >/proc/sys/net/ipv4/conf/{link}/{key}'")
        }
    }
}

/// A change of ours, through another handle than the one that looks; it may be refused.
fn change(dice: &mut Dice) -> Op {
    let space = if dice.below(2) == 0 { Space::Host } else { named("router") };
    let link = dice.one(&LINKS).parse().unwrap();
    let number = dice.below(3);
    let interface = Interface::new(format!("10.0.{number}.1/24").parse().unwrap()).unwrap();
    let route = Route { destination: format!("10.9.{number}.0/24").parse().unwrap(), via: None, link, metric: 7 };
    let address = Address { link: route.link, interface };
    match dice.below(5) {
        0 | 1 => Op::AddAddress { space, address },
        2 => Op::DeleteAddress { space, address },
        3 => Op::AddRoute { space, route },
        _ => Op::DeleteRoute { space, route },
    }
}

async fn both() -> [Kernel; 2] {
    let [follower, reader] = [Kernel::open().await.unwrap(), Kernel::open().await.unwrap()];
    reader.execute(&[Op::CreateNamespace("router".parse().unwrap())]).await.unwrap();
    follower.trust(vec!["router".parse().unwrap()]).await;
    [follower, reader]
}

fn surroundings() {
    ip("netns add other");
    ip(&format!("netns attach home {}", gettid()));
}

#[test]
fn after_any_change_the_events_lead_to_all_of_it() {
    for walk in 1..=WALKS {
        in_a_box(async move || {
            surroundings();
            let [follower, reader] = both().await;
            follower.observe_changes().await.unwrap();
            let mut dice = Dice(walk.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let mut done = Vec::new();
            for _ in 0..STEPS {
                let commands: Vec<String> = (0..=dice.below(6)).map(|_| command(&mut dice)).collect();
                // Each by itself: what has nothing to work on fails.
                Command::new("sh").args(["-c", &commands.join("\n")]).output().unwrap();
                done.extend(commands);
                let op = change(&mut dice);
                if reader.execute(std::slice::from_ref(&op)).await.is_ok() {
                    done.push(format!("{op:?}"));
                }
                let [seen, whole] = [follower.observe_changes().await.unwrap(), reader.observe().await.unwrap()];
                assert_eq!(seen, whole, "walk {walk}, after:\n{}", done.join("\n"));
            }
        });
    }
}

#[test]
fn more_events_than_there_is_room_for_are_not_missed() {
    in_a_box(async || {
        surroundings();
        let [follower, reader] = both().await;
        ip("link add a0 type bridge");
        follower.observe_changes().await.unwrap();
        let mut flood = String::new();
        for number in 0..3000 {
            writeln!(flood, "link set a0 address 02:00:00:00:{:02x}:{:02x}", number / 256, number % 256).unwrap();
        }
        writeln!(flood, "link add a1 type bridge\nlink delete a0").unwrap();
        // A file system of the box's own.
        let file = "/run/netns/.flood";
        std::fs::write(file, flood).unwrap();
        ip(&format!("-batch {file}"));
        assert_eq!(follower.observe_changes().await.unwrap(), reader.observe().await.unwrap());
        // And there is room again.
        ip("link set a1 up");
        assert_eq!(follower.observe_changes().await.unwrap(), reader.observe().await.unwrap());
    });
}

#[test]
fn what_changes_without_an_event_is_seen_by_a_look_at_everything() {
    in_a_box(async || {
        surroundings();
        let [follower, reader] = both().await;
        reader.execute(&[common::create(&Space::Host, "a0", &common::link(edge_plan::LinkKind::Bridge))]).await.unwrap();
        let before = follower.observe_changes().await.unwrap();
        for (key, ours, other) in [("arp_ignore", "1", "0"), ("send_redirects", "0", "1")] {
            let file = format!("/proc/sys/net/ipv4/conf/a0/{key}");
            assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), ours);
            std::fs::write(&file, other).unwrap();
            assert_eq!(follower.observe_changes().await.unwrap(), before);
            let after = follower.observe().await.unwrap();
            assert_eq!(after.spaces[&Space::Host].links["a0"].conf, None, "{key}");
            assert_eq!(follower.observe_changes().await.unwrap(), after, "what was read whole is what is gone on from");
            std::fs::write(&file, ours).unwrap();
            assert_eq!(follower.observe().await.unwrap(), before);
        }
    });
}
