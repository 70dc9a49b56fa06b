use edge_net::{Mac, Name};

/// How the box is known to the servers beyond an uplink: the same after every start, or it would get another address each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// `chaddr`
    pub mac: Mac,
    /// Option 61
    pub client_id: Vec<u8>,
    /// Option 12
    pub hostname: Option<String>,
    /// Ask for replies by broadcast (RFC 2131 section 4.1): a reply to an address that is not set yet does not find its way to one of
    /// several interfaces that share a MAC address.
    pub broadcast: bool,
}

/// Hardware type Ethernet (RFC 1700).
const ETHERNET: u8 = 1;
/// Client identifier with IAID and DUID, and the DUID made of a UUID (RFC 4361 section 6.1, RFC 6355).
const NODE_SPECIFIC: u8 = 255;
const DUID_UUID: [u8; 2] = [0, 4];

impl ClientIdentity {
    /// Of a link with a MAC address of its own: by that address, as most clients do, so that a reservation made by it holds.
    pub fn by_mac(mac: Mac, hostname: Option<String>) -> Self {
        let client_id = [&[ETHERNET][..], &mac.bytes()].concat();
        Self { mac, client_id, hostname, broadcast: false }
    }

    /// Of an ipvlan link, whose MAC address is its parent's too: by the box and the uplink.
    pub fn of_shared_mac(mac: Mac, machine: [u8; 16], uplink: &Name, hostname: Option<String>) -> Self {
        let iaid = Mac::derived(uplink.as_str().as_bytes()).bytes();
        let client_id = [&[NODE_SPECIFIC][..], &iaid[2..], &DUID_UUID, &machine].concat();
        Self { mac, client_id, hostname, broadcast: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_uplinks_on_one_mac_are_two_clients() {
        let mac: Mac = "02:00:00:00:00:01".parse().unwrap();
        let of = |name: &str| ClientIdentity::of_shared_mac(mac, [7; 16], &name.parse().unwrap(), None);
        assert_ne!(of("wan").client_id, of("lte").client_id);
        assert_eq!(of("wan"), of("wan"));
        assert_eq!(of("wan").client_id.len(), 1 + 4 + 2 + 16);
        assert_ne!(of("wan").client_id, ClientIdentity::by_mac(mac, None).client_id);
    }
}
