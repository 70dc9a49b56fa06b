//! What many leases cost: memory, recovery, and the pause when a log is full.
//!
//! `bench_leases DIRECTORY [LEASES]`, as root; the directory's disk is what is measured. scripts/bench leases runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench fails by panicking")]

use edge_config::{Dhcp, DhcpServer};
use edge_dhcp::{Claim, Import, NetworkService, Server};
use edge_net::{Interface, Name};
use nix::{
    sched::{CloneFlags, unshare},
    time::{ClockId, clock_gettime},
};
use std::{
    env, fs,
    net::Ipv4Addr,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

const COMMITS: u32 = 5000;
const FIRST: u32 = u32::from_be_bytes([10, 80, 1, 0]);

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let directory = Path::new(arguments.get(1).expect("a directory"));
    let leases: u32 = arguments.get(2).map_or(100_000, |number| number.parse().expect("a number of leases"));
    // No socket of it is on this machine's network.
    unshare(CloneFlags::CLONE_NEWNET).expect("run as root");
    match arguments.get(3).map(String::as_str) {
        None => {
            for part in ["fill", "open"] {
                let arguments = [arguments[1].clone(), leases.to_string(), part.to_owned()];
                assert!(Command::new(env::current_exe().unwrap()).args(arguments).status().unwrap().success());
            }
        }
        Some("fill") => block_on(fill(directory, leases)),
        Some(_) => block_on(open(directory, leases)),
    }
}

fn block_on(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(work);
}

fn network() -> Name {
    "vehicle".parse().unwrap()
}

fn service() -> NetworkService {
    let net = "10.80.0.1/12".parse().unwrap();
    NetworkService {
        network: network(),
        link: "lan0".parse().unwrap(),
        netns: None,
        address: Interface::new(net).unwrap(),
        dhcp: Some(Dhcp::Server(DhcpServer::new(FIRST.into(), Ipv4Addr::new(10, 90, 0, 0)))),
        dns: Vec::new(),
        own_name: None,
        reservations: Vec::new(),
    }
}

/// Each with a host name, every third with a client identifier of 19 bytes as systemd-networkd sends it.
async fn fill(directory: &Path, leases: u32) {
    let server = Server::open(directory).unwrap();
    server.configure(vec![service()]).await;
    let lease = |number: u32| {
        let [_, a, b, c] = number.to_be_bytes();
        let mac = [2, 0, 0, a, b, c];
        let duid = || [&[255, 1, 2, 3, 4, 0, 2, 0, 0, 0xab, 0x11, 1, 2, 3, 4][..], &number.to_be_bytes()].concat();
        Import {
            network: network(),
            address: (FIRST + number).into(),
            mac: Some(
                format!("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5])
                    .parse()
                    .unwrap(),
            ),
            client_id: number.is_multiple_of(3).then(duid),
            container: None,
            hostname: Some(format!("device-{number:06}")),
            expires: Some(SystemTime::now() + Duration::from_secs(86_400)),
        }
    };
    for start in (0..leases).step_by(500) {
        let some = (start..leases.min(start + 500)).map(lease).collect();
        assert_eq!(server.import(some).await.unwrap(), []);
    }
}

async fn open(directory: &Path, leases: u32) {
    let bytes: u64 = fs::read_dir(directory.join("dhcp")).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    let before = status("VmRSS");
    let start = Instant::now();
    let server = Server::open(directory).unwrap();
    let (opened, busy) = (start.elapsed(), processor());
    server.configure(vec![service()]).await;
    println!("{leases} leases, {:.1} MB on disk", bytes as f64 / 1e6);
    println!(
        "recovery         {:7.1} ms ({:.1} ms of processor), {:.1} ms with its network configured ({:.1} ms)",
        ms(opened),
        ms(busy),
        ms(start.elapsed()),
        ms(processor())
    );
    println!("memory           {:7.1} MB, {:.1} MB at most; {:.1} MB before", status("VmRSS"), status("VmHWM"), before);
    assert_eq!(server.leases().len(), leases as usize);

    // Somebody else who wants the tables all the time, as the packet path does.
    let done = Arc::new(AtomicBool::new(false));
    let (other, seen) = (server.clone(), done.clone());
    let waits = thread::spawn(move || {
        let mut longest = Duration::ZERO;
        while !seen.load(Ordering::Relaxed) {
            let start = Instant::now();
            other.resting();
            longest = longest.max(start.elapsed());
            thread::sleep(Duration::from_micros(200));
        }
        longest
    });
    let written = io("wchar");
    let mut times = Vec::new();
    for number in 0..COMMITS / 2 {
        let name = format!("container-{}", number % 10);
        let start = Instant::now();
        server.claim(&network(), Claim { name: name.clone(), address: None }).await.unwrap();
        times.push(start.elapsed());
        let start = Instant::now();
        server.release(&network(), &name).await.unwrap();
        times.push(start.elapsed());
    }
    done.store(true, Ordering::Relaxed);
    times.sort_unstable();
    println!(
        "{COMMITS} commits     p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms; the tables were locked for {:.1} ms at most",
        ms(times[times.len() / 2]),
        ms(times[times.len() * 99 / 100]),
        ms(times[times.len() - 1]),
        ms(waits.join().unwrap())
    );
    println!("written          {:7.1} KiB a commit", (io("wchar") - written) as f64 / 1024.0 / f64::from(COMMITS));
    println!("memory           {:7.1} MB, {:.1} MB at most", status("VmRSS"), status("VmHWM"));
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Used by this process.
fn processor() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap().into()
}

fn number(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// MB.
fn status(name: &str) -> f64 {
    number("/proc/self/status", name) as f64 * 1024.0 / 1e6
}

fn io(name: &str) -> u64 {
    number("/proc/self/io", name)
}
