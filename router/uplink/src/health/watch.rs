use super::{HealthVerdict, Judge, ProbeResult};
use crate::{
    chance::chance,
    reports::{Cause, Health, ProbePath, Reports},
    wire::{Arp, Echo, LOOK, Link, LinkState},
};
use edge_host::clock::since_boot;
use edge_net::{IfName, Name};
use std::{
    collections::VecDeque,
    future::pending,
    io,
    net::Ipv4Addr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::time::{Instant, sleep, sleep_until};

/// What to watch, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeConf {
    pub uplink: Name,
    pub ifname: IfName,
    pub netns: Option<PathBuf>,
    /// One that answers is enough; none: the gateway.
    pub probes: Vec<Ipv4Addr>,
    pub interval: Duration,
    /// There is no other uplink.
    pub alone: bool,
}

/// How soon to look again for a link or an address that is not there.
const RETRY: Duration = Duration::from_millis(500);
/// Requests whose late answers still count.
const REMEMBERED: usize = 8;

/// Watches until it is dropped.
pub async fn watch(conf: ProbeConf, reports: Arc<Reports>) {
    let mut watcher = Watcher { judge: Judge::new(since_boot(), conf.alone), failing_since: None, conf, reports };
    loop {
        if let Err(error) = watcher.session().await {
            log::debug!("uplink {}: {error}", watcher.conf.uplink);
        }
        sleep(RETRY).await;
    }
}

struct Watcher {
    conf: ProbeConf,
    reports: Arc<Reports>,
    judge: Judge,
    failing_since: Option<SystemTime>,
}

/// The sockets for one link with one address.
struct Session {
    link: Link,
    found: LinkState,
    arp: Option<Arp>,
    echo: Option<Echo>,
    sent: VecDeque<(u16, Instant)>,
}

#[derive(Default)]
struct RoundResult {
    gateway: Option<Duration>,
    probe: Option<Duration>,
    no_carrier: bool,
}

