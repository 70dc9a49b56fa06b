use crate::{DhcpCounters, Node};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

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
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What is wrong, in one line: `uplink wan is down`.
    pub what: String,
    /// What was found, and what to do about it.
    pub why: Option<String>,
}

/// One uplink, now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UplinkStatus {
    /// As in the configuration.
    pub name: String,
    /// The link it goes out by.
    pub device: String,
    /// `direct`, `ipvlan-l2` or `macvlan`, as in the configuration.
    pub link: String,
    /// With its prefix length, `192.168.50.2/24`; `null`: none yet.
    pub address: Option<String>,
    /// `null`: none yet.
    pub gateway: Option<Ipv4Addr>,
    /// How it is.
    pub state: UplinkState,
    /// What networks open to the outside leaves by it.
    #[serde(default)]
    pub in_use: bool,
    /// Round trip to the first probe that answered, or without probes to the gateway.
    pub round_trip_ms: Option<u32>,
    /// Why it is not online.
    pub why: Option<String>,
    /// Unix seconds: it is down since then.
    #[serde(default)]
    pub since: Option<u64>,
    /// Name servers: of the file, or else learned by DHCP (option 6).
    #[serde(default)]
    pub dns: Vec<Ipv4Addr>,
    /// Learned, option 15.
    #[serde(default)]
    pub domain: Option<String>,
    /// Learned, option 119.
    #[serde(default)]
    pub search: Vec<String>,
    /// Bytes; learned, option 26. It is told and not set.
    #[serde(default)]
    pub mtu: Option<u16>,
}

/// How an uplink is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UplinkState {
    /// The gateway answers, or a probe where there are some.
    Online,
    /// It has a carrier and an address; whether the gateway answers was not asked.
    Up,
    /// For the device.
    Waiting,
    /// No address by DHCP, or none that can be used.
    NoLease,
    /// No carrier, or the gateway and the probes do not answer.
    Down,
}

/// One network, now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkStatus {
    /// As in the configuration.
    pub name: String,
    /// 1 to 4094; `null`: it is on no trunk.
    pub vlan: Option<u16>,
    /// The device its tagged frames go by; `null`: none.
    pub trunk: Option<String>,
    /// Devices it has untagged.
    pub ports: Vec<String>,
    /// The link its nodes are plugged into.
    pub bridge: String,
    /// The router's own address in it, `10.0.1.3/24`.
    pub router: String,
    /// Nodes known by a permanent address, a lease or an attachment.
    pub nodes: u32,
    /// Addresses of the DHCP pool in use. Both are `null` without a pool.
    pub pool_used: Option<u32>,
    /// Addresses the DHCP pool has.
    pub pool_size: Option<u32>,
    /// `null` where another server or nobody answers.
    #[serde(default)]
    pub dhcp: Option<DhcpCounters>,
    /// Networks, uplinks and hosts its nodes may open flows to.
    pub reaches: Vec<String>,
    /// How it is.
    pub state: NetworkState,
    /// Why it is not up.
    pub why: Option<String>,
}

/// How a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkState {
    /// Its nodes are served.
    Up,
    /// For its trunk or a port; what is attached to it by other ways works.
    Waiting,
    /// It is not in the kernel as it was applied.
    Down,
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

impl UplinkState {
    /// Nothing about it is a problem.
    pub fn is_good(self) -> bool {
        matches!(self, UplinkState::Online | UplinkState::Up)
    }

    /// As people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            UplinkState::Online => "online",
            UplinkState::Up => "up",
            UplinkState::Waiting => "waiting",
            UplinkState::NoLease => "no lease",
            UplinkState::Down => "down",
        }
    }
}

impl NetworkState {
    /// As people and JSON read it.
    pub fn as_str(self) -> &'static str {
        match self {
            NetworkState::Up => "up",
            NetworkState::Waiting => "waiting",
            NetworkState::Down => "down",
        }
    }
}

impl Status {
    /// Adds to `problems` what the rows say is wrong: a device that is missing once, not once for each of its networks.
    pub fn add_problems(&mut self) {
        for wait in &self.waiting {
            let what = format!("{} is missing, needed by {}", wait.device, listed(&wait.needed_by));
            self.problems.push(Problem { what, why: wait.why.clone() });
        }
        let is_told = |owner: &str| self.waiting.iter().any(|wait| wait.needed_by.iter().any(|name| name == owner));
        for uplink in self.uplinks.iter().filter(|uplink| !uplink.state.is_good()) {
            if !is_told(&format!("uplink {}", uplink.name)) {
                let verb = if uplink.state == UplinkState::NoLease { "has" } else { "is" };
                let what = format!("uplink {} {verb} {}", uplink.name, uplink.state.as_str());
                self.problems.push(Problem { what, why: uplink.why.clone() });
            }
        }
        for network in self.networks.iter().filter(|network| network.state != NetworkState::Up) {
            if !is_told(&format!("network {}", network.name)) {
                let what = format!("network {} is {}", network.name, network.state.as_str());
                self.problems.push(Problem { what, why: network.why.clone() });
            }
        }
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

impl NetworkStatus {
    /// Nine tenths of the pool are somebody's.
    fn is_short_of_addresses(&self) -> bool {
        let (used, size) = (self.pool_used.unwrap_or_default(), self.pool_size.unwrap_or_default());
        size > 0 && u64::from(used) * 10 >= u64::from(size) * 9
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
