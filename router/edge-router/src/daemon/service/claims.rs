//! Who claims an address that is another's. The rules on the bridges see it; here it is told.

use edge_api::{Claim, Problem, Status};
use edge_config::Config;
use edge_engine::{EngineHandle, InForce, Service, StatusContext, Stop, Task};
use edge_kernel::claims::{self, claims};
use std::{collections::BTreeSet, future::ready, sync::Arc, time::Duration};

/// How soon the log tells of it.
const LOOK: Duration = Duration::from_secs(10);
/// Claimants that are told: a forger can be many.
const TOLD: usize = 64;
/// New ones that the log tells of at a look.
const LOGGED: usize = 5;

pub struct Claims;

impl Service for Claims {
    fn name(&self) -> &'static str {
        "claims of addresses"
    }

    fn configure<'a>(&'a self, _: &'a InForce) -> Task<'a, Vec<Problem>> {
        Box::pin(ready(Vec::new()))
    }

    fn status(&self, context: &StatusContext, status: &mut Status) {
        match claims() {
            Ok(found) => status.claims = rows(found, &context.in_force.config),
            Err(error) => status
                .problems
                .push(Problem { what: "who claims whose address cannot be read".to_owned(), why: Some(error.to_string()) }),
        }
    }

    fn run(self: Arc<Self>, engine: Arc<dyn EngineHandle>, mut stop: Stop) -> Task<'static> {
        Box::pin(async move {
            let mut told = BTreeSet::new();
            while tokio::time::timeout(LOOK, stop.wait()).await.is_err() {
                let in_force = engine.in_force().borrow().clone();
                let found = claims().unwrap_or_default();
                let rows: Vec<Claim> = found.into_iter().filter_map(|claim| row(claim, &in_force.config)).collect();
                let news = news(&rows, &mut told);
                news.iter().take(LOGGED).for_each(|line| log::warn!("{line}"));
                if let Some(more) = news.len().checked_sub(LOGGED).filter(|more| *more > 0) {
                    log::warn!("and {more} more claims of addresses: routerctl status");
                }
            }
        })
    }
}

/// Lines that the log has not told yet. Whom it told of stays told for as long as the kernel knows of it, which is a bounded set.
fn news(rows: &[Claim], told: &mut BTreeSet<String>) -> Vec<String> {
    let lines: BTreeSet<String> = rows.iter().map(line).collect();
    let news = lines.difference(told).cloned().collect();
    *told = lines;
    news
}

fn line(claim: &Claim) -> String {
    let Claim { address, network, mac, port, .. } = claim;
    let owner = claim.host.as_ref().map_or("the router".to_owned(), |host| format!("host {host}"));
    let fate = if claim.dropped { "dropped" } else { "let through" };
    format!("{mac} at port {port} claims {address}, the address of {owner} in network {network}: {fate}")
}

fn rows(found: Vec<claims::Claim>, config: &Config) -> Vec<Claim> {
    found.into_iter().filter_map(|claim| row(claim, config)).take(TOLD).collect()
}

/// `None`: the address is nobody's in this configuration.
fn row(claim: claims::Claim, config: &Config) -> Option<Claim> {
    let router = config.networks.iter().find(|network| network.address.address() == claim.address);
    let host = config.hosts.iter().find(|host| host.address == claim.address);
    let network = router.map(|network| &network.name).or(host.map(|host| &host.network))?;
    Some(Claim {
        address: claim.address,
        host: host.filter(|_| router.is_none()).map(|host| host.name.to_string()),
        network: network.to_string(),
        mac: claim.mac.to_string(),
        port: claim.port.to_string(),
        frames: claim.frames,
        dropped: router.is_some(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

    use super::{BTreeSet, claims, news, rows};

    fn claim(port: &str) -> claims::Claim {
        let (mac, address) = ("02:00:00:00:00:05", [10, 0, 1, 1]);
        claims::Claim { port: port.parse().unwrap(), mac: mac.parse().unwrap(), address: address.into(), frames: 1 }
    }

    #[test]
    fn the_log_tells_of_a_claimant_once() {
        let file = "[[network]]\nname = \"cabin\"\nports = [\"eth1\"]\naddress = \"10.0.1.1/24\"\n";
        let config = edge_config::parse("claims.toml", file).unwrap();
        let mut told = BTreeSet::new();
        let looks = [vec!["eth1"], vec!["eth1", "eth2"], vec!["eth2"], vec!["eth1"]].into_iter();
        let lines: Vec<_> =
            looks.map(|ports| news(&rows(ports.into_iter().map(claim).collect(), &config), &mut told).len()).collect();
        assert_eq!(lines, [1, 1, 0, 1]);
    }
}
