use super::Identity;
use edge_net::Mac;
use serde::{Deserialize, Serialize};
use std::{net::Ipv4Addr, sync::Arc};

/// Seconds on the lease clock (see [`crate::clock`]); about Unix time, but it never jumps.
pub type Secs = u64;

/// An address and whose it is, or was last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    pub address: Ipv4Addr,
    pub identity: Identity,
    #[serde(with = "super::mac::option")]
    pub mac: Option<Mac>,
    /// As the device sent it, cleaned (see [`edge_dhcp_wire::hostname`]).
    pub hostname: Option<Arc<str>>,
    pub state: State,
    /// A frame to its MAC reaches it: that was seen on the way it asked, in this run.
    #[serde(skip)]
    pub direct: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    Bound {
        /// What the device was promised.
        #[serde(skip)]
        until: Secs,
        /// What the log says, never earlier than the promise, so that not every renewal needs a write.
        logged: Secs,
        /// Promised by a clock that may have been behind the true time: the true end may be later.
        lagging: bool,
    },
    Held,
    Released {
        since: Secs,
    },
}

impl State {
    /// As read from the log: the promise itself was not written, so the later time stands in for it.
    fn recovered(self) -> Self {
        match self {
            State::Bound { logged, lagging, .. } => State::Bound { until: logged, logged, lagging },
            other => other,
        }
    }
}

impl Binding {
    /// Nobody else may have the address at `now`.
    pub fn is_live(&self, now: Secs) -> bool {
        match self.state {
            State::Bound { until, .. } => until > now,
            State::Held => true,
            State::Released { .. } => false,
        }
    }

    /// From when on somebody else may have it, if ever by itself.
    pub fn idle_from(&self) -> Option<Secs> {
        match self.state {
            State::Bound { until, .. } => Some(until),
            State::Held => None,
            State::Released { since } => Some(since),
        }
    }

    /// Whether the log would say the same of both.
    pub fn logs_like(&self, other: &Binding) -> bool {
        let same = self.address == other.address && self.hostname == other.hostname && self.is_same_device(other);
        same && self.state.recovered() == other.state.recovered()
    }

    pub fn is_same_device(&self, other: &Binding) -> bool {
        self.identity == other.identity && self.mac == other.mac
    }

    /// As read from the log.
    pub fn recovered(self) -> Self {
        Self { state: self.state.recovered(), direct: false, ..self }
    }

    /// Promised by a clock that may have been behind.
    pub fn is_lagging(&self) -> bool {
        matches!(self.state, State::Bound { lagging: true, .. })
    }

    /// The same promise on a clock that is right, and was so much ahead of the one that it was made by.
    pub fn stepped(&self, by: Secs) -> Option<Self> {
        let State::Bound { until, logged, .. } = self.state else { return None };
        let state = State::Bound { until: until.saturating_add(by), logged: logged.saturating_add(by), lagging: false };
        Some(Self { state, ..self.clone() })
    }
}

/// What happens to a table, and what the log holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    Bind(Binding),
    /// A device found the address in use by somebody else (DHCPDECLINE).
    Quarantine {
        address: Ipv4Addr,
        until: Secs,
    },
    /// The address is as if never used.
    Forget {
        address: Ipv4Addr,
    },
}

impl Change {
    pub fn address(&self) -> Ipv4Addr {
        match self {
            Change::Bind(binding) => binding.address,
            Change::Quarantine { address, .. } | Change::Forget { address } => *address,
        }
    }

    pub fn recovered(self) -> Self {
        match self {
            Change::Bind(binding) => Change::Bind(binding.recovered()),
            other => other,
        }
    }
}
