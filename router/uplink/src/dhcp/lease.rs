use edge_net::Interface;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use std::{net::Ipv4Addr, time::Duration};

/// What a server gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientLease {
    #[serde(with = "as_net")]
    pub interface: Interface,
    /// Option 54: whom to ask for more time.
    pub server: Ipv4Addr,
    /// Where the default route leads, by option 121 or else 3; in the subnet.
    pub gateway: Option<Ipv4Addr>,
    /// Option 121 without its default route. The next hop is in the subnet, `None`: on the link.
    pub routes: Vec<(Ipv4Net, Option<Ipv4Addr>)>,
    /// Where other routes of option 121 lead, which can be no way of an uplink.
    #[serde(default)]
    pub useless: Vec<Ipv4Net>,
    /// Option 6
    pub dns: Vec<Ipv4Addr>,
    /// Option 15
    pub domain: Option<String>,
    /// Option 119
    pub search: Vec<String>,
    /// Option 26; bytes, 576 at least.
    pub mtu: Option<u16>,
    /// Seconds, options 51, 58 and 59.
    pub terms: Terms,
}

/// How long it lasts, in seconds from the request that got it (RFC 2131 section 4.4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub lease: u32,
    pub renew: u32,
    pub rebind: u32,
}

/// A lease with the time from which it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub lease: ClientLease,
    /// On the boot clock.
    pub since: Duration,
}

/// "Infinity" (RFC 2131 section 3.3).
const FOR_EVER: u32 = u32::MAX;
/// Seconds. What a server lends for less is of no use, and asking for it again and again would be all that the box does.
const SHORTEST: u32 = 10;
/// Seconds. Of a longer lease too, a quarter of this passes before it is asked for again: each answer is written to the card.
const OFTEN: u32 = 120;

impl Terms {
    /// None where the lease is too short to be used. Times that make no sense together, or would have us
    /// ask all the time, are replaced by the RFC's.
    pub fn new(lease: u32, renew: Option<u32>, rebind: Option<u32>) -> Option<Self> {
        let in_order =
            |terms: &Self| terms.lease.min(OFTEN) / 4 <= terms.renew && terms.renew < terms.rebind && terms.rebind < terms.lease;
        let usual = Self { lease, renew: lease / 2, rebind: lease - lease / 8 };
        let said = Self { lease, renew: renew.unwrap_or(usual.renew), rebind: rebind.unwrap_or(usual.rebind) };
        (lease >= SHORTEST).then_some(if in_order(&said) { said } else { usual })
    }
}

impl Held {
    pub fn renew_at(&self) -> Option<Duration> {
        self.at(self.lease.terms.renew)
    }

    pub fn rebind_at(&self) -> Option<Duration> {
        self.at(self.lease.terms.rebind)
    }

    /// None: never.
    pub fn expires_at(&self) -> Option<Duration> {
        self.at(self.lease.terms.lease)
    }

    pub fn is_over(&self, now: Duration) -> bool {
        self.expires_at().is_some_and(|end| now >= end)
    }

    fn at(&self, seconds: u32) -> Option<Duration> {
        (self.lease.terms.lease != FOR_EVER).then(|| self.since + Duration::from_secs(seconds.into()))
    }
}

mod as_net {
    use edge_net::Interface;
    use ipnet::Ipv4Net;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<S: Serializer>(interface: &Interface, serializer: S) -> Result<S::Ok, S::Error> {
        interface.to_string().serialize(serializer)
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Interface, D::Error> {
        let net = Ipv4Net::deserialize(deserializer)?;
        Interface::new(net).ok_or_else(|| D::Error::custom(format!("{net} is no host's address")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_out_of_order_are_replaced() {
        let terms = |lease, renew, rebind| Terms::new(lease, renew, rebind).map(|terms| (terms.renew, terms.rebind));
        assert_eq!(terms(3600, None, None), Some((1800, 3150)));
        assert_eq!(terms(3600, Some(60), Some(120)), Some((60, 120)));
        assert_eq!(terms(3600, Some(0), Some(120)), Some((1800, 3150)));
        assert_eq!(terms(3600, Some(120), Some(60)), Some((1800, 3150)));
        assert_eq!(terms(3600, Some(60), Some(7200)), Some((1800, 3150)));
        assert_eq!(terms(3600, Some(29), Some(120)), Some((1800, 3150)));
        assert_eq!(terms(9, None, None), None);
        assert!(terms(u32::MAX, None, None).is_some());
    }
}
