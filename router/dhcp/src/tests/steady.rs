//! What a message costs the allocator once a network is at work: memory that is asked for again and again fragments, and costs more
//! than the answer where the C library is a small one.

use super::*;
use edge_config::{DeviceId, Host};
use edge_net::Mac;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

/// The system's, with a count for each thread.
struct Counting;

// SAFETY: it is the system's allocator in all but the count, which allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no count any more.
        let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const NAME: &[u8] = b"Device-1.local";
const A: [u8; 6] = [2, 0, 0, 0, 1, 1];

/// How often memory is asked for, for each of a hundred of these messages after the first ten.
fn allocations(kind: u8, id: &[u8], reserved: Option<DeviceId>) -> u64 {
    let mut service = service(1, 200);
    let host = |device| Host { device: Some(device), ..crate::decide::tests::host("camera", None, ip(150)) };
    service.reservations.extend(reserved.map(host));
    let mut desk = Desk::new(service);
    let mut reply = Vec::new();
    // A network with one client only would make its trees anew each time.
    for client in 1..=20 {
        desk.boot([2, 0, 0, 0, 9, client], |message| message);
    }
    let address = desk.boot(A, |message| message.option(61, id).option(12, NAME)).expect("an address");
    for client in 21..=40 {
        desk.ask(Message::new(DISCOVER, [2, 0, 0, 0, 9, client]));
    }
    let message = Message::new(kind, A).ciaddr(if kind == REQUEST { address } else { Ipv4Addr::UNSPECIFIED });
    let bytes = message.option(61, id).option(12, NAME).option(55, &[1, 3, 6, 12, 15, 28, 51]).end();
    let mut before = 0;
    for number in 0..110 {
        if number == 10 {
            before = ASKED.get();
        }
        // Not more than its share in a second.
        desk.now += u64::from(number % 10 == 0);
        let answer = desk.network.answer(&bytes, Via::Broadcast, desk.now.into(), &mut reply);
        assert_eq!((answer.reply.is_some(), answer.is_durable()), (true, kind == REQUEST), "an offer or an ACK");
        answer.changes.into_iter().for_each(|change| desk.network.table.apply(change));
    }
    (ASKED.get() - before) / 100
}

#[test]
fn a_message_of_a_known_client_allocates_nothing() {
    let ids = [&[1, 2, 0, 0, 0, 1, 1][..], &[255, 1, 2, 3, 4, 0, 2, 0, 0, 0xab, 0x11, 1, 2, 3, 4, 5, 6, 7, 8]];
    for id in ids {
        assert_eq!(allocations(DISCOVER, id, None), 0, "an offer, to {id:?}");
        assert_eq!(allocations(REQUEST, id, None), 0, "a renewal, of {id:?}");
    }
    let mac = Mac::new(A).expect("a MAC");
    for device in [DeviceId::Mac(mac), DeviceId::ClientId(ids[1].to_vec()), DeviceId::Hostname("device-1".to_owned())] {
        assert_eq!(allocations(DISCOVER, ids[1], Some(device.clone())), 0, "an offer, to {device:?}");
        assert_eq!(allocations(REQUEST, ids[1], Some(device.clone())), 0, "a renewal, of {device:?}");
    }
}
