//! Values as a user types them.

use edge_config::{DeviceId, Drift, Unnamed, UplinkAddress, UplinkLink};
use edge_net::{AttachKind, IfName, Interface, Name, Secret, VlanId};
use std::{fmt::Write, net::Ipv4Addr, time::Duration};

/// Longer ones are cut: an option may have a thousand bytes.
const LONGEST: usize = 120;

/// How a value is told.
pub enum Shown {
    Text(String),
    /// The file does not say it.
    Absent,
    /// Nobody may read it.
    Secret,
}

/// What a key of the file can have.
pub trait Value: PartialEq {
    fn shown(&self) -> Shown;
}

macro_rules! as_displayed {
    ($($of:ty),+) => {
        $(impl Value for $of {
            fn shown(&self) -> Shown {
                Shown::Text(cut(&self.to_string()))
            }
        })+
    };
}

as_displayed!(bool, u32, String, Ipv4Addr, Interface, IfName, Name, VlanId);

impl<T: Value> Value for Option<T> {
    fn shown(&self) -> Shown {
        self.as_ref().map_or(Shown::Absent, Value::shown)
    }
}

impl<T: Value> Value for Vec<T> {
    fn shown(&self) -> Shown {
        let texts = self.iter().map(|one| match one.shown() {
            Shown::Text(text) => Some(text),
            Shown::Absent => Some("none".to_owned()),
            Shown::Secret => None,
        });
        match texts.collect::<Option<Vec<_>>>() {
            Some(texts) if texts.is_empty() => Shown::Absent,
            Some(texts) => Shown::Text(cut(&texts.join(", "))),
            None => Shown::Secret,
        }
    }
}

impl<T: PartialEq> Value for Secret<T> {
    fn shown(&self) -> Shown {
        Shown::Secret
    }
}

impl Value for Duration {
    fn shown(&self) -> Shown {
        Shown::Text(time(*self))
    }
}

impl Value for AttachKind {
    fn shown(&self) -> Shown {
        Shown::Text(
            match self {
                Self::Bridge => "bridge",
                Self::Macvlan => "macvlan",
                Self::IpvlanL2 => "ipvlan-l2",
            }
            .to_owned(),
        )
    }
}

impl Value for UplinkLink {
    fn shown(&self) -> Shown {
        Shown::Text(
            match self {
                Self::Direct => "direct",
                Self::Macvlan => "macvlan",
                Self::IpvlanL2 => "ipvlan-l2",
            }
            .to_owned(),
        )
    }
}

impl Value for UplinkAddress {
    fn shown(&self) -> Shown {
        match self {
            Self::Static(interface) => interface.shown(),
            Self::Dhcp => Shown::Text("dhcp".to_owned()),
        }
    }
}

impl Value for Unnamed {
    fn shown(&self) -> Shown {
        let word = match self {
            Self::Closed => "closed",
            Self::Untouched => "untouched",
        };
        Shown::Text(word.to_owned())
    }
}

impl Value for Drift {
    fn shown(&self) -> Shown {
        Shown::Text(
            match self {
                Self::Mend => "mend",
                Self::Report => "report",
            }
            .to_owned(),
        )
    }
}

/// The key with its value: `mac 02:00:00:00:00:01`.
pub fn device(id: &DeviceId) -> String {
    match id {
        DeviceId::Mac(mac) => format!("mac {mac}"),
        DeviceId::ClientId(bytes) => format!("client-id {}", bytes_in_words(bytes)),
        DeviceId::Hostname(name) => format!("hostname {name}"),
    }
}

/// As text where it is text, else `01:04:0a`.
pub fn bytes_in_words(bytes: &[u8]) -> String {
    let is_text = bytes.len() > 1 && bytes.iter().all(|byte| *byte == b' ' || byte.is_ascii_graphic());
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text => cut(text),
        _ => cut(&bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")),
    }
}

/// `12h`, `1h30m`: what the file takes for the same time.
pub fn time(time: Duration) -> String {
    let mut rest = time.as_secs();
    let mut text = String::new();
    for (unit, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if rest >= seconds {
            let _ = write!(text, "{}{unit}", rest / seconds);
            rest %= seconds;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

pub fn cut(text: &str) -> String {
    crate::render::cut(text, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_a_user_types_it() {
        for (seconds, text) in [(43_200, "12h"), (5_400, "1h30m"), (90, "1m30s"), (86_400, "1d"), (1, "1s"), (0, "0s")] {
            assert_eq!(time(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn bytes_are_text_where_they_are_text_and_never_long() {
        assert_eq!(bytes_in_words(b"pxelinux.0"), "pxelinux.0");
        assert_eq!(bytes_in_words(&[1, 4, 0x0a]), "01:04:0a");
        assert_eq!(bytes_in_words(b"\x1b[2J"), "1b:5b:32:4a");
        assert!(bytes_in_words(&[0; 1024]).chars().count() <= LONGEST);
    }
}
