use crate::Datapath;
use edge_plan::{Address, Space};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until};

/// When the neighbours are told of an address, after it was made: at once, which suffices unless a link on the way does not carry yet. A
/// bridge and its port take the time the kernel takes to tell (milliseconds, seconds on a busy machine), a card as long as it negotiates
/// (RFC 5227 section 2.3 too wants two announcements, two seconds apart).
const ANNOUNCED_AFTER: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// Nobody waits for it.
pub(crate) fn announce(datapath: Arc<impl Datapath>, addresses: Vec<(Space, Address)>) {
    if addresses.is_empty() {
        return;
    }
    tokio::spawn(async move {
        let begun = Instant::now();
        for after in ANNOUNCED_AFTER {
            sleep_until(begun + after).await;
            datapath.announce(addresses.clone()).await;
        }
    });
}
