use std::{net::Ipv4Addr, time::Duration};

/// `dhcp` of a network: who answers its nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dhcp {
    /// A server of ours.
    Server(DhcpServer),
    /// A server elsewhere, by way of a relay agent of ours.
    Relay(DhcpRelay),
}

impl Dhcp {
    /// The server's part, where one of ours answers.
    pub fn server(&self) -> Option<&DhcpServer> {
        match self {
            Self::Server(server) => Some(server),
            Self::Relay(_) => None,
        }
    }

    /// The relay agent's part, where a server elsewhere answers.
    pub fn relay(&self) -> Option<&DhcpRelay> {
        match self {
            Self::Server(_) => None,
            Self::Relay(relay) => Some(relay),
        }
    }
}

/// `dhcp = { from, to, … }`: addresses for this network, by a server of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhcpServer {
    /// First address of the range, a node's address in the network.
    pub from: Ipv4Addr,
    /// Last address of the range, not before `from`.
    pub to: Ipv4Addr,
    /// At least one minute; 12 hours when the file does not say.
    pub lease: Duration,
    /// T1 (option 58), shorter than `rebind`; half of the lease when the file does not say.
    pub renew: Option<Duration>,
    /// T2 (option 59), shorter than the lease; seven eighths of it when the file does not say.
    pub rebind: Option<Duration>,
    /// Option 3; none: the router itself.
    pub gateway: Option<Ipv4Addr>,
    /// Option 6; empty: the DNS servers of the uplinks, those that this network may ask.
    pub dns: Vec<Ipv4Addr>,
    /// Option 15.
    pub domain: Option<String>,
    /// Everything else that is handed out, sorted by code, each code once.
    pub options: Vec<DhcpOption>,
    /// Relay agents (RFC 1542) in this network, by the address they ask from (`giaddr`). Nobody else may ask for others.
    pub relays: Vec<Ipv4Addr>,
    /// Two messages instead of four, for clients that ask for it (RFC 4039).
    pub rapid_commit: bool,
    /// Ask the network by ARP whether somebody uses an address before it is offered for the first time (RFC 2131, 3.1).
    pub probe: bool,
}

/// An option as it goes over the wire (RFC 2132, 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhcpOption {
    /// Its number (RFC 2132).
    pub code: u8,
    /// 1 to [`DhcpOption::LONGEST`] bytes; more than 255 are sent in parts (RFC 3396).
    pub value: Vec<u8>,
    /// Sent also to clients that do not ask for it.
    pub always: bool,
}

impl DhcpOption {
    /// Bytes. A reply has room for little more than this.
    pub const LONGEST: usize = 1024;

    /// Interface MTU (RFC 2132, 5.1).
    pub const MTU: u8 = 26;
    /// Network time protocol servers (RFC 2132, 8.3).
    pub const NTP: u8 = 42;
    /// Vendor specific information (RFC 2132, 8.4).
    pub const VENDOR: u8 = 43;
    /// TFTP server name (RFC 2132, 9.4).
    pub const TFTP_SERVER: u8 = 66;
    /// Bootfile name (RFC 2132, 9.5).
    pub const BOOT_FILE: u8 = 67;
    /// URI of the captive portal's API (RFC 8910, 2.1).
    pub const CAPTIVE_PORTAL: u8 = 114;
    /// Domain search list (RFC 3397).
    pub const DOMAIN_SEARCH: u8 = 119;
    /// Classless static routes (RFC 3442).
    pub const ROUTES: u8 = 121;
}

impl DhcpServer {
    const LEASE: Duration = Duration::from_secs(12 * 3600);

    /// A range, and everything else as it is when the file does not say.
    pub fn new(from: Ipv4Addr, to: Ipv4Addr) -> Self {
        Self {
            from,
            to,
            lease: Self::LEASE,
            renew: None,
            rebind: None,
            gateway: None,
            dns: Vec::new(),
            domain: None,
            options: Vec::new(),
            relays: Vec::new(),
            rapid_commit: false,
            probe: true,
        }
    }
}

/// `dhcp = { relay-to = … }`: a relay agent of ours (RFC 1542) for a network whose addresses come from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhcpRelay {
    /// The servers, each asked; only they are listened to. At least one.
    pub servers: Vec<Ipv4Addr>,
}
