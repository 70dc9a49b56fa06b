use crate::{Error, NetnsError, NetnsId, Record};
use edge_net::{IfName, Name};
use std::{
    fmt,
    path::{Component, Path, PathBuf},
    str::FromStr,
};

/// What a container is called: 1 to 63 letters, digits, `-`, `_` or `.`, as Docker and Podman have it; a `[[host]]` of the same
/// name reserves its address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointName(String);

/// Who wants to be plugged in where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Absolute: `/run/netns/NAME`, `/proc/PID/ns/net`.
    pub netns: PathBuf,
    /// Who it is, from one life to the next.
    pub name: EndpointName,
    /// Where to.
    pub network: Name,
    /// What the interface is called inside.
    pub ifname: IfName,
}

/// Who is to be unplugged, from all of its networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DetachTarget {
    /// Whoever is called so.
    Name(EndpointName),
    /// Whoever is in the namespace that this absolute path leads to, or led to when it was plugged in.
    Netns(PathBuf),
}

impl EndpointName {
    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EndpointName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let clean = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if starts_well && clean && text.len() <= 63 { Ok(Self(text.to_owned())) } else { Err(Error::BadName(shown(text))) }
    }
}

impl fmt::Display for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl DetachTarget {
    /// Refuses a path that does not mean the same to whoever asks and to the daemon.
    pub fn in_netns(path: &str) -> Result<Self, Error> {
        netns_path(path).map(Self::Netns)
    }

    /// `id`: of the namespace that is meant, when it is there still.
    pub(crate) fn is(&self, record: &Record, id: Option<NetnsId>) -> bool {
        match self {
            DetachTarget::Name(name) => record.name == *name,
            DetachTarget::Netns(path) => {
                record.plugged().is_some_and(|plugged| plugged.place.netns == *path || Some(plugged.place.id) == id)
            }
        }
    }
}

impl Request {
    /// From what a front was told.
    pub fn parse(netns: &str, name: &str, network: &str, ifname: &str) -> Result<Self, Error> {
        Ok(Self {
            netns: netns_path(netns)?,
            name: name.parse()?,
            network: network.parse().map_err(|_| Error::NoNetwork { name: shown(network), there: Vec::new() })?,
            ifname: IfName::from_str(ifname).map_err(|why| Error::BadIfName { name: shown(ifname), why: why.to_string() })?,
        })
    }
}

/// The path of a namespace that means the same to whoever asks and to the daemon.
fn netns_path(text: &str) -> Result<PathBuf, Error> {
    let bad = |why| Err(Error::BadNetns { path: shown(text).into(), why });
    let path = Path::new(text);
    if !path.is_absolute()
        || text.len() > 4095
        || text.contains('\0')
        || path.components().any(|part| part == Component::ParentDir)
    {
        return bad(NetnsError::NotAbsolute);
    }
    if path.starts_with("/proc/self") || path.starts_with("/proc/thread-self") {
        return bad(NetnsError::WhoeverLooks);
    }
    Ok(path.to_owned())
}

/// Long or unprintable text, fit for an error message.
fn shown(text: &str) -> String {
    text.chars().take(100).map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_container_engines_have_them() {
        for good in ["web", "web_1", "a.b-c", "0", &"x".repeat(63)] {
            assert_eq!(good.parse::<EndpointName>().unwrap().as_str(), good);
        }
        for bad in ["", ".", "-web", "_web", "a b", "a/b", "é", "a\n", &"x".repeat(64)] {
            assert!(bad.parse::<EndpointName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_path_means_the_same_to_everybody() {
        assert!(netns_path("/run/netns/a").is_ok() && netns_path("/proc/1/ns/net").is_ok());
        for bad in ["", "a", "netns/a", "/proc/self/ns/net", "/proc/thread-self/ns/net", "/proc/1/../self/ns/net", "/a\0b"] {
            assert!(netns_path(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_error_shows_no_control_characters() {
        let error = Request::parse("/run/netns/a", "\x1b[31m", "vehicle", "eth0").unwrap_err();
        assert!(!error.to_string().contains('\x1b'), "{error}");
        assert!(Request::parse("/run/netns/a", "a", "vehicle", "an-interface-name").is_err());
    }
}
