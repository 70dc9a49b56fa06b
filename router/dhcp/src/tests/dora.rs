//! Five things that dora gets wrong.

use super::*;

const A: [u8; 6] = [2, 0, 0, 0, 1, 1];
const B: [u8; 6] = [2, 0, 0, 0, 1, 2];

fn plain(message: Message) -> Message {
    message
}

#[test]
fn dora_1_a_spoofed_release_frees_nobodys_lease() {
    let mut desk = Desk::new(service(1, 1));
    desk.boot(A, plain);
    desk.ask(Message::new(RELEASE, B).ciaddr(ip(1)).at_server());
    desk.ask(Message::new(RELEASE, A).ciaddr(ip(1)).option(54, &ip(9).octets()));
    desk.ask(Message::new(RELEASE, A).ciaddr(ip(1)));
    assert_eq!(desk.boot(B, plain), None);
}

#[test]
fn dora_2_init_reboot_just_after_expiry_gets_the_free_address_back() {
    let mut desk = Desk::new(service(1, 8));
    desk.boot(A, plain);
    desk.now += 3605;
    let ack = desk.ask(Message::new(REQUEST, A).requests(ip(1))).expect("an answer");
    assert_eq!((ack.kind, ack.yiaddr), (ACK, ip(1)));
}

#[test]
fn dora_3_a_latin_1_host_name_before_the_client_identifier_changes_nobody() {
    let mut desk = Desk::new(service(1, 8));
    let named = |message: Message| message.option(12, b"k\xfcche").option(61, b"\xffkitchen");
    let unnamed = |message: Message| message.option(61, b"\xffkitchen");
    assert_eq!(desk.boot(A, named), Some(ip(1)));
    assert_eq!(desk.boot(A, unnamed), Some(ip(1)));
    assert_eq!(desk.owner(ip(1)), Some(Identity::ClientId(b"\xffkitchen"[..].into())));
}

#[test]
fn dora_4_an_own_valid_lease_wins_over_a_lower_expired_one() {
    let mut desk = Desk::new(service(1, 8));
    desk.boot(A, plain);
    desk.boot(B, plain);
    desk.now += 1800;
    desk.ask(Message::new(REQUEST, B).ciaddr(ip(2)));
    desk.now += 1900;
    assert_eq!(desk.boot(B, plain), Some(ip(2)), "10.0.1.1 has expired");
}

#[test]
fn dora_5_a_hardware_address_of_any_length_is_survived() {
    let mut desk = Desk::new(service(1, 8));
    for length in [0, 1, 5, 7, 16, 17, 255] {
        assert!(desk.ask(Message::new(DISCOVER, A).set(2, &[length])).is_none());
    }
    assert_eq!(desk.drops("not-ethernet"), 7);
    assert_eq!(desk.boot(A, plain), Some(ip(1)));
}
