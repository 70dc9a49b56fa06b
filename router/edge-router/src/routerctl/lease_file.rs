//! Lease files: our own (`leases --export`), dnsmasq's, ISC dhcpd's and OpenBSD's, Kea's and systemd-networkd's. What is not understood
//! is left out and named; the files are others'.

mod dnsmasq;
mod isc;
mod kea;
mod networkd;

use edge_api::{LeaseFile, LeaseRecord};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Of a line that is not understood, characters.
const SHOWN: usize = 60;
/// Far ahead; the daemon believes a year of it.
const NEVER: u64 = u32::MAX as u64;

/// What a file says, and the lines that say nothing that is understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Parsed {
    pub file: LeaseFile,
    pub unread: Vec<String>,
}

/// None where the text is none of them, or has no lease.
pub fn parse(text: &str) -> Option<Parsed> {
    // Editors of other systems put a byte order mark before it.
    let text = text.trim_start_matches('\u{feff}');
    let mut reading = Reading::default();
    if text.trim_start().starts_with('{') {
        if let Ok(file) = serde_json::from_str(text) {
            return Some(Parsed { file, unread: Vec::new() });
        }
        networkd::read(serde_json::from_str(text).ok()?, &mut reading);
    } else if text.starts_with(kea::HEADER) {
        kea::read(text, &mut reading);
    } else if text.lines().any(|line| line.trim_start().starts_with("lease ")) {
        isc::read(text, &mut reading);
    } else {
        dnsmasq::read(text, &mut reading);
    }
    reading.end()
}

/// A lease, and when it was last given or spoken of: unix seconds.
struct Found {
    record: LeaseRecord,
    since: Option<u64>,
}

/// What was found up to here. Most of these files are journals: what is said later of an address counts.
#[derive(Default)]
struct Reading {
    found: BTreeMap<Ipv4Addr, Found>,
    unread: Vec<String>,
}

impl Reading {
    fn found(&mut self, found: Found) {
        self.found.insert(found.record.address, found);
    }

    fn forget(&mut self, address: Ipv4Addr) {
        self.found.remove(&address);
    }

    fn unread(&mut self, number: usize, line: &str) {
        let start: String = line.trim().chars().take(SHOWN).collect();
        self.unread.push(format!("line {number} (\"{}\")", start.escape_debug()));
    }

