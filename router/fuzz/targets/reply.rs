//! Any answer of a server: a lease that is taken is one the box can live with. The reader is included, because its crate needs the whole
//! of the kernel's side, which takes minutes to instrument.

#![no_main]
#![allow(dead_code, reason = "only the reader is run")]

#[path = "../../uplink/src/dhcp/lease.rs"]
mod lease;
#[path = "../../uplink/src/dhcp/reply.rs"]
mod reply;

use reply::{Reply, What};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(Reply { what: What::Offer(Ok(lease)) | What::Ack(Ok(lease)), .. }) = Reply::read(bytes) else { return };
    assert!(lease.gateway.is_none_or(|gateway| lease.interface.has_host(gateway)));
    assert!(lease.routes.iter().all(|(to, _)| to.prefix_len() >= 8), "a second default route");
    let names = lease.domain.iter().chain(&lease.search);
    assert!(names.flat_map(|name| name.chars()).all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
});
