//! What looking costs where nothing is to be done, part by part in time of the processor, the kernel's work for us included, and how
//! much memory it takes. As root:
//!
//!     cargo run --release -p edge-kernel --example scale [NETWORKS [vlans]]
//!
//! A network is a bridge with an address, a DHCP pool and a line that allows it to the uplink. With `vlans` each is a VLAN of one trunk
//! as well, which takes a kernel with 8021q. Everything is in a namespace of its own that goes with the program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use edge_kernel::Kernel;
use edge_plan::{Facts, State, desired, diff};
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    time::{ClockId, clock_gettime},
};
use std::{
    fmt::Write,
    fs,
    process::Command,
    time::{Duration, Instant},
};

const ROUNDS: usize = 9;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let networks = arguments.next().map_or(1000, |count| count.parse().expect("a number of networks"));
    let vlans = arguments.next().is_some_and(|word| word == "vlans");
    into_a_box();
    let text = text(networks, vlans);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let kernel = Kernel::open().await.unwrap();
        println!("{networks} networks{}, median of {ROUNDS}", if vlans { " with VLANs" } else { "" });
        println!("{}", memory("before"));
        let start = Instant::now();
        let writes = look(&kernel, &text, &mut Times::default()).await;
        println!("made with {writes} requests in {:.0} ms", milliseconds(start.elapsed()));
        println!("{}", memory("made"));
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let mut times = Times::default();
            assert_eq!(look(&kernel, &text, &mut times).await, 0);
            rounds.push(times);
        }
        for (name, pick) in PARTS {
            println!("{name:10}{:8.1} ms", milliseconds(median(&rounds, pick)));
        }
        let start = processor();
        Kernel::open().await.unwrap().observe().await.unwrap();
        println!("first look{:8.1} ms", milliseconds(processor() - start));
        println!("{}", memory("after"));
        // Sooner than the kernel would one by one.
        run("ip", "link delete group 25956");
    });
}

#[derive(Default)]
struct Times {
    parse: Duration,
    desired: Duration,
    observe: Duration,
    diff: Duration,
}

type Part = (&'static str, fn(&Times) -> Duration);
const PARTS: [Part; 5] = [
    ("parse", |times| times.parse),
    ("desired", |times| times.desired),
    ("observe", |times| times.observe),
    ("diff", |times| times.diff),
    ("no-op", |times| times.parse + times.desired + times.observe + times.diff),
];

/// As the daemon does it: read, plan, execute. The requests it took.
async fn look(kernel: &Kernel, text: &str, times: &mut Times) -> u64 {
    let before = kernel.writes();
    let config =
        timed(&mut times.parse, || edge_config::parse("scale.toml", text)).unwrap_or_else(|e| panic!("{}", e.render(false)));
    let wanted: State = timed(&mut times.desired, || desired(&config, &Facts::default()));
    let start = processor();
    let observed = kernel.observe().await.unwrap();
    times.observe = processor() - start;
    let found = timed(&mut times.diff, || diff(&wanted, &observed));
    kernel.execute(&found.ops).await.unwrap();
    kernel.writes() - before
}

fn timed<T>(time: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = processor();
    let done = work();
    *time = processor() - start;
    done
}

/// What this process has had of it.
fn processor() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap().into()
}

fn median(rounds: &[Times], pick: fn(&Times) -> Duration) -> Duration {
    let mut times: Vec<_> = rounds.iter().map(pick).collect();
    times.sort();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Now, and the most there ever was.
fn memory(when: &str) -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let of = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).unwrap().trim().to_owned();
    format!("memory {when}: {}, at most {}", of("VmRSS:"), of("VmHWM:"))
}

fn text(networks: usize, vlans: bool) -> String {
    let mut text =
        "[[uplink]]\nname = \"wan\"\ndevice = \"u0\"\naddress = \"192.168.50.2/24\"\ngateway = \"192.168.50.1\"\n".to_owned();
    for n in 1..=networks {
        let (subnet, vlan) =
            (format!("10.{}.{}", n / 256, n % 256), if vlans { format!("vlan = {n}\ntrunk = \"t0\"\n") } else { String::new() });
        write!(
            text,
            "[[network]]\nname = \"n{n}\"\n{vlan}address = \"{subnet}.1/24\"\ndhcp = {{ from = \"{subnet}.100\", to = \"{subnet}.199\" }}\n\
             [[allow]]\nfrom = \"n{n}\"\nto = \"wan\"\n"
        )
        .unwrap();
    }
    text
}

/// Namespaces of our own, for the main thread before it has any other.
fn into_a_box() {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).expect("unshare; run as root");
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_PRIVATE | MsFlags::MS_REC, None::<&str>).unwrap();
    fs::create_dir_all("/run/netns").unwrap();
    mount(Some("tmpfs"), "/run/netns", Some("tmpfs"), MsFlags::empty(), None::<&str>).unwrap();
    for device in ["u", "t"] {
        run("ip", &format!("link add {device}0 type veth peer name {device}1"));
    }
}

fn run(program: &str, arguments: &str) {
    let status = Command::new(program).args(arguments.split(' ')).status();
    assert!(status.expect("ip (iproute2) is needed").success(), "{program} {arguments}");
}
