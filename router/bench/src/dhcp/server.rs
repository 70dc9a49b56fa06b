//! The servers under test.

use crate::peers::Suite;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Server {
    Ours { probe: bool },
    Kea { suite: Suite, threads: u32 },
    Dnsmasq { suite: Suite, ping: bool },
    Isc { sync: bool },
    Udhcpd,
    Echo,
}

impl Server {
    pub const ALL: [Self; 14] = [
        Self::Ours { probe: false },
        Self::Ours { probe: true },
        Self::Echo,
        Self::Kea { suite: Suite::Old, threads: 1 },
        Self::Kea { suite: Suite::Newest, threads: 1 },
        Self::Kea { suite: Suite::Old, threads: 2 },
        Self::Kea { suite: Suite::Newest, threads: 2 },
        Self::Dnsmasq { suite: Suite::Old, ping: false },
        Self::Dnsmasq { suite: Suite::Newest, ping: false },
        Self::Dnsmasq { suite: Suite::Old, ping: true },
        Self::Dnsmasq { suite: Suite::Newest, ping: true },
        Self::Isc { sync: false },
        Self::Isc { sync: true },
        Self::Udhcpd,
    ];

    pub fn name(self, version: Option<&str>) -> String {
        let (program, how) = match self {
            Self::Ours { probe: false } => ("edge-router", ""),
            Self::Ours { probe: true } => ("edge-router", ", ARP probe"),
            Self::Kea { threads: 1, .. } => ("Kea", " memfile"),
            Self::Kea { .. } => ("Kea", ", two threads"),
            Self::Isc { sync: true } => ("ISC dhcpd", ""),
            Self::Isc { sync: false } => ("ISC dhcpd", ", no fsync"),
            Self::Dnsmasq { ping: true, .. } => ("dnsmasq", ""),
            Self::Dnsmasq { ping: false, .. } => ("dnsmasq", " --no-ping"),
            Self::Udhcpd => ("udhcpd", ""),
            Self::Echo => ("echo", " (the limit)"),
        };
        let version = version.map(|version| format!(" {version}")).unwrap_or_default();
        format!("{program}{version}{how}")
    }

    /// Those that answer a relay agent, each as fast as it goes: udhcpd answers none, and echo does not look.
    pub fn serves_relays(self) -> bool {
        matches!(self, Self::Ours { probe: false } | Self::Kea { .. } | Self::Dnsmasq { ping: false, .. } | Self::Isc { .. })
    }

    /// What others are compared with.
    pub fn is_memfile(self) -> bool {
        matches!(self, Self::Kea { threads: 1, .. })
    }

    /// Whether an ACK means that the lease outlives a power cut.
    pub fn durability(self) -> &'static str {
        match self {
            Self::Ours { .. } | Self::Isc { sync: true } => "yes",
            Self::Echo => "-",
            _ => "no",
        }
    }
}
