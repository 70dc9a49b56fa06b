//! How long it takes to bring a kernel to N networks: ours, from the configuration's text to the verified kernel, against `ip -batch`
//! and `nft -f` with the same links, addresses and rules written out beforehand, and against systemd-networkd with the same links and
//! addresses (it has no policy between networks). One run, one kernel, each case in a network namespace of its own, in turn, in both
//! orders, each when the kernel is done with the one before; the median counts. Run by `scripts/bench apply`.
//!
//!     bench_apply bridge|vlan RUNS NETWORKS...     with NETWORKD (its program) and DAEMON (ours) in the environment

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark that cannot run ends")]

mod daemon;
mod ip;
mod networkd;
mod ours;
mod text;

use edge_bench::{settled, turns};
use nix::sched::{CloneFlags, unshare};
use std::{
    env, fs, iter,
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};
use text::NetworkKind;

/// The cases, in the order in which each of the programs prints its milliseconds.
const CASES: [&str; 4] = ["cold", "no-op", "one allow more", "one network more"];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [kind, runs, sizes @ ..] if runs.parse::<usize>().is_ok() => {
            println!("                            ms (median of {runs})                  ratio of ours to    writes");
            println!("networks  case               ours   ip+nft  networkd     ip+nft  networkd     ours  ip+nft");
            for size in sizes {
                compare(kind, runs.parse().unwrap(), size.parse().unwrap());
            }
        }
        [who, kind, networks, directory] => {
            let (kind, networks, directory) = (NetworkKind::of(kind), networks.parse().unwrap(), Path::new(directory));
            kind.devices();
            let columns = match *who {
                "ours" => ours::run(kind, networks, directory),
                "ip" => ip::run(kind, networks, directory),
                "networkd" => networkd::run(kind, networks),
                "daemon" => daemon::run(kind, networks, directory),
                _ => panic!("who is {who}?"),
            };
            println!("{}", columns.iter().map(f64::to_string).collect::<Vec<_>>().join(" "));
        }
        _ => panic!("bench_apply bridge|vlan RUNS NETWORKS..."),
    }
}

fn compare(kind: &str, runs: usize, networks: usize) {
    let directory = env::temp_dir().join(format!("bench-apply-{}-{networks}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let has_networkd = env::var_os("NETWORKD").is_some();
    let (mut ours, mut ip, mut networkd) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..runs {
        let others = [("ip", &mut ip), ("networkd", &mut networkd)];
        let programs = iter::once(("ours", &mut ours)).chain(others.into_iter().filter(|(who, _)| *who == "ip" || has_networkd));
        for (who, took) in turns(round, programs.collect()) {
            took.push(child(who, kind, networks, &directory));
        }
    }
    for (index, case) in CASES.iter().enumerate() {
        let own = median(&ours, 2 * index);
        let others = [median(&ip, 2 * index), median(&networkd, index)];
        let number = |value: f64, digits: usize| if value > 0.0 { format!("{value:.digits$}") } else { "-".to_owned() };
        let [ip_took, networkd_took] = others.map(|other| number(other, 1));
        let [to_ip, to_networkd] = others.map(|other| number(if other > 0.0 { own / other } else { 0.0 }, 2));
        let (writes, lines) = (median(&ours, 2 * index + 1), number(median(&ip, 2 * index + 1), 0));
        println!(
            "{networks:8}  {case:16}{own:8.1} {ip_took:>8}  {networkd_took:>8}   {to_ip:>8}  {to_networkd:>8}  {writes:7} {lines:>7}"
        );
    }
    if env::var_os("DAEMON").is_some() {
        let seen = child("daemon", kind, networks, &directory);
        println!("{networks:8}  the daemon: ready after {:.0} ms, VmRSS {:.0} kB, VmHWM {:.0} kB", seen[0], seen[1], seen[2]);
    }
    fs::remove_dir_all(&directory).unwrap();
}

/// In fresh namespaces, once the kernel is done with those before; prints numbers.
fn child(who: &str, kind: &str, networks: usize, directory: &Path) -> Vec<f64> {
    settled().unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([who, kind, &networks.to_string(), directory.to_str().unwrap()]).stderr(Stdio::inherit());
    // SAFETY: one system call between fork and exec.
    unsafe { command.pre_exec(|| unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).map_err(Into::into)) };
    let output = command.output().unwrap();
    assert!(output.status.success(), "{who} {networks} ended with {}", output.status);
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(|number| number.parse().unwrap()).collect()
}

fn median(runs: &[Vec<f64>], column: usize) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(|run| run.get(column).copied().unwrap_or(0.0)).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(status.success(), "{program} {arguments:?}");
}

fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}