    /// Of several addresses of one device the one that it has, or had last.
    fn end(self) -> Option<Parsed> {
        let mut newest: BTreeMap<String, Found> = BTreeMap::new();
        for (address, found) in self.found {
            let LeaseRecord { client_id, mac, .. } = &found.record;
            let device =
                client_id.as_ref().or(mac.as_ref()).map_or_else(|| address.to_string(), |name| name.to_ascii_lowercase());
            let age = |found: &Found| (found.record.expires.is_some(), found.since);
            if newest.get(&device).is_none_or(|other| age(other) <= age(&found)) {
                newest.insert(device, found);
            }
        }
        let mut leases: Vec<LeaseRecord> = newest.into_values().map(|found| found.record).collect();
        leases.sort_by_key(|lease| lease.address);
        (!leases.is_empty()).then_some(Parsed { file: LeaseFile { leases }, unread: self.unread })
    }
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
        let read = parse(text).expect("leases");
        assert_eq!(read.file.leases, want);
        assert_eq!(read.unread, ["line 5 (\"half a line\")"]);
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
        assert_eq!(parse(text), Some(Parsed { file: LeaseFile { leases: want }, unread: Vec::new() }));
        assert_eq!(isc::time("4 2023/11/02 13:00:00"), Some(1_698_930_000));
        assert_eq!(isc::time("4 2023/13/02 13:00:00"), None);
    }

    #[test]
    fn what_is_exported_can_be_read_and_anything_else_is_refused() {
        let file = LeaseFile { leases: vec![lease([10, 0, 1, 5], "02:00:00:00:01:05", None, None, None)] };
        let text = serde_json::to_string(&file).expect("JSON");
        assert_eq!(parse(&text), Some(Parsed { file: file.clone(), unread: Vec::new() }));
        assert_eq!(parse(&format!("\u{feff}{text}")).map(|read| read.file), Some(file), "behind a byte order mark");
        for other in ["", "{", "{}", "hello", "lease {"] {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }

    fn leases(text: &str) -> Vec<LeaseRecord> {
        parse(text).expect("leases").file.leases
    }

    #[test]
    fn a_block_without_a_binding_state_is_leased_until_it_ends() {
        let text = "lease 10.0.1.140 {\n\tstarts 4 2023/11/02 12:00:00 UTC;\n\tends 4 2023/11/02 13:00:00 UTC;\n\
            \thardware ethernet 02:00:00:00:05:01;\n\tuid 01:02:00:00:00:05:01;\n\tclient-hostname \"puffy\";\n}\n\
            lease 10.0.1.141 {\n\tabandoned;\n\thardware ethernet 02:00:00:00:05:02;\n}\n";
        let want = lease([10, 0, 1, 140], "02:00:00:00:05:01", Some("01:02:00:00:00:05:01"), Some("puffy"), Some(1_698_930_000));
        assert_eq!(leases(text), [want]);
    }

    #[test]
    fn of_several_leases_of_a_device_the_newest_counts() {
        let block = |last: u8, day: u8, state: &str| {
            format!(
                "lease 10.0.1.{last} {{\n  starts 5 2023/11/{day:02} 10:00:00;\n  ends 5 2023/11/{day:02} 11:00:00;\n  \
                 binding state {state};\n  on release {{\n    set x = 1;\n  }}\n  hardware ethernet 02:00:00:00:0A:04;\n}}\n"
            )
        };
        let text = block(190, 20, "free") + &block(185, 30, "free") + &block(195, 10, "free");
        assert_eq!(leases(&text).iter().map(|lease| lease.address).collect::<Vec<_>>(), [Ipv4Addr::new(10, 0, 1, 185)]);
        let text = text + &block(180, 1, "active");
        assert_eq!(leases(&text).iter().map(|lease| lease.address).collect::<Vec<_>>(), [Ipv4Addr::new(10, 0, 1, 180)]);
    }

    #[test]
    fn what_of_isc_dhcpd_is_not_read_is_named() {
        let good = "lease 10.0.1.5 {\n  ends never;\n  hardware ethernet 02:00:00:00:01:05;\n}\n";
        let text =
            format!("{good}lease 10.0.1.300 {{\n}}\nlease 10.0.1.7 {{\n  ends never;\n}}\nlease 10.0.1.8 {{\n  ends never;\n");
        let unread = parse(&text).expect("leases").unread;
        assert_eq!(
            unread,
            ["line 5 (\"lease 10.0.1.300 {\")", "line 7 (\"lease 10.0.1.7 {\")", "line 10 (\"lease 10.0.1.8 {\")"]
        );
    }

    #[test]
    fn dnsmasq_without_client_identifiers() {
        let text = "1700000000 02:00:00:00:01:05 10.0.1.5 device1\n";
        assert_eq!(leases(text), [lease([10, 0, 1, 5], "02:00:00:00:01:05", None, Some("device1"), Some(1_700_000_000))]);
    }

    #[test]
    fn kea_leases() {
        let text = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id\n\
            10.0.1.170,02:00:00:00:08:01,,43200,1700000000,1,0,0,,0,,0\n\
            10.0.1.171,02:00:00:00:08:02,01:02:00:00:00:08:02,43200,1700000000,1,0,0,old,0,,0\n\
            10.0.1.171,02:00:00:00:08:02,01:02:00:00:00:08:02,43200,1700000001,1,0,0,a&#x2cb,0,,0\n\
            10.0.1.172,02:00:00:00:08:03,,43200,1700000000,1,0,0,gone,0,,0\n\
            10.0.1.172,02:00:00:00:08:03,,0,1700000000,1,0,0,gone,0,,0\n\
            10.0.1.173,,,86400,1700000000,1,0,0,,1,,0\n\
            10.0.1.174,02:00:00:00:08:05,,43200,1700000000,1,0,0,,2,,0\n\
            10.0.1.175,02:00:00:00:08:06,,4294967295,1700000000,1,0,0,,0,,0\n\
            10.0.1.176,02:00:0\n";
        let read = parse(text).expect("leases");
        let want = [
            lease([10, 0, 1, 170], "02:00:00:00:08:01", None, None, Some(1_700_000_000)),
            lease([10, 0, 1, 171], "02:00:00:00:08:02", Some("01:02:00:00:00:08:02"), Some("a,b"), Some(1_700_000_001)),
            lease([10, 0, 1, 174], "02:00:00:00:08:05", None, None, None),
            lease([10, 0, 1, 175], "02:00:00:00:08:06", None, None, Some(NEVER)),
        ];
        assert_eq!(read.file.leases, want);
        assert_eq!(read.unread, ["line 10 (\"10.0.1.176,02:00:0\")"]);
    }

    #[test]
    fn networkd_leases() {
        let text = r#"{"BootID":"0123","Address":[10,0,1,1],"PrefixLength":24,"Leases":[{"ClientId":[1,2,0,0,0,8,3],
            "Address":[10,0,1,172],"Hostname":"cam2","HardwareAddressType":1,"HardwareAddressLength":6,
            "HardwareAddress":[2,0,0,0,8,3],"ExpirationUSec":1,"ExpirationRealtimeUSec":1700000000000000}],"StaticLeases":[]}"#;
        let want = lease([10, 0, 1, 172], "02:00:00:00:08:03", Some("01:02:00:00:00:08:03"), Some("cam2"), Some(1_700_000_000));
        assert_eq!(leases(text), [want]);
    }
}
