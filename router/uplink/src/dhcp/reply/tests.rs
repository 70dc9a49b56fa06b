use super::*;
use edge_dhcp_wire::header::{BOOTREPLY, MAGIC_COOKIE};
use proptest::prelude::*;

/// Bytes before the magic cookie.
const FIXED: usize = 236;
const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// An acknowledgement of 192.0.2.9 with these options besides kind, server, mask and time.
fn ack(more: &[u8]) -> Vec<u8> {
    let mut message = vec![0; FIXED];
    message[..3].copy_from_slice(&[BOOTREPLY, 1, 6]);
    message[4..8].copy_from_slice(&7u32.to_be_bytes());
    message[16..20].copy_from_slice(&[192, 0, 2, 9]);
    message[28..34].copy_from_slice(&MAC);
    message.extend(MAGIC_COOKIE);
    message.extend([53, 1, 5, 54, 4, 192, 0, 2, 1, 1, 4, 255, 255, 255, 0, 51, 4, 0, 0, 14, 16]);
    message.extend(more);
    message.push(255);
    message
}

fn read(more: &[u8]) -> Result<ClientLease, String> {
    match ServerReply::read(&ack(more)).unwrap().what {
        ServerMessage::Ack(lease) => lease.map_err(|why| why.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_asked_for_is_read() {
    let options = [
        &[3, 4, 192, 0, 2, 254][..],
        &[6, 8, 9, 9, 9, 9, 127, 0, 0, 1],
        b"\x0f\x0csite.example",
        &[26, 2, 5, 212, 58, 4, 0, 0, 0, 100, 59, 4, 0, 0, 0, 200],
        b"\x77\x13\x04site\x07example\x00\x02eu\xc0\x00",
    ];
    let lease = read(&options.concat()).unwrap();
    assert_eq!(lease.interface.to_string(), "192.0.2.9/24");
    assert_eq!((lease.server, lease.gateway), ([192, 0, 2, 1].into(), Some([192, 0, 2, 254].into())));
    assert_eq!(lease.dns, [Ipv4Addr::new(9, 9, 9, 9)]);
    assert_eq!(lease.domain.as_deref(), Some("site.example"));
    assert_eq!(lease.search, ["site.example", "eu.site.example"]);
    assert_eq!(lease.mtu, Some(1492));
    assert_eq!((lease.terms.lease, lease.terms.renew, lease.terms.rebind), (3600, 100, 200));
}

#[test]
fn classless_routes_replace_the_router() {
    let options =
        [&[3, 4, 192, 0, 2, 254][..], &[121, 21, 0, 192, 0, 2, 253, 24, 10, 1, 2, 192, 0, 2, 3, 8, 10, 0, 0, 0, 0, 33, 1]];
    let lease = read(&options.concat()).unwrap();
    assert_eq!(lease.gateway, Some([192, 0, 2, 253].into()));
    let net = |text: &str| text.parse::<Ipv4Net>().unwrap();
    assert_eq!(lease.routes, [(net("10.1.2.0/24"), Some([192, 0, 2, 3].into())), (net("10.0.0.0/8"), None)]);
    // A route to half the Internet, a next hop that is not on the link, a loopback destination, and the box itself are of no use.
    let useless =
        [121, 31, 1, 0, 192, 0, 2, 1, 8, 10, 203, 0, 113, 1, 8, 127, 192, 0, 2, 1, 0, 192, 0, 2, 9, 4, 224, 192, 0, 2, 1, 0];
    let lease = read(&useless).unwrap();
    assert_eq!((lease.gateway, lease.routes), (None, vec![]));
    let told = ["0.0.0.0/1", "10.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4"];
    assert!(told.iter().all(|to| lease.useless.contains(&net(to))), "{:?}", lease.useless);
}

#[test]
fn what_is_of_no_use_is_named() {
    assert!(read(&[3, 4, 203, 0, 113, 1]).unwrap_err().contains("192.0.2.9/24 with the gateway 203.0.113.1, which is not in"));
    let told = |at: usize, bytes: &[u8]| {
        let mut message = ack(&[]);
        message[at..at + bytes.len()].copy_from_slice(bytes);
        match ServerReply::read(&message).unwrap().what {
            ServerMessage::Ack(lease) => lease.unwrap_err().to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert!(told(16, &[192, 0, 2, 255]).contains("no host's address"));
    assert!(told(16, &[127, 0, 0, 1]).contains("no host's address"));
    assert!(told(FIXED + 4 + 9, &[2]).contains("without a netmask"));
    assert!(told(FIXED + 4 + 17, &[0, 0, 0, 9]).contains("a lease of 9 s only"));
    for (mask, length) in [([192, 0, 0, 0], 2), ([254, 0, 0, 0], 7)] {
        let why = told(FIXED + 4 + 11, &mask);
        assert_eq!(why, format!("192.0.2.9/{length}: no uplink's subnet is wider than /8"));
    }
}

#[test]
fn only_replies_to_ethernet_are_read() {
    for (at, byte) in [(0, 1), (1, 6), (2, 16), (28, 1), (FIXED, 0), (FIXED + 6, 3)] {
        let mut message = ack(&[]);
        message[at] = byte;
        assert_eq!(ServerReply::read(&message), None, "{at}");
    }
}

#[test]
fn a_compressed_name_that_leads_in_a_circle_ends() {
    assert_eq!(search(b"\xc0\x00"), Vec::<String>::new());
    assert_eq!(search(b"\x01a\xc0\x00"), Vec::<String>::new());
    assert_eq!(search(b"\x01a\x00\x01b\xc0\x03"), ["a"]);
    assert_eq!(search(b"\x04a\n;b\x00\x01c\x00"), ["c"]);
}

proptest! {
    #[test]
    fn no_bytes_do_harm(options: Vec<u8>, cut in 0usize..400) {
        let message = ack(&options);
        let _ = ServerReply::read(&message[..cut.min(message.len())]);
        if let Some(ServerReply { what: ServerMessage::Ack(Ok(lease)), .. }) = ServerReply::read(&message) {
            prop_assert!(lease.dns.len() <= MOST && lease.routes.len() <= MOST && lease.search.len() <= MOST);
            prop_assert!(lease.gateway.is_none_or(|via| lease.interface.has_host(via) && via != lease.interface.address()));
            let text = lease.search.iter().chain(&lease.domain).flat_map(|name| name.chars());
            prop_assert!(text.into_iter().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
        }
    }

    #[test]
    fn no_search_list_does_harm(bytes: Vec<u8>) {
        prop_assert!(search(&bytes).len() <= MOST);
    }
}

/// What is kept for the fuzzer: what brought the reader down once, and where it begins.
#[test]
fn the_fuzzers_corpus_is_survived() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/reply");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(files.iter().filter(|bytes| ServerReply::read(bytes).is_some()).count() > 3);
}
