//! How a hardware address is stored: its six bytes, which are checked again when they are read back.

use edge_net::Mac;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

pub fn serialize<S: Serializer>(mac: &Mac, serializer: S) -> Result<S::Ok, S::Error> {
    mac.bytes().serialize(serializer)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Mac, D::Error> {
    Mac::new(<[u8; 6]>::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// The same for one that may be absent.
pub mod option {
    use super::{Deserialize, Deserializer, Error, Mac, Serialize, Serializer};

    pub fn serialize<S: Serializer>(mac: &Option<Mac>, serializer: S) -> Result<S::Ok, S::Error> {
        mac.map(|mac| mac.bytes()).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Mac>, D::Error> {
        Option::<[u8; 6]>::deserialize(deserializer)?.map(Mac::new).transpose().map_err(D::Error::custom)
    }
}
