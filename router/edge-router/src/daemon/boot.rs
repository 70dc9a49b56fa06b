use edge_engine::{Moment, Now};
use edge_host::{BootId, clock::since_boot};
use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock is only shown: one before 1970 is as good as one at 1970.
pub fn now() -> Now {
    let ms = u64::try_from(since_boot().as_millis()).unwrap_or(u64::MAX);
    let moment = Moment { boot: BootId::current().to_string(), ms };
    Now { moment, unix: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()) }
}
