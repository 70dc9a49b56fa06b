//! The DHCPv4 client (RFC 2131 section 4.4). Pure: time, chance and packets are arguments.
//!
//! Of our own, on the codec that the server has too, because the client crate at hand (mozim 0.3.4) cannot
//! ask for replies by broadcast, which ipvlan needs; does not hear a DHCPNAK while it renews or rebinds; stays for ever with a server
//! that offers and never acknowledges; and takes no notice of whom a reply is for.

mod client;
mod exchange;
mod fuzz;
mod identity;
mod lease;
mod message;
mod reply;

pub use client::{Client, NoLease, Outgoing, Via};
pub use fuzz::fuzz_reply;
pub use identity::ClientIdentity;
pub use lease::{ClientLease, Held};
pub use reply::{ServerReply, WIDEST};

#[cfg(test)]
pub mod tests {
    use super::{ClientLease, lease::Terms};

    /// A lease of this address for so many seconds.
    pub fn lease(interface: &str, seconds: u32) -> ClientLease {
        ClientLease {
            interface: edge_net::Interface::new(interface.parse().unwrap()).unwrap(),
            server: [192, 0, 2, 1].into(),
            gateway: Some([192, 0, 2, 1].into()),
            routes: Vec::new(),
            useless: Vec::new(),
            dns: Vec::new(),
            domain: None,
            search: Vec::new(),
            mtu: None,
            terms: Terms::new(seconds, None, None).unwrap(),
        }
    }
}
