//! `/proc/net/tcp` and `tcp6` (kernel doc networking/proc_net_tcp), of the namespace the calling thread is in.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, ErrorKind, Read},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// Some 50,000 connections; what is behind them is not looked at.
const MAX_BYTES: u64 = 8 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub state: State,
    pub inode: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Established,
    Listen,
}

pub fn list() -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for name in ["tcp", "tcp6"] {
        match File::open(format!("/proc/thread-self/net/{name}")) {
            Ok(file) => {
                entries.extend(BufReader::new(file.take(MAX_BYTES)).lines().map_while(Result::ok).filter_map(|line| read(&line)))
            }
            // A kernel without IPv6.
            Err(error) if error.kind() == ErrorKind::NotFound && name == "tcp6" => {}
            Err(error) => return Err(error),
        }
    }
    Ok(entries)
}

/// `None`: the heading, or in another state.
fn read(line: &str) -> Option<Entry> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (local, remote, state) = (socket(words.next()?)?, socket(words.next()?)?, words.next()?);
    let state = match state {
        "01" => State::Established,
        "0A" => State::Listen,
        _ => return None,
    };
    let inode = words.nth(5)?.parse().ok()?;
    Some(Entry { local, remote, state, inode })
}

/// `0101000A:0016`: 10.0.1.1:22 where the lower byte comes first.
fn socket(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    Some(SocketAddr::new(address_of(address)?, u16::from_str_radix(port, 16).ok()?))
}

/// Words of 32 bits, each in the order of the machine. An IPv4 address in IPv6 clothes is one of IPv4.
fn address_of(text: &str) -> Option<IpAddr> {
    let words = text.as_bytes().chunks(8).map(|word| u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok());
    let bytes: Vec<u8> = words.collect::<Option<Vec<u32>>>()?.into_iter().flat_map(u32::to_ne_bytes).collect();
    match (<[u8; 4]>::try_from(bytes.as_slice()), <[u8; 16]>::try_from(bytes.as_slice())) {
        (Ok(address), _) => Some(Ipv4Addr::from(address).into()),
        (_, Ok(address)) => Some(Ipv6Addr::from(address).to_canonical()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn each_connection_is_listed_with_both_its_ends() {
        for (address, mapped) in [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1"), ("[::]:0", "127.0.0.1")] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let port = listener.local_addr().unwrap().port();
            let client = TcpStream::connect((mapped, port)).unwrap();
            let _server = listener.accept().unwrap();
            let (listed, here) = (list().unwrap(), SocketAddr::new(mapped.parse().unwrap(), port));
            let established = |entry: &&Entry| entry.state == State::Established && entry.local == here;
            let found: Vec<_> = listed.iter().filter(established).map(|entry| entry.remote).collect();
            assert_eq!(found, [client.local_addr().unwrap()], "{address}");
            assert!(listed.iter().any(|entry| entry.state == State::Listen && entry.local.port() == port), "{address}");
        }
    }

    #[test]
    fn the_heading_and_other_states_are_no_entries() {
        let line =
            |state: &str| format!("   0: 0101000A:0016 1401000A:C350 {state} 00000000:00000000 00:00000000 00000000 0 0 77 1 0");
        assert_eq!(read(&line("01")).unwrap().inode, 77);
        for line in [line("06"), line("08"), String::new(), "  sl  local_address rem_address   st tx_queue".to_owned()] {
            assert_eq!(read(&line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_an_entry_or_none(line in "[ 0-9A-F:é]{0,200}") {
            let _ = read(&line);
        }
    }
}
