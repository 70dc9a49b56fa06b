use edge_dhcp_wire::Malformed;
use std::fmt;

/// Why a message is left unanswered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// It is no message a client sends.
    Malformed(Malformed),
    /// More than a client sends within a second, or who speaks for others.
    TooMany,
    TooManyForOthers,
    /// The network has no pool, or nothing left in it.
    NoPool,
    PoolExhausted,
    /// Another server's client.
    UnknownClient,
    OtherServer,
    NamesNoAddress,
    NotItsLease,
    /// A relay agent that is not allowed, or that speaks for another subnet.
    RelayNotAllowed,
    RelayedFromElsewhere,
    /// What our own relay agent does not pass on.
    TooManyHops,
    NotTheRelaysServer,
    MalformedReply,
    AddressOfAnotherNetwork,
    /// The log does not keep up: what is not written is not promised.
    LogBusy,
}

impl DropReason {
    /// The counter's name, as `routerctl status --json` shows it. Scripts read it: it does not change.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed(why) => malformed(why),
            Self::TooMany => "too-many",
            Self::TooManyForOthers => "too-many-for-others",
            Self::NoPool => "no-pool",
            Self::PoolExhausted => "pool-exhausted",
            Self::UnknownClient => "unknown-client",
            Self::OtherServer => "other-server",
            Self::NamesNoAddress => "names-no-address",
            Self::NotItsLease => "not-its-lease",
            Self::RelayNotAllowed => "relay-not-allowed",
            Self::RelayedFromElsewhere => "relayed-from-elsewhere",
            Self::TooManyHops => "too-many-hops",
            Self::NotTheRelaysServer => "not-the-relays-server",
            Self::MalformedReply => "malformed-reply",
            Self::AddressOfAnotherNetwork => "address-of-another-network",
            Self::LogBusy => "log-busy",
        }
    }
}

fn malformed(why: Malformed) -> &'static str {
    match why {
        Malformed::Short => "too-short",
        Malformed::NotRequest => "not-a-request",
        Malformed::NotEthernet => "not-ethernet",
        Malformed::BadMac => "bad-mac",
        Malformed::RelayOptions => "relay-options",
        Malformed::NoCookie => "no-magic-cookie",
        Malformed::Bootp => "bootp",
        Malformed::BadType => "bad-message-type",
        Malformed::BadClientId => "bad-client-id",
    }
}

impl From<Malformed> for DropReason {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
