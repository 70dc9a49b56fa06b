use super::{Problem, listed};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

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
    /// What the DHCP server gave besides and is not used, and why: routes and name servers that are another's.
    #[serde(default)]
    pub refused: Vec<String>,
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

impl UplinkStatus {
    /// Whose they are, as in [`Waiting::needed_by`](super::Waiting::needed_by), and what is wrong.
    pub(super) fn problems(&self) -> impl Iterator<Item = (String, Problem)> {
        let problems = [self.bad_state(), self.refused()].into_iter().flatten();
        problems.map(|problem| (format!("uplink {}", self.name), problem))
    }

    fn bad_state(&self) -> Option<Problem> {
        let verb = if self.state == UplinkState::NoLease { "has" } else { "is" };
        let what = format!("uplink {} {verb} {}", self.name, self.state.as_str());
        (!self.state.is_good()).then(|| Problem { what, why: self.why.clone() })
    }

    fn refused(&self) -> Option<Problem> {
        let what = format!("uplink {}: a part of what its DHCP server gives is not used", self.name);
        let why = format!("{}; if it is right, renumber here, else look for a foreign DHCP server", listed(&self.refused));
        (!self.refused.is_empty()).then_some(Problem { what, why: Some(why) })
    }
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
