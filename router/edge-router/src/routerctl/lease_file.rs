//! Lease files: our own (`leases --export`), dnsmasq's and ISC dhcpd's. What is not understood is left out; the files are others'.

use edge_api::{LeaseFile, LeaseRecord};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// None where the text is none of the three.
pub fn parse(text: &str) -> Option<LeaseFile> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).ok();
    }
    let leases = if text.lines().any(|line| line.starts_with("lease ")) { isc(text) } else { dnsmasq(text) };
    (!leases.is_empty()).then_some(LeaseFile { leases })
}

/// `EXPIRY MAC ADDRESS NAME CLIENT-ID`, with `*` for what is not known; expiry 0 is never.
fn dnsmasq(text: &str) -> Vec<LeaseRecord> {
    let known = |word: &str| (word != "*").then(|| word.to_owned());
    let lease = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [expires, mac, address, name, id] = words[..] else { return None };
        let expires = expires.parse().ok().map(|at| if at == 0 { NEVER } else { at });
        let address: Ipv4Addr = address.parse().ok()?;
        Some(LeaseRecord {
            mac: known(mac),
            client_id: known(id),
            hostname: known(name),
            expires: Some(expires?),
            ..LeaseRecord::at(address)
        })
    };
    text.lines().filter_map(lease).collect()
}

/// Far ahead; the daemon believes a year of it.
const NEVER: u64 = u32::MAX as u64;

/// `lease ADDRESS { … }`, dhcpd.leases(5): a later block replaces an earlier one of the same address.
fn isc(text: &str) -> Vec<LeaseRecord> {
    let mut leases = BTreeMap::new();
    let mut current: Option<(LeaseRecord, bool)> = None;
    for line in text.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("lease ").and_then(|rest| rest.split_whitespace().next()?.parse().ok()) {
            current = Some((LeaseRecord::at(address), false));
        } else if line == "}" {
            if let Some((lease, active)) = current.take() {
                let expires = lease.expires.filter(|_| active);
                leases.insert(lease.address, LeaseRecord { expires, ..lease });
            }
        } else if let Some((lease, active)) = &mut current {
            match isc_statement(line).split_once(' ') {
                Some(("ends", when)) => lease.expires = isc_time(when),
                Some(("binding", state)) => *active = state == "state active",
                Some(("hardware", hardware)) => lease.mac = hardware.strip_prefix("ethernet ").map(str::to_owned),
                Some(("uid", uid)) => lease.client_id = isc_uid(uid),
                Some(("client-hostname", name)) => lease.hostname = Some(name.trim_matches('"').to_owned()),
                _ => {}
            }
        }
    }
    leases.into_values().filter(|lease| lease.mac.is_some()).collect()
}

/// Up to its semicolon. Between quotes that is a character like others, and `\` takes the meaning of the one after it.
fn isc_statement(line: &str) -> &str {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let ends = |character: char| {
        let was_escaped = std::mem::take(&mut is_escaped);
        is_escaped = character == '\\' && !was_escaped;
        is_quoted ^= character == '"' && !was_escaped;
        character == ';' && !is_quoted
    };
    line.split(ends).next().unwrap_or_default()
}

