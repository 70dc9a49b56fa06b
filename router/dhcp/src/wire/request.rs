use super::{code, options::Options};
use edge_config::Mac;
use std::net::Ipv4Addr;

/// What a client sends (option 53).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Discover,
    Request,
    Decline,
    Release,
    Inform,
}

/// A message of a client, with what the server decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub kind: Kind,
    pub xid: u32,
    /// The client cannot take a unicast before it has an address (RFC 2131, 4.1).
    pub broadcast: bool,
    /// The flags as they came: they go back unchanged.
    pub flags: u16,
    pub ciaddr: Option<Ipv4Addr>,
    pub mac: Mac,
    /// Option 61 as it came, to be echoed (RFC 6842); at most 255 bytes.
    pub client_id: Option<Vec<u8>>,
    /// Option 50.
    pub requested: Option<Ipv4Addr>,
    /// Option 54.
    pub server_id: Option<Ipv4Addr>,
    /// Option 51, seconds.
    pub lease: Option<u32>,
    /// Option 12, cleaned.
    pub hostname: Option<String>,
    /// Option 55.
    pub parameters: Option<Vec<u8>>,
    /// Option 57, bytes with the IP and UDP headers; at least 576, what every client must take (RFC 2131, 2).
    pub max_size: u16,
}

/// Why a packet is no message this server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    Short,
    NotRequest,
    NotEthernet,
    BadMac,
    /// No relay is configured, so whoever claims to be one is none.
    Relayed,
    NoCookie,
    /// None (BOOTP), or one that no client sends.
    BadType,
    BadClientId,
}

impl Malformed {
    /// The counter's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Malformed::Short => "too-short",
            Malformed::NotRequest => "not-a-request",
            Malformed::NotEthernet => "not-ethernet",
            Malformed::BadMac => "bad-mac",
            Malformed::Relayed => "relayed",
            Malformed::NoCookie => "no-magic-cookie",
            Malformed::BadType => "bad-message-type",
            Malformed::BadClientId => "bad-client-id",
        }
    }
}

/// Where the fixed fields lie (RFC 2131, 2); the options follow the magic cookie.
const SNAME: usize = 44;
const FILE: usize = 108;
const COOKIE: usize = 236;
const OPTIONS: usize = 240;

impl Request {
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let (fixed, options) = bytes.split_first_chunk::<OPTIONS>().ok_or(Malformed::Short)?;
        let [op, htype, hlen, ..] = *fixed;
        if op != 1 {
            return Err(Malformed::NotRequest);
        }
        if (htype, hlen) != (1, 6) {
            return Err(Malformed::NotEthernet);
        }
        if fixed[COOKIE..] != [99, 130, 83, 99] {
            return Err(Malformed::NoCookie);
        }
        let options = Options::read(options, &fixed[FILE..COOKIE], &fixed[SNAME..FILE]);
        if word(fixed, 24) != [0; 4] || options.get(code::RELAY_AGENT).is_some() {
            return Err(Malformed::Relayed);
        }
        let client_id = options.get(code::CLIENT_ID);
        if client_id.is_some_and(|id| id.len() > 255) {
            return Err(Malformed::BadClientId);
        }
        let flags = u16::from_be_bytes([fixed[10], fixed[11]]);
        Ok(Self {
            kind: kind(options.byte(code::MESSAGE_TYPE)).ok_or(Malformed::BadType)?,
            xid: u32::from_be_bytes(word(fixed, 4)),
            broadcast: flags & 0x8000 != 0,
            flags,
            ciaddr: specified(word(fixed, 12)),
            mac: Mac::new([fixed[28], fixed[29], fixed[30], fixed[31], fixed[32], fixed[33]]).map_err(|_| Malformed::BadMac)?,
            client_id: client_id.filter(|id| !id.is_empty()).map(<[u8]>::to_vec),
            requested: options.array(code::REQUESTED_ADDRESS).and_then(specified),
            server_id: options.array(code::SERVER_ID).and_then(specified),
            lease: options.array(code::LEASE_TIME).map(u32::from_be_bytes),
            hostname: options.get(code::HOST_NAME).and_then(super::hostname::clean),
            parameters: options.get(code::PARAMETERS).map(<[u8]>::to_vec),
            max_size: options.array(code::MAX_SIZE).map_or(576, u16::from_be_bytes).max(576),
        })
    }
}

fn kind(message_type: Option<u8>) -> Option<Kind> {
    match message_type? {
        1 => Some(Kind::Discover),
        3 => Some(Kind::Request),
        4 => Some(Kind::Decline),
        7 => Some(Kind::Release),
        8 => Some(Kind::Inform),
        _ => None,
    }
}

fn word(fixed: &[u8; OPTIONS], at: usize) -> [u8; 4] {
    [fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]
}

fn specified(bytes: [u8; 4]) -> Option<Ipv4Addr> {
    Some(Ipv4Addr::from(bytes)).filter(|address| !address.is_unspecified())
}
