//! DHCP exchanges a second: ours against the servers people run, and against a program that only receives and sends. One run, one
//! machine, each server in namespaces of its own behind the same bridge, state on the same disk, one CPU for it and one for the
//! generator. Run by `scripts/bench dhcp`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark that cannot run ends")]

mod echo;
mod frame;
mod load;
mod perfdhcp;
mod relay;
mod search;
mod server;
mod wire;

use anyhow::Result;
use edge_bench::{settled, turns};
use load::{Exchange, Load, Outcome};
use nix::sched::{CloneFlags, setns};
use search::search;
use server::{Running, Server};
use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    thread,
};

/// Rates are searched for so often, each server in its turn, as a shared machine is not equally fast for long; but of slow servers once.
const ROUNDS: usize = 3;
const FAST: f64 = 1000.0;
/// What one probe of a rate takes.
const SPAN: f64 = 2.0;
/// The pool has room for so many.
const MOST: u64 = 250_000;
/// Leases at which memory is looked at, and how long the way there may take, seconds.
const LEASES: u64 = 100_000;
const PATIENCE: f64 = 30.0;

struct Bench {
    peers: PathBuf,
    work: PathBuf,
}

#[derive(Default)]
struct Figures {
    /// DORA a second, in each round.
    dora: Vec<f64>,
    renewals: f64,
    half: Outcome,
    cpu: f64,
    written: f64,
    memory: Option<(u64, u64)>,
    limited: bool,
}

impl Figures {
    fn dora(&self) -> f64 {
        median(self.dora.clone())
    }

    /// Round by round, as parts of another's.
    fn of(&self, other: &Figures) -> Vec<f64> {
        self.dora.iter().zip(&other.dora).map(|(own, other)| own / other).collect()
    }
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["echo", interface] = words.as_slice() {
        return echo::serve(interface);
    }
    let [peers, work, only @ ..] = words.as_slice() else { anyhow::bail!("usage: bench_dhcp PEERS WORK [SERVER]...") };
    let bench = Bench { peers: fs::canonicalize(peers)?, work: Path::new(work).to_path_buf() };
    let chosen = |server: &Server| only.is_empty() || only.iter().any(|word| server.name().contains(word));
    bench.direct(&Vec::from_iter(Server::ALL.into_iter().filter(chosen)));
    bench.relayed(&Vec::from_iter(Server::ALL.into_iter().filter(chosen).filter(|server| server.serves_relays())));
    Ok(())
}

impl Bench {
    /// By our own generator: clients on the server's link.
    fn direct(&self, servers: &[Server]) {
        let mut all = Vec::from_iter(servers.iter().map(|server| (*server, Figures::default())));
        for round in 0..ROUNDS {
            all = turns(round, all);
            measured(&mut all, |server, figures| self.find(server, figures));
            // The table shows them as they were asked for.
            all = turns(round, all);
        }
        measured(&mut all, |server, figures| self.look(server, figures));
        let none = Figures::default();
        let of = |wanted: Server| all.iter().find(|(server, _)| *server == wanted).map_or(&none, |(_, figures)| figures);
        let (limit, kea) = (of(Server::Echo), of(Server::Kea { threads: 1 }));
        println!(
            "\nclients on the link    durable   DORA/s  of echo  of Kea  renew/s  p50 ms  p99 ms  CPU us  B/lease  kB at leases"
        );
        for (server, it) in &all {
            let memory = it.memory.map_or_else(|| "-".to_owned(), |(memory, leases)| format!("{memory} at {leases}"));
            println!(
                "{:22} {:7} {:>8.0}{} {:7.0}% {:7.2} {:>8.0} {:7.2} {:7.2} {:7.1} {:8.0}  {memory}",
                server.name(),
                server.durability(),
                it.dora(),
                if it.limited { "+" } else { " " },
                100.0 * median(it.of(limit)),
                median(it.of(kea)),
                it.renewals,
                it.half.p50.as_secs_f64() * 1e3,
                it.half.p99.as_secs_f64() * 1e3,
                it.cpu,
                it.written,
            );
        }
        println!(
            "DORA/s, and its parts of others: the median of {ROUNDS} rounds, for slow servers one; at most 1 % lost, and what waited in"
        );
        println!(
            "a queue counted when it was answered. + the generator could not send more. p50, p99, CPU and bytes at half of that; a"
        );
        println!(
            "lease is one DORA; the bytes are the whole disk's. echo answers and keeps nothing. ARP probe: 620 addresses a second"
        );
        println!("are asked for, the others offered unasked. -: too slow for so many leases. DORA/s of Kea, round by round:");
        for (server, it) in all.iter().filter(|(_, it)| it.dora.len() == ROUNDS) {
            let rounds = Vec::from_iter(it.of(kea).iter().map(|part| format!("{part:.2}")));
            println!("{:22} {}", server.name(), rounds.join("  "));
        }
    }

