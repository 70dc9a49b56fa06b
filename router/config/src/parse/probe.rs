use crate::{
    mistake::Mistakes,
    parse::{
        lease_time::seconds,
        value::{FromText, FromToml},
    },
    span::{At, Span},
};
use std::{net::Ipv4Addr, time::Duration};
use toml::de::DeValue;

/// Addresses that are asked whether an uplink carries anything: one, or a list of some.
pub struct Probes(pub Vec<Ipv4Addr>);

/// How often they are asked.
pub struct Interval(pub Duration);

/// Each costs a packet a second.
const MOST: usize = 8;
/// Seconds.
const LONGEST: u64 = 3_600;

impl FromToml for Probes {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self> {
        let probes = if value.is_array() {
            Vec::from_toml(value, at, mistakes)?
        } else {
            vec![At { value: Ipv4Addr::from_toml(value, at, mistakes)?, span: at }]
        };
        if probes.len() > MOST {
            mistakes.add(at, format!("{} probes", probes.len())).help(format!("{MOST} at most; two or three are plenty"));
            return None;
        }
        Some(Self(probes.into_iter().map(|probe| probe.value).collect()))
    }
}

impl FromText for Interval {
    const WHAT: &'static str = "a time between two probes";

    fn from_text(text: &str) -> Result<Self, String> {
        let seconds = seconds(text).ok_or("write a number with s or m, as in \"1s\" or \"1m\"")?;
        if !(1..=LONGEST).contains(&seconds) {
            return Err("it is from one second (\"1s\") to one hour (\"1h\")".to_owned());
        }
        Ok(Self(Duration::from_secs(seconds)))
    }
}
