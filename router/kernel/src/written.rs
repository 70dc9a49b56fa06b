use std::sync::atomic::{AtomicU64, Ordering};

/// What was ever sent to the kernel that may change something there.
#[derive(Debug, Default)]
pub(crate) struct Written {
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Written {
    pub fn add(&self, requests: u64, bytes: u64) {
        self.requests.fetch_add(requests, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}
