use edge_net::Name;
use std::net::Ipv4Addr;

/// What a container asks for when it is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The name it is known by; 1 to 255 bytes. A `[[host]]` without a MAC of this name reserves its address.
    pub name: String,
    /// An address its user insists on.
    pub address: Option<Ipv4Addr>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ClaimError {
    #[error("no network \"{0}\" is configured; add a [[network]] of that name, or attach to another")]
    NoNetwork(Name),
    #[error("a container's name has 1 to 255 bytes, this one has {0}")]
    BadName(usize),
    #[error("{address} is no node's address in {network} ({subnet}); ask for another address, or for none")]
    NotInSubnet { address: Ipv4Addr, network: Name, subnet: ipnet::Ipv4Net },
    #[error("{address} is the router's own address in {network}; ask for another address, or for none")]
    Router { address: Ipv4Addr, network: Name },
    #[error("{address} in {network} is reserved for \"{host}\"; ask for another address, or change that [[host]]")]
    ReservedForOther { address: Ipv4Addr, network: Name, host: Name },
    #[error(
        "\"{name}\" asks for {address}, but its [[host]] reserves {reserved}; ask for that, for none, or change that [[host]]"
    )]
    ReservedElsewhere { name: String, address: Ipv4Addr, reserved: Ipv4Addr },
    #[error("{address} in {network} is in use by {owner}; ask for another address, or wait until it is given back")]
    InUse { address: Ipv4Addr, network: Name, owner: String },
    #[error("every address {network} could give is in use or reserved; widen its dhcp range or subnet")]
    Exhausted { network: Name },
    #[error(
        "{network}'s addresses come from another server (relay-to), which may give any of them to somebody else; reserve one that it \
         does not give out: [[host]] name = \"{name}\", network = \"{network}\", address = … (a name that a [[host]] cannot have \
         needs another)"
    )]
    GivenElsewhere { network: Name, name: String },
    #[error("the address could not be written to the lease log: {0}; nothing is given out until it can be")]
    NotDurable(String),
}
