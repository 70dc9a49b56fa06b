//! dnsmasq's: `EXPIRY MAC ADDRESS NAME CLIENT-ID`, with `*` for what is not known; expiry 0 is never.

use super::{Found, NEVER, Reading};
use edge_api::LeaseRecord;
use std::net::Ipv6Addr;

pub fn read(text: &str, reading: &mut Reading) {
    for (line, number) in text.lines().zip(1..) {
        match lease(line) {
            Some(record) => reading.found(Found { since: record.expires, record }),
            None if is_of_ipv6(line) || line.trim().is_empty() => {}
            None => reading.unread(number, line),
        }
    }
}

/// Old ones wrote no client identifier.
fn lease(line: &str) -> Option<LeaseRecord> {
    let known = |word: &str| (word != "*").then(|| word.to_owned());
    let words: Vec<&str> = line.split_whitespace().collect();
    let (expires, mac, address, name, id) = match words[..] {
        [expires, mac, address, name] => (expires, mac, address, name, "*"),
        [expires, mac, address, name, id] => (expires, mac, address, name, id),
        _ => return None,
    };
    let ends = expires.parse().ok()?;
    let expires = Some(if ends == 0 { NEVER } else { ends });
    let (hostname, client_id) = (known(name), known(id));
    Some(LeaseRecord { mac: known(mac), client_id, hostname, expires, ..LeaseRecord::at(address.parse().ok()?) })
}

/// They are in the same file, below a line with the server's own identifier.
fn is_of_ipv6(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next() == Some("duid") || words.nth(1).is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}
