use crate::{
    Header, Relayed,
    code::{self, message_type},
    header::{BOOTREQUEST, specified},
    hostname::{self, Label},
};
use edge_net::Mac;
use smallvec::SmallVec;
use std::net::Ipv4Addr;

/// Option 61. What clients make by RFC 4361 has its room in here, and needs no memory elsewhere.
pub type ClientId = SmallVec<[u8; 24]>;

/// What a client says (option 53).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    Discover,
    Request,
    Decline,
    Release,
    Inform,
}

/// A message of a client, with what the server decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub kind: RequestKind,
    pub xid: u32,
    /// The client cannot take a unicast before it has an address (RFC 2131, 4.1).
    pub broadcast: bool,
    /// The flags as they came: they go back unchanged.
    pub flags: u16,
    pub ciaddr: Option<Ipv4Addr>,
    pub mac: Mac,
    /// By whom it was passed on, if by anybody; whether that one may do so is for others to judge.
    pub relayed: Option<Relayed>,
    /// Option 61 as it came, to be echoed (RFC 6842); at most 255 bytes.
    pub client_id: Option<ClientId>,
    /// Option 50.
    pub requested: Option<Ipv4Addr>,
    /// Option 54.
    pub server_id: Option<Ipv4Addr>,
    /// Option 51, seconds.
    pub lease: Option<u32>,
    /// Option 12, cleaned.
    pub hostname: Option<Label>,
    /// Option 55; an empty one is as none.
    pub parameters: Option<SmallVec<[u8; 64]>>,
    /// Option 80: the client takes an ACK to its DISCOVER (RFC 4039).
    pub rapid_commit: bool,
    /// Option 57, bytes with the IP and UDP headers; at least 576, what every client must take (RFC 2131, 2).
    pub max_size: u16,
}

/// Why a packet is no message this server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Malformed {
    Short,
    NotRequest,
    NotEthernet,
    BadMac,
    /// A client that says what only a relay agent may say (RFC 3046, 2.1), or that wants another subnet (RFC 3011).
    RelayOptions,
    NoCookie,
    /// No message type: BOOTP (RFC 951), which knows no leases. It is let ask somebody else.
    Bootp,
    /// One that no client sends.
    BadType,
    BadClientId,
}

impl Request {
    pub fn read(message: &[u8]) -> Result<Self, Malformed> {
        let header = Header::read(message).ok_or(Malformed::Short)?;
        if header.op() != BOOTREQUEST {
            return Err(Malformed::NotRequest);
        }
        if !header.is_ethernet() {
            return Err(Malformed::NotEthernet);
        }
        if !header.has_cookie() {
            return Err(Malformed::NoCookie);
        }
        let options = header.options();
        let agent = header.giaddr();
        let information = options.get(code::RELAY_AGENT);
        if options.get(code::SUBNET_SELECTION).is_some() || (agent.is_none() && information.is_some()) {
            return Err(Malformed::RelayOptions);
        }
        let relayed = agent.map(|agent| Relayed { agent, information: SmallVec::from_slice(information.unwrap_or_default()) });
        if relayed.as_ref().is_some_and(|relayed| relayed.information.len() > 255) {
            return Err(Malformed::RelayOptions);
        }
        let client_id = options.get(code::CLIENT_ID);
        if client_id.is_some_and(|id| id.len() > 255) {
            return Err(Malformed::BadClientId);
        }
        Ok(Self {
            kind: kind(options.get(code::MESSAGE_TYPE).ok_or(Malformed::Bootp)?).ok_or(Malformed::BadType)?,
            xid: header.xid(),
            broadcast: header.is_broadcast(),
            flags: header.flags(),
            ciaddr: header.ciaddr(),
            mac: Mac::new(header.chaddr()).map_err(|_| Malformed::BadMac)?,
            relayed,
            client_id: client_id.filter(|id| !id.is_empty()).map(ClientId::from_slice),
            requested: options.array(code::REQUESTED_ADDRESS).and_then(specified),
            server_id: options.array(code::SERVER_ID).and_then(specified),
            lease: options.array(code::LEASE_TIME).map(u32::from_be_bytes),
            hostname: options.get(code::HOST_NAME).and_then(hostname::clean),
            parameters: options.get(code::PARAMETERS).filter(|asked| !asked.is_empty()).map(SmallVec::from_slice),
            rapid_commit: options.get(code::RAPID_COMMIT).is_some_and(<[u8]>::is_empty),
            max_size: options.array(code::MAX_SIZE).map_or(576, u16::from_be_bytes).max(576),
        })
    }
}

fn kind(option: &[u8]) -> Option<RequestKind> {
    match *option {
        [message_type::DISCOVER] => Some(RequestKind::Discover),
        [message_type::REQUEST] => Some(RequestKind::Request),
        [message_type::DECLINE] => Some(RequestKind::Decline),
        [message_type::RELEASE] => Some(RequestKind::Release),
        [message_type::INFORM] => Some(RequestKind::Inform),
        _ => None,
    }
}
