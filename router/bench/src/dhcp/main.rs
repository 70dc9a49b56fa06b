//! DHCP exchanges a second: ours against the servers people run, and against a program that only receives and sends. One run, one
//! machine, each server in namespaces of its own behind the same bridge, state on the same disk, one CPU for it and one for the
//! generator. Run by `scripts/bench dhcp`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark that cannot run ends")]

mod command;
mod contender;
mod echo;
mod frame;
mod load;
mod pace;
mod peers;
mod perfdhcp;
mod relay;
mod running;
mod search;
mod server;
mod table;
mod wire;

use anyhow::Result;
use contender::Contender;
use edge_bench::{settled, turns};
use load::{Exchange, Load, Outcome};
use nix::sched::{CloneFlags, setns};
use pace::Pace;
use peers::Peers;
use running::Running;
use search::search;
use server::Server;
use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    thread,
};

/// Servers below this rate are slow.
const FAST: f64 = 1000.0;
/// How long the way to the leases at which memory is looked at may take, seconds.
const PATIENCE: f64 = 30.0;

struct Bench {
    peers: Peers,
    work: PathBuf,
    pace: Pace,
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

/// DORA a second by perfdhcp and by our own generator, and whether that was the limit.
type Relayed = [(f64, bool); 2];

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
    let [peers, work, rest @ ..] = words.as_slice() else { anyhow::bail!("usage: bench_dhcp PEERS WORK [--quick] [SERVER]...") };
    let (pace, servers) = match rest {
        ["--quick", servers @ ..] => (Pace::QUICK, servers),
        servers => (Pace::WHOLE, servers),
    };
    let bench = Bench { peers: Peers::open(Path::new(peers))?, work: fs::canonicalize(work)?, pace };
    let chosen = Contender::chosen(&bench.peers, servers)?;
    bench.direct(&chosen);
    bench.relayed(&chosen);
    Ok(())
}

impl Bench {
    /// By our own generator: clients on the server's link.
    fn direct(&self, servers: &[Contender]) {
        let mut all = Vec::from_iter(servers.iter().map(|server| (server.clone(), Figures::default())));
        for round in 0..self.pace.rounds {
            all = turns(round, all);
            measured(&mut all, |server, figures| self.find(server, figures));
            // The table shows them as they were asked for.
            all = turns(round, all);
        }
        measured(&mut all, |server, figures| self.look(server, figures));
        table::direct(&all, self.pace);
    }

    /// Clients behind a relay agent: by perfdhcp, and by our own generator, as perfdhcp itself may be the limit.
    fn relayed(&self, servers: &[Contender]) {
        let servers = servers.iter().filter(|it| it.server.serves_relays());
        let mut all = Vec::from_iter(servers.map(|server| (server.clone(), Relayed::default())));
        measured(&mut all, |server, [perfdhcp, own]| {
            *perfdhcp = search(self.pace, None, |rate| perfdhcp::run(&self.start(server)?, &self.peers, rate, self.pace.span))?;
            *own = search(self.pace, None, |rate| {
                let running = self.start(server)?;
                running.load(true, |load| load.run(Exchange::Dora, rate, self.pace.count(rate)))
            })?;
            Ok(())
        });
        table::relayed(&all);
    }

    /// A round.
    fn find(&self, server: Server, figures: &mut Figures) -> Result<()> {
        let before = figures.dora.last().copied();
        if before.is_some_and(|before| before < FAST) {
            return Ok(());
        }
        let (dora, limited) = search(self.pace, before, |rate| {
            let running = self.start(server)?;
            running.load(false, |load| load.run(Exchange::Dora, rate, self.pace.count(rate)))
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
            figures.half = load.run(Exchange::Dora, dora / 2.0, self.pace.count(dora / 2.0))?;
            let done = figures.half.done.max(1) as f64;
            figures.cpu = (running.cpu()? - cpu).as_secs_f64() * 1e6 / done;
            figures.written = (running.written()? - written) as f64 / done;
            let missing = self.pace.leases.saturating_sub(load.leases() as u64);
            if server != Server::Echo && missing as f64 / (dora * 0.7) < PATIENCE {
                load.run(Exchange::Dora, dora * 0.7, missing)?;
                figures.memory = Some((running.memory()?, load.leases() as u64));
            }
            let clients = load.leases().min(20_000) as u32;
            figures.renewals =
                search(self.pace, None, |rate| load.run(Exchange::Renew { clients }, rate, self.pace.count(rate)))?.0;
            Ok(())
        })
    }

    fn start(&self, server: Server) -> Result<Running> {
        Running::start(server, &self.peers, &self.work)
    }
}

/// Each in turn, when the kernel is done with the one before. One that cannot be measured is said to be missing, and why.
fn measured<T>(all: &mut Vec<(Contender, T)>, mut measure: impl FnMut(Server, &mut T) -> Result<()>) {
    all.retain_mut(|(contender, figures)| {
        eprintln!("{}:", contender.name);
        let result = settled().map_err(Into::into).and_then(|()| measure(contender.server, figures));
        if let Err(error) = &result {
            println!("MISSING: {}: {error:#}", contender.name);
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
                    running::pin(0)?;
                    work(&mut if relayed { Load::relayed("cli0") } else { Load::open("cli0") }?)
                })
                .join()
                .expect("the generator does not panic")
        });
        let _ = holder.ended();
        result
    }
}
