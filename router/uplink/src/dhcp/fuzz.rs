use super::reply::{ServerMessage, ServerReply};

/// What the fuzzer runs. Any answer of a server: a lease that is taken is one the box can live with.
#[doc(hidden)]
pub fn fuzz_reply(bytes: &[u8]) {
    let Some(ServerReply { what: ServerMessage::Offer(Ok(lease)) | ServerMessage::Ack(Ok(lease)), .. }) =
        ServerReply::read(bytes)
    else {
        return;
    };
    assert!(lease.gateway.is_none_or(|gateway| lease.interface.has_host(gateway)));
    assert!(lease.routes.iter().all(|(to, _)| to.prefix_len() >= 8), "a second default route");
    assert!(lease.interface.subnet().prefix_len() >= 8, "a subnet as wide as one");
    let names = lease.domain.iter().chain(&lease.search);
    assert!(names.flat_map(|name| name.chars()).all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
}
