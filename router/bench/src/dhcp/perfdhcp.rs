//! The generator of Kea's makers (Debian's kea-admin). It speaks as a relay agent, always.

use crate::{
    command::{RELAY, ROUTER},
    load::Outcome,
    peers::{Peers, Suite},
    running::{Running, pin},
};
use anyhow::{Context, Result, ensure};
use std::{os::unix::process::CommandExt, time::Duration};

/// DORA at that rate for `span` seconds, by so many clients that none asks twice. It is the same one for all servers.
pub fn run(running: &Running, peers: &Peers, rate: f64, span: u32) -> Result<Outcome> {
    running.clients.ip(&format!("address replace {RELAY}/12 dev cli0"))?;
    let mut command = peers.of(Suite::Old).command(&running.clients, "perfdhcp");
    let rate = rate.round().max(1.0);
    command.args(["-4", "-l", &RELAY.to_string(), "-r", &rate.to_string(), "-R", &(rate * 4.0 * f64::from(span)).to_string()]);
    command.args(["-p", &span.to_string(), "-W", "1000000", &ROUTER.to_string()]);
    // SAFETY: one system call between fork and exec.
    unsafe { command.pre_exec(|| pin(0).map_err(Into::into)) };
    let output = command.output().context("perfdhcp of Debian's kea-admin cannot be run")?;
    let text = String::from_utf8_lossy(&output.stdout);
    // 3: some were lost.
    ensure!(
        matches!(output.status.code(), Some(0 | 3)),
        "perfdhcp: {}\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let (offers, acks) = text.split_once("REQUEST-ACK").context("perfdhcp prints no statistics")?;
    let delay = |text: &str| number(text, "avg delay:").map(|ms| ms / 1e3).unwrap_or_default();
    let mean = Duration::from_secs_f64(delay(offers) + delay(acks));
    let started = number(offers, "sent packets:")? as u64;
    let done = number(acks, "received packets:")? as u64;
    // It says no more than means.
    let rate = started as f64 / f64::from(span);
    Ok(Outcome { started, done, naks: 0, rate, ended: rate, p50: mean, p99: mean })
}

fn number(text: &str, key: &str) -> Result<f64> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix(key)).with_context(|| format!("no line {key}"))?;
    Ok(line.split_whitespace().next().unwrap_or_default().parse()?)
}
