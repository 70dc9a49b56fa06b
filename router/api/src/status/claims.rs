use super::Problem;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// A node that claimed another's address by ARP in the last ten minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The address.
    pub address: Ipv4Addr,
    /// Whose it is: the `[[host]]` it is reserved for; `null`: the router's own.
    pub host: Option<String>,
    /// The network the address is in.
    pub network: String,
    /// Who claims it.
    pub mac: String,
    /// The bridge port at which that is.
    pub port: String,
    /// How many frames said so.
    pub frames: u64,
    /// They were dropped; else they were let through.
    pub dropped: bool,
}

/// One for each address, however many claim it; of each the first names who.
pub(super) fn problems(claims: &[Claim]) -> impl Iterator<Item = Problem> {
    let mut of: BTreeMap<Ipv4Addr, Vec<&Claim>> = BTreeMap::new();
    for claim in claims {
        of.entry(claim.address).or_default().push(claim);
    }
    of.into_values().filter_map(|claims| claims.split_first().map(|(first, more)| first.problem(more)))
}

impl Claim {
    fn problem(&self, more: &[&Claim]) -> Problem {
        let Self { address, network, mac, port, .. } = self;
        let whose = match &self.host {
            Some(host) => format!("reserved for {host} in {network}"),
            None => format!("the router's address in {network}"),
        };
        let others = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        let what = format!("{address}, {whose}, is claimed by {mac} at port {port}{others}");
        Problem { what, why: Some(self.advice(more)) }
    }

    fn advice(&self, more: &[&Claim]) -> String {
        let frames = more.iter().fold(self.frames, |sum, claim| sum.saturating_add(claim.frames));
        let told = format!("{frames} ARP frames in the last 10 minutes");
        if self.dropped {
            return format!(
                "{told}, dropped here; a device there is set to the router's address, or wants what its neighbours send: \
                 give it another address or unplug it"
            );
        }
        format!(
            "{told}, let through; when the device has a new network card, write its MAC into [[host]]; else another device has \
             its address: give that another one or unplug it"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, problems};

    fn claim(last: u8, host: Option<&str>, mac: u8) -> Claim {
        Claim {
            address: [10, 0, 1, last].into(),
            host: host.map(str::to_owned),
            network: "cabin".to_owned(),
            mac: format!("02:00:00:00:00:{mac:02x}"),
            port: "eth1".to_owned(),
            frames: 1,
            dropped: host.is_none(),
        }
    }

    #[test]
    fn many_forgers_of_an_address_are_one_problem() {
        let mut claims: Vec<Claim> = (1..=60).map(|mac| claim(1, None, mac)).collect();
        claims.push(claim(6, Some("printer"), 9));
        let what: Vec<String> = problems(&claims).map(|problem| problem.what).collect();
        let expected = [
            "10.0.1.1, the router's address in cabin, is claimed by 02:00:00:00:00:01 at port eth1 and 59 more",
            "10.0.1.6, reserved for printer in cabin, is claimed by 02:00:00:00:00:09 at port eth1",
        ];
        assert_eq!(what, expected);
    }
}
