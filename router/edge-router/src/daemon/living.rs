//! Whom another configuration interrupts: who is there is looked at before, what becomes of them is said after.

use super::parts::Parts;
use edge_attach::{Foreseen, Record};
use edge_config::Config;
use edge_dhcp::{Lease, LeaseKind, LeaseState};
use edge_report::{Container, Fate, Living};

/// Who is there.
pub struct There {
    attached: Vec<Record>,
    leases: Vec<Lease>,
}

impl There {
    pub async fn now(parts: &Parts) -> Self {
        Self { attached: parts.attach.records().await, leases: parts.dhcp.leases() }
    }

    /// From one configuration to another.
    pub fn between(self, before: &Config, after: &Config) -> Living {
        let container = |record: &Record| {
            let fate = match record.foresee(before, after)? {
                Foreseen::Stays => return None,
                Foreseen::Replugged => Fate::Replugged,
                Foreseen::Unplugged => Fate::Unplugged,
            };
            Some(Container { network: record.network.clone(), name: record.name.to_string(), fate })
        };
        Living {
            containers: self.attached.iter().filter_map(container).collect(),
            leases: self.leases.into_iter().filter(is_living).map(lease).collect(),
        }
    }
}

fn is_living(lease: &Lease) -> bool {
    lease.kind == LeaseKind::Device && matches!(lease.state, LeaseState::Bound { .. })
}

fn lease(lease: Lease) -> edge_report::Lease {
    let Lease { network, address, mac, hostname, permanent, .. } = lease;
    edge_report::Lease { network, address, mac, hostname, permanent }
}