impl Watcher {
    /// Until the link or its address is another one.
    async fn session(&mut self) -> io::Result<()> {
        let mut changes = self.reports.changes();
        let link = Link::open(&self.conf.ifname, self.conf.netns.clone());
        let Ok((link, found)) = link.and_then(|link| link.look().map(|found| (link, found))) else {
            self.conclude(None, &RoundResult { no_carrier: true, ..RoundResult::default() }, Some(Cause::NoLink));
            return Ok(());
        };
        let Some(path) = self.reports.path(&self.conf.uplink) else {
            tokio::select! {
                () = link.changed() => {}
                _ = changes.changed() => {}
                () = sleep(LOOK) => {}
            }
            return Ok(());
        };
        let mut session = Session::open(&self.conf, link, found, &path)?;
        loop {
            let began = Instant::now();
            let seen = session.round(&self.conf, self.patience()).await?;
            self.conclude(Some(&path), &seen, None);
            let pause = if self.judge.is_in_doubt() && !seen.no_carrier { Duration::ZERO } else { self.conf.interval };
            let next = began + pause;
            loop {
                tokio::select! {
                    () = sleep_until(next) => break,
                    () = sleep(LOOK) => drop(session.link.look()?),
                    () = session.link.changed() => {
                        let now = session.link.look()?;
                        if now != session.found {
                            if now.index != session.found.index || now.mac != session.found.mac {
                                return Ok(());
                            }
                            // Something was plugged in or out: no waiting for the next round.
                            session.found = now;
                            break;
                        }
                    }
                    _ = changes.changed() => if self.reports.path(&self.conf.uplink).as_ref() != Some(&path) {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Three probes without an answer take less than twice the interval, so that with the wait before the first it is less than three.
    fn patience(&self) -> Duration {
        self.conf.interval * if self.judge.is_in_doubt() { 4 } else { 8 } / 10
    }

    fn conclude(&mut self, path: Option<&ProbePath>, seen: &RoundResult, cause: Option<Cause>) {
        let gateway = path.and_then(|path| path.gateway);
        let round_trip = if self.conf.probes.is_empty() { seen.gateway } else { seen.probe };
        let nothing_to_ask = self.conf.probes.is_empty() && gateway.is_none();
        let cause = cause.or_else(|| match gateway {
            _ if seen.no_carrier => Some(Cause::NoCarrier),
            _ if round_trip.is_some() || nothing_to_ask => None,
            Some(gateway) if seen.gateway.is_none() => Some(Cause::Gateway(gateway)),
            _ => Some(Cause::Probe(self.conf.probes.clone())),
        });
        let result = match &cause {
            None => ProbeResult::Answered,
            Some(Cause::NoLink | Cause::NoCarrier) => ProbeResult::NoCarrier,
            Some(_) => ProbeResult::Missed,
        };
        let now = since_boot();
        self.judge.record(now, result);
        self.failing_since = cause.is_some().then(|| self.failing_since.unwrap_or_else(SystemTime::now));
        let held_down = self.judge.held(now);
        let health = Health {
            verdict: self.judge.verdict(),
            cause: cause.filter(|_| self.judge.verdict() == HealthVerdict::Down),
            since: self.failing_since,
            round_trip,
            held_down,
        };
        self.reports.set_health(&self.conf.uplink, health);
    }
}

impl Session {
    fn open(conf: &ProbeConf, link: Link, found: LinkState, path: &ProbePath) -> io::Result<Self> {
        let arp = match (path.gateway, found.mac) {
            (Some(gateway), Some(mac)) if found.arp => Some(Arp::open(&link, found.index, (mac, path.address), gateway)?),
            _ => None,
        };
        let ask = !conf.probes.is_empty();
        let echo = ask.then(|| Echo::open(&link, path.address, (chance() & 0xffff) as u16)).transpose()?;
        Ok(Self { link, found, arp, echo, sent: VecDeque::new() })
    }

    async fn round(&mut self, conf: &ProbeConf, patience: Duration) -> io::Result<RoundResult> {
        let mut seen = RoundResult { no_carrier: !self.found.running, ..RoundResult::default() };
        if seen.no_carrier {
            return Ok(seen);
        }
        let began = Instant::now();
        if self.arp.is_none() {
            // A link without neighbours to ask for.
            seen.gateway = Some(Duration::ZERO);
        }
        self.ask(conf, began);
        while if conf.probes.is_empty() { seen.gateway.is_none() } else { seen.probe.is_none() } {
            tokio::select! {
                () = sleep_until(began + patience) => break,
                answer = answered(&self.arp), if seen.gateway.is_none() => {
                    answer?;
                    seen.gateway = Some(began.elapsed());
                }
                answer = echoed(&self.echo) => {
                    let (from, sequence) = answer?;
                    let asked = self.sent.iter().find(|(sent, _)| *sent == sequence).map(|(_, at)| *at);
                    seen.probe = asked.filter(|_| conf.probes.contains(&from)).map(|at| at.elapsed());
                }
                () = self.link.changed() => {
                    self.found.running = self.link.look()?.running;
                    if !self.found.running {
                        seen.no_carrier = true;
                        return Ok(seen);
                    }
                }
            }
        }
        Ok(seen)
    }

    /// What cannot be sent is not answered.
    fn ask(&mut self, conf: &ProbeConf, now: Instant) {
        if let Some(arp) = &self.arp
            && let Err(error) = arp.ask()
        {
            log::debug!("uplink {}: the gateway cannot be asked for: {error}", conf.uplink);
        }
        let Some(echo) = &self.echo else { return };
        let sequence = self.sent.back().map_or(1, |(sequence, _)| sequence.wrapping_add(1));
        self.sent.push_back((sequence, now));
        if self.sent.len() > REMEMBERED {
            self.sent.pop_front();
        }
        for probe in &conf.probes {
            if let Err(error) = echo.ask(*probe, sequence) {
                log::debug!("uplink {}: {probe} cannot be asked: {error}", conf.uplink);
            }
        }
    }
}

async fn answered(arp: &Option<Arp>) -> io::Result<()> {
    match arp {
        Some(arp) => arp.answered().await,
        None => pending().await,
    }
}

async fn echoed(echo: &Option<Echo>) -> io::Result<(Ipv4Addr, u16)> {
    match echo {
        Some(echo) => echo.answered().await,
        None => pending().await,
    }
}
