//! A table of the status is a field of [`Status`], and a file below here with the type of its rows.

mod claims;
mod flows;
mod network;
mod uplink;

use crate::{Node, UnnamedDevices, Warning, Which};
pub use claims::Claim;
pub use flows::{FlowsStatus, RefusedFlows};
pub use network::{NetworkState, NetworkStatus};
use serde::{Deserialize, Serialize};
pub use uplink::{UplinkState, UplinkStatus};

/// The whole box on one screen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Of the configuration, else the box's own.
    pub hostname: String,
    /// Seconds since the box booted.
    pub uptime: u64,
    /// `null`: nothing is applied yet.
    pub applied: Option<Applied>,
    /// The network namespace the data plane lives in; `null`: the host's own.
    pub namespace: Option<String>,
    /// Everything that is wrong, the worst first; empty on a healthy box. See [`Status::add_problems`].
    pub problems: Vec<Problem>,
    /// In the order of the file.
    pub uplinks: Vec<UplinkStatus>,
    /// In the order of the file.
    pub networks: Vec<NetworkStatus>,
    /// In the order of the networks in the file, then by address.
    pub nodes: Vec<Node>,
    /// Devices the configuration needs and that are not there.
    pub waiting: Vec<Waiting>,
    /// What is hardly meant, or may be spoiled by what others have on the machine.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// `null`: there is none.
    #[serde(default)]
    pub unnamed: Option<UnnamedDevices>,
    /// `null`: the kernel tracks none yet.
    #[serde(default)]
    pub flows: Option<FlowsStatus>,
    /// Who claims an address that is another's; the most frames first, and only the first few.
    #[serde(default)]
    pub claims: Vec<Claim>,
}

/// The configuration in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Unix seconds.
    pub at: u64,
    /// False: it reverts by itself unless it is confirmed in time.
    pub confirmed: bool,
    /// What it is called: the file it came from.
    #[serde(default)]
    pub name: String,
    /// Seconds left to confirm it in; `null` when it is confirmed.
    #[serde(default)]
    pub confirm_within: Option<u32>,
    /// Unix seconds: when that was applied which comes back unless it is confirmed.
    #[serde(default)]
    pub back_to: Option<u64>,
    /// In the history; `null`: it is not confirmed yet.
    #[serde(default)]
    pub number: Option<u64>,
    /// Where `routerctl revert` leads, which is what comes back unless this is confirmed; `null`: there is none.
    #[serde(default)]
    pub before: Option<Which>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What is wrong, in one line: `uplink wan is down`.
    pub what: String,
    /// What was found, and what to do about it.
    pub why: Option<String>,
}

/// A device that is not there yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// As in the configuration.
    pub device: String,
    /// What needs it: `network vehicle`, `uplink wan`.
    #[serde(rename = "for")]
    pub needed_by: Vec<String>,
    /// What is known about it; `null`: nothing.
    pub why: Option<String>,
}

impl Status {
    /// Adds to `problems` what these rows say is wrong; other tables' services say it themselves. A device that is missing once, not once for each of its networks.
    pub fn add_problems(&mut self) {
        for wait in &self.waiting {
            let what = format!("{} is missing, needed by {}", wait.device, listed(&wait.needed_by));
            self.problems.push(Problem { what, why: wait.why.clone() });
        }
        let is_told = |owner: &String| self.waiting.iter().any(|wait| wait.needed_by.contains(owner));
        let uplinks = self.uplinks.iter().flat_map(UplinkStatus::problems);
        let rows = uplinks.chain(self.networks.iter().filter_map(NetworkStatus::problem));
        self.problems.extend(rows.filter(|(owner, _)| !is_told(owner)).map(|(_, problem)| problem));
        self.problems.extend(claims::problems(&self.claims));
        self.problems.extend(self.flows.iter().flat_map(FlowsStatus::problems));
        let short: Vec<_> = self.networks.iter().filter(|network| network.is_short_of_addresses()).collect();
        let what = match short[..] {
            [] => return,
            [network] => {
                let (used, size) = (network.pool_used.unwrap_or_default(), network.pool_size.unwrap_or_default());
                format!("network {} has {} of {size} DHCP addresses left", network.name, size.saturating_sub(used))
            }
            _ => {
                let names: Vec<_> = short.iter().map(|network| network.name.clone()).collect();
                format!("networks {} are short of DHCP addresses", listed(&names))
            }
        };
        let why = "widen the range or shorten the lease; `routerctl leases --network NET` shows who has them".to_owned();
        self.problems.push(Problem { what, why: Some(why) });
    }
}

/// The first few by name, the rest by number: a trunk can carry a thousand networks.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 3;
    match names.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..SHOWN].join(", ")),
    }
}