/// `4 2023/11/02 13:00:00` (UTC), `epoch 1698930000` or `never`, as unix seconds.
fn isc_time(text: &str) -> Option<u64> {
    if text == "never" {
        return Some(NEVER);
    }
    let mut words = text.split_whitespace();
    let first = words.next()?;
    let second = words.next()?;
    if first == "epoch" {
        return second.parse().ok();
    }
    let date: Vec<i64> = second.split('/').map(str::parse).collect::<Result<_, _>>().ok()?;
    let time: Vec<i64> = words.next()?.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let (&[year, month, day], &[hour, minute, second]) = (&date[..], &time[..]) else { return None };
    let fits = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let fits = fits && (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    // Days since 1970 with years that start in March, so that the leap day is the last.
    let (shifted, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    u64::try_from(days * 86_400 + hour * 3600 + minute * 60 + second).ok().filter(|_| fits)
}

/// `"\001\002abc"` or `01:02:61`, as hex.
fn isc_uid(text: &str) -> Option<String> {
    let Some(quoted) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { return Some(text.to_owned()) };
    let (mut bytes, mut rest) = (Vec::new(), quoted.as_bytes());
    while let [byte, after @ ..] = rest {
        match (byte, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = after;
            }
            (b'\\', [escaped, after @ ..]) => {
                bytes.push(*escaped);
                rest = after;
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(address: [u8; 4], mac: &str, id: Option<&str>, name: Option<&str>, expires: Option<u64>) -> LeaseRecord {
        LeaseRecord {
            mac: Some(mac.to_owned()),
            client_id: id.map(str::to_owned),
            hostname: name.map(str::to_owned),
            expires,
            ..LeaseRecord::at(address.into())
        }
    }

    #[test]
    fn dnsmasq_leases() {
        let text = "1700000000 02:00:00:00:01:05 10.0.1.5 device1 01:02:00:00:00:01:05\n0 02:00:00:00:01:06 10.0.1.6 * *\n\
            duid 00:01:00:01\n1700000000 1234 fd00::1 * 00:01\nhalf a line\n";
        let want = vec![
            lease([10, 0, 1, 5], "02:00:00:00:01:05", Some("01:02:00:00:00:01:05"), Some("device1"), Some(1_700_000_000)),
            lease([10, 0, 1, 6], "02:00:00:00:01:06", None, None, Some(NEVER)),
        ];
        assert_eq!(parse(text), Some(LeaseFile { leases: want }));
    }

    #[test]
    fn isc_leases() {
        let text = r#"
# The format of this file is documented in the dhcpd.leases(5) manual page.
authoring-byte-order little-endian;
lease 10.0.1.5 {
  starts 4 2023/11/02 12:00:00;
  ends 4 2023/11/02 13:00:00;
  binding state active;
  hardware ethernet 02:00:00:00:01:05;
}
lease 10.0.1.5 {
  starts 2 2024/02/29 00:00:00;
  ends 5 2024/03/01 00:00:01;
  binding state active;
  next binding state free;
  hardware ethernet 02:00:00:00:01:05;
  uid "\001\002\000\"ab";
  client-hostname "device1";
}
lease 10.0.1.6 {
  ends epoch 1700000000; # Tue Nov 14 22:13:20 2023
  binding state free;
  hardware ethernet 02:00:00:00:01:06;
  uid 01:02;
}
lease 10.0.1.7 {
  ends never;
  binding state abandoned;
}
lease 10.0.1.8 {
  ends never;
  binding state active;
  hardware ethernet 02:00:00:00:01:08;
  uid "\000;\";\\"; # a;b
  client-hostname "a;b";
}
"#;
        let want = vec![
            lease([10, 0, 1, 5], "02:00:00:00:01:05", Some("01:02:00:22:61:62"), Some("device1"), Some(1_709_251_201)),
            lease([10, 0, 1, 6], "02:00:00:00:01:06", Some("01:02"), None, None),
            lease([10, 0, 1, 8], "02:00:00:00:01:08", Some("00:3b:22:3b:5c"), Some("a;b"), Some(NEVER)),
        ];
        assert_eq!(parse(text), Some(LeaseFile { leases: want }));
        assert_eq!(isc_time("4 2023/11/02 13:00:00"), Some(1_698_930_000));
        assert_eq!(isc_time("4 2023/13/02 13:00:00"), None);
    }

    #[test]
    fn what_is_exported_can_be_read_and_anything_else_is_refused() {
        let file = LeaseFile { leases: vec![lease([10, 0, 1, 5], "02:00:00:00:01:05", None, None, None)] };
        assert_eq!(parse(&serde_json::to_string(&file).expect("JSON")), Some(file));
        for other in ["", "{", "{}", "hello", "lease {"] {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }
}
