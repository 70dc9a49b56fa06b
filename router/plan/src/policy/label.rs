use edge_net::Name;
use std::fmt;

/// Who a row or column of the matrix stands for, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// Any node of the network that has no `[[host]]` entry.
    Network(Name),
    /// Of a `[[host]]`.
    Host(Name),
    /// The router's address in the network.
    Router(Name),
    /// Whatever lies behind it.
    Uplink(Name),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Label::Network(name) | Label::Host(name) | Label::Uplink(name) => f.pad(name.as_str()),
            Label::Router(name) => f.pad(&format!("router in {name}")),
        }
    }
}