    /// Clients behind a relay agent: by perfdhcp, and by our own generator, as perfdhcp itself may be the limit.
    fn relayed(&self, servers: &[Server]) {
        let mut all = Vec::from_iter(servers.iter().map(|server| (*server, [(0.0, false); 2])));
        measured(&mut all, |server, [perfdhcp, own]| {
            *perfdhcp = search(None, |rate| perfdhcp::run(&self.start(server)?, &self.peers, rate))?;
            *own = search(None, |rate| {
                let running = self.start(server)?;
                running.load(true, |load| load.run(Exchange::Dora, rate, count(rate)))
            })?;
            Ok(())
        });
        let kea = all.iter().find(|(server, _)| *server == Server::Kea { threads: 1 }).map(|(_, found)| *found);
        let kea = kea.unwrap_or([(f64::NAN, false); 2]);
        println!(
            "\nbehind a relay agent            by perfdhcp   by our generator\nserver                 durable   DORA/s  of Kea    DORA/s  of Kea"
        );
        for (server, found) in &all {
            print!("{:22} {:7}", server.name(), server.durability());
            for ((dora, limited), (kea, _)) in found.iter().zip(&kea) {
                print!(" {dora:>8.0}{} {:7.2}", if *limited { "+" } else { " " }, dora / kea);
            }
            println!();
        }
        println!("+ the generator could not send more.");
    }

    /// A round.
    fn find(&self, server: Server, figures: &mut Figures) -> Result<()> {
        let before = figures.dora.last().copied();
        if before.is_some_and(|before| before < FAST) {
            return Ok(());
        }
        let (dora, limited) = search(before, |rate| {
            let running = self.start(server)?;
            running.load(false, |load| load.run(Exchange::Dora, rate, count(rate)))
        })?;
        figures.dora.push(dora);
        figures.limited |= limited;
        Ok(())
    }

    /// What else there is to see, once it is known how fast it is.
    fn look(&self, server: Server, figures: &mut Figures) -> Result<()> {
        let dora = figures.dora();
        if dora == 0.0 {
            return Ok(());
        }
        let running = self.start(server)?;
        running.load(false, |load| {
            let (cpu, written) = (running.cpu()?, running.written()?);
            figures.half = load.run(Exchange::Dora, dora / 2.0, count(dora / 2.0))?;
            let done = figures.half.done.max(1) as f64;
            figures.cpu = (running.cpu()? - cpu).as_secs_f64() * 1e6 / done;
            figures.written = (running.written()? - written) as f64 / done;
            let missing = LEASES.saturating_sub(load.leases() as u64);
            if server != Server::Echo && missing as f64 / (dora * 0.7) < PATIENCE {
                load.run(Exchange::Dora, dora * 0.7, missing)?;
                figures.memory = Some((running.memory()?, load.leases() as u64));
            }
            let clients = load.leases().min(20_000) as u32;
            figures.renewals = search(None, |rate| load.run(Exchange::Renew { clients }, rate, count(rate)))?.0;
            Ok(())
        })
    }

    fn start(&self, server: Server) -> Result<Running> {
        Running::start(server, &self.peers, &self.work)
    }
}

/// Each in turn, when the kernel is done with the one before. One that cannot be measured is said to be missing, and why.
fn measured<T>(all: &mut Vec<(Server, T)>, mut measure: impl FnMut(Server, &mut T) -> Result<()>) {
    all.retain_mut(|(server, figures)| {
        eprintln!("{}:", server.name());
        let result = settled().map_err(Into::into).and_then(|()| measure(*server, figures));
        if let Err(error) = &result {
            println!("MISSING: {}: {error:#}", server.name());
        }
        result.is_ok()
    });
}

impl Running {
    /// On the clients' end of the cable, on a CPU of its own.
    fn load<T: Send>(&self, relayed: bool, work: impl FnOnce(&mut Load) -> Result<T> + Send) -> Result<T> {
        let mut holder = self.clients.daemon(self.clients.command("sleep").arg("1000"))?;
        let namespace = File::open(format!("/proc/{}/ns/net", holder.pid()))?;
        let result = thread::scope(|scope| {
            scope
                .spawn(|| {
                    setns(&namespace, CloneFlags::CLONE_NEWNET)?;
                    server::pin(0)?;
                    work(&mut if relayed { Load::relayed("cli0") } else { Load::open("cli0") }?)
                })
                .join()
                .expect("the generator does not panic")
        });
        let _ = holder.ended();
        result
    }
}

fn count(rate: f64) -> u64 {
    ((rate * SPAN) as u64).clamp(20, MOST)
}
