//! Pings that go on while something happens.

use crate::{daemon::Daemon, host::Host, wait::wait_until};
use anyhow::{Context, Result};
use std::time::Duration;

/// A stream of pings, fifty a second.
pub struct Pings(Daemon);

/// To one of the pings.
pub struct Answer {
    number: u64,
    /// In milliseconds.
    at: u64,
}

impl Pings {
    fn answers(&self) -> Result<Vec<Answer>> {
        Ok(self.0.log()?.lines().filter_map(Answer::read).collect())
    }

    /// Until so many more are answered.
    pub fn go_on(&self, more: usize) -> Result<()> {
        let enough = self.answers()?.len() + more;
        wait_until(&format!("{more} answers"), Duration::from_secs(60), || Ok(self.answers()?.len() >= enough))
            .with_context(|| self.0.log().unwrap_or_default())
    }
}

impl Answer {
    /// `[1700000000.123456] 16 bytes from 8.8.8.8: icmp_seq=1 …`.
    fn read(line: &str) -> Option<Self> {
        let (time, what) = line.strip_prefix('[')?.split_once("] ").filter(|(_, what)| what.contains("bytes from"))?;
        let (_, number) = what.split_once("icmp_seq=")?;
        let seconds: f64 = time.parse().ok()?;
        Some(Self { number: number.split(' ').next()?.parse().ok()?, at: (seconds * 1000.0) as u64 })
    }
}

/// Pings that go on meanwhile and after it; their answers.
pub fn pinging(from: &Host, during: impl FnOnce(&Pings) -> Result<()>) -> Result<Vec<Answer>> {
    let mut command = from.command("ping");
    let pings = Pings(from.daemon(command.args(["-n", "-D", "-i", "0.02", "-s", "8", "8.8.8.8"]))?);
    pings.go_on(5)?;
    during(&pings)?;
    pings.go_on(5)?;
    pings.answers()
}

/// The longest time without an answer, in milliseconds.
pub fn longest_gap(answers: &[Answer]) -> u64 {
    answers.windows(2).map(|two| two[1].at.saturating_sub(two[0].at)).max().unwrap_or(0)
}

/// The most pings in a row that were not answered. Unlike a time it does not grow while ping waits for a busy processor.
pub fn lost_in_a_row(answers: &[Answer]) -> u64 {
    answers.windows(2).map(|two| two[1].number.saturating_sub(two[0].number + 1)).max().unwrap_or(0)
}
