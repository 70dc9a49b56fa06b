//! What forwarding a packet costs: through our policy, and through others that do the same, at a growing number of networks. Run by
//! `scripts/bench forward`.
//!
//! The sender's own system call does all the work of its packet, up to where the receiver drops it: over veth pairs, one processor
//! takes a frame from one end to the other. So the time a call takes is the CPU time of the packets in it, less what the sender alone
//! needs, which is measured too. Every case has a box of its own with the same links, made by our plan; short rounds go through all
//! the boxes in turn, in both orders, and the median counts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark that cannot run ends")]

mod bench;
mod frame;
mod rules;
mod sender;

use anyhow::{Context, Result, ensure};
use bench::{Bench, Traffic};
use edge_bench::{settled, turns};
use edge_kernel::Kernel;
use edge_plan::{Facts, FlowTable, Space, desired, diff};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use rules::Rules;
use std::{env, sync::Arc, time::Duration};

const NO_FLOWTABLES: &str = "this kernel has no flowtables";
/// Packets of one timed round: about a millisecond.
const PACKETS: usize = 512;
/// The memory by which flows are limited: a small board's.
const BOARD: u64 = 512 << 20;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["make", rules, networks] => make(Rules::named(rules).context("no such rules")?, networks.parse()?),
        [] => compare(&[2, 100, 1000], 300, &Rules::ALL),
        ["--quick"] => compare(&[2, 100], 60, &Rules::ALL),
        ["--ours"] => compare(&[2, 100, 1000], 60, &Rules::OURS),
        ["--ours", "--quick"] => compare(&[2, 100], 30, &Rules::OURS),
        _ => anyhow::bail!("usage: bench_forward [--ours] [--quick]"),
    }
}

fn compare(sizes: &[usize], rounds: usize, through: &[Rules]) -> Result<()> {
    alone_on_one_processor();
    println!("networks  packets of               through                          ns/packet   spread  kpps/core  of the limit");
    for networks in sizes {
        settled()?;
        let mut benches = Vec::new();
        for rules in through {
            match Bench::new(*rules, *networks) {
                Ok(bench) => benches.push(bench),
                Err(error) if format!("{error:#}").contains(NO_FLOWTABLES) => {}
                Err(error) => println!("{networks:8}  {rules}: cannot be made here: {error:#}"),
            }
        }
        for traffic in Traffic::ALL {
            report(*networks, traffic, &mut benches, rounds)?;
        }
    }
    Ok(())
}

/// One traffic through every box in turn, `rounds` times.
fn report(networks: usize, traffic: Traffic, benches: &mut [Bench], rounds: usize) -> Result<()> {
    let mut times = vec![Vec::new(); benches.len()];
    for bench in &mut *benches {
        bench.prepare(traffic)?;
    }
    for round in 0..rounds {
        for (bench, times) in turns(round, benches.iter_mut().zip(&mut times).collect()) {
            times.push(per_packet(bench.round(PACKETS)?));
        }
    }
    for bench in &mut *benches {
        bench.all_arrived().with_context(|| format!("{} at {networks} networks, {traffic}", bench.rules))?;
    }
    for times in &mut times {
        times.sort_by(f64::total_cmp);
    }
    let of = |rules: Rules| benches.iter().position(|bench| bench.rules == rules).map(|index| median(&times[index]));
    let sender = of(Rules::Sender).context("the sender alone was not measured")?;
    let limit = of(Rules::Bare).context("the bare kernel was not measured")? - sender;
    for (bench, times) in benches.iter().zip(&times).filter(|(bench, _)| bench.rules != Rules::Sender) {
        let own = median(times) - sender;
        let spread = (times[times.len() * 3 / 4] - times[times.len() / 4]) / own * 100.0;
        println!(
            "{networks:8}  {traffic:24} {:32} {own:9.0}  {spread:5.0} %  {:9.0}  {:10.1} %",
            bench.rules.to_string(),
            1e6 / own,
            limit / own * 100.0
        );
    }
    Ok(())
}

fn per_packet(took: Duration) -> f64 {
    took.as_nanos() as f64 / PACKETS as f64
}

fn median(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}

/// The last processor, before all other programs there: what they do in the middle of a round would be counted as forwarding.
fn alone_on_one_processor() {
    let last = std::thread::available_parallelism().map_or(0, |count| count.get() - 1);
    let mut cpus = CpuSet::new();
    cpus.set(last).unwrap();
    sched_setaffinity(Pid::from_raw(0), &cpus).unwrap();
    let priority = nix::libc::sched_param { sched_priority: 1 };
    // SAFETY: the pointer is good for the call.
    let set =
        unsafe { nix::libc::sched_setscheduler(0, nix::libc::SCHED_FIFO | nix::libc::SCHED_RESET_ON_FORK, &raw const priority) };
    if set != 0 {
        eprintln!("no real-time priority here: expect a wider spread");
    }
}

/// Inside a box: makes its links, and with our rules or somebody else's.
fn make(rules: Rules, networks: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let kernel = Kernel::open().await?;
        let config = edge_config::parse("bench.toml", &rules::config(networks))
            .map_err(|errors| anyhow::anyhow!("{}", errors.render(false)))?;
        let flows = FlowTable::of_memory(BOARD);
        let mut wanted = desired(&config, &Facts { flows, ..Facts::default() });
        let observed = kernel.observe().await?;
        let has_flowtables = observed.spaces.values().any(|space| space.fast_path.is_some());
        ensure!(has_flowtables || rules != Rules::OursSlow, "{NO_FLOWTABLES}");
        let host = wanted.spaces.get_mut(&Space::Host).context("no host space")?;
        host.table = host.table.take().filter(|_| rules.is_ours());
        if let Some(table) = host.table.as_mut().filter(|_| rules == Rules::OursUnlimited) {
            Arc::make_mut(table).chains.retain(|chain| !chain.name.starts_with("flows-"));
        }
        host.fast_path = host.fast_path.take().filter(|_| matches!(rules, Rules::Ours | Rules::OursUnlimited));
        let diff = diff(&wanted, &observed);
        ensure!(diff.waiting.is_empty() && diff.conflicts.is_empty(), "{:?} {:?}", diff.waiting, diff.conflicts);
        kernel.execute(&diff.ops).await?;
        Ok(())
    })
}
