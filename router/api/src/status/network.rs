use super::Problem;
use crate::DhcpCounters;
use serde::{Deserialize, Serialize};

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

impl NetworkStatus {
    /// Whose it is, as in [`Waiting::needed_by`](super::Waiting::needed_by), and what is wrong.
    pub(super) fn problem(&self) -> Option<(String, Problem)> {
        let owner = format!("network {}", self.name);
        let what = format!("{owner} is {}", self.state.as_str());
        (self.state != NetworkState::Up).then(|| (owner, Problem { what, why: self.why.clone() }))
    }

    /// Nine tenths of the pool are somebody's.
    pub(super) fn is_short_of_addresses(&self) -> bool {
        let (used, size) = (self.pool_used.unwrap_or_default(), self.pool_size.unwrap_or_default());
        size > 0 && u64::from(used) * 10 >= u64::from(size) * 9
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
