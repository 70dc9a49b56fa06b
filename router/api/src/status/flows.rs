use super::{Problem, listed};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// The kernel's table of flows, where the router's addresses live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowsStatus {
    /// How many there are.
    pub in_use: u32,
    /// How many there can be; 0: as many as the memory holds.
    pub max: u32,
    /// Of whom new flows were dropped in the last ten minutes, because all that he may have are in use; the most first.
    pub refused: Vec<RefusedFlows>,
}

/// Whose share of the flows was used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedFlows {
    /// `network cameras`, `uplink wan`
    #[serde(rename = "for")]
    pub owner: String,
    /// How many packets were dropped that would have opened one.
    pub packets: u64,
    /// Who sent them, the most first; only the first few.
    pub sources: Vec<Ipv4Addr>,
}

impl FlowsStatus {
    /// Nine tenths of the table are in use.
    fn is_nearly_full(&self) -> bool {
        self.max > 0 && u64::from(self.in_use) * 10 >= u64::from(self.max) * 9
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        let full = self.is_nearly_full().then(|| Problem {
            what: format!("the table of flows is nearly full: {} of {}", self.in_use, self.max),
            why: Some("when it is full, no new flow is let through; `conntrack -L` shows whose they are".to_owned()),
        });
        let refused = self.refused.iter().map(RefusedFlows::problem);
        full.into_iter().chain(refused).collect()
    }
}

impl RefusedFlows {
    fn problem(&self) -> Problem {
        let sources: Vec<String> = self.sources.iter().map(ToString::to_string).collect();
        let from = if sources.is_empty() { String::new() } else { format!(", most from {}", listed(&sources)) };
        Problem {
            what: format!("{} has used up its share of flows{from}", self.owner),
            why: Some(format!(
                "{} packets that would have opened more were dropped in the last 10 minutes; a scan, a loop or malware there \
                 does that, or more users than the box has memory for; what was open goes on",
                self.packets
            )),
        }
    }
}
