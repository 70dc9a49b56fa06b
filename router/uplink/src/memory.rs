//! Leases on disk, for a restart: `uplinks/NAME.json` in the state directory.

use crate::dhcp::{ClientLease, Held};
use edge_host::{
    BootId, aside, clock,
    own_directory::{self, Expected},
    sealed_json::{self, Found},
};
use edge_net::Name;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

pub struct Memory {
    directory: PathBuf,
    /// `since` of another boot means nothing.
    boot: BootId,
    /// One writes at a time.
    writing: Mutex<()>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Record {
    boot: String,
    /// Milliseconds on that boot's clock.
    since: u64,
    /// Option 61 as it was sent: another client's lease is not ours.
    client_id: Vec<u8>,
    lease: ClientLease,
}

/// What is left of an earlier run.
#[derive(Debug, PartialEq, Eq)]
pub enum Remembered {
    /// The box was not restarted since: the lease counts.
    Lease(Held),
    /// An address it once had, and may get again.
    Address(Ipv4Addr),
}

/// Bytes; a lease with all its lists full is far smaller.
const LONGEST: usize = 64 * 1024;

impl Memory {
    pub fn open(state_dir: &Path) -> Self {
        Self { directory: state_dir.join("uplinks"), boot: BootId::current(), writing: Mutex::default() }
    }

    /// With the client identifier it was given to. A damaged file is as good as none, as a lease can be had again, but set aside.
    pub fn recall(&self, uplink: &Name) -> Option<(Remembered, Vec<u8>)> {
        let record = self.read(uplink).unwrap_or_else(|why| {
            aside::put_aside(&self.directory, &file(uplink), &why);
            None
        })?;
        let held = Held { since: Duration::from_millis(record.since), lease: record.lease };
        let counts = record.boot == self.boot.as_str() && !held.is_over(clock::since_boot());
        let address = held.lease.interface.address();
        let recollection = if counts { Remembered::Lease(held) } else { Remembered::Address(address) };
        Some((recollection, record.client_id))
    }

    pub fn keep(&self, uplink: &Name, held: &Held, client_id: &[u8]) -> io::Result<()> {
        let since = u64::try_from(held.since.as_millis()).unwrap_or(u64::MAX);
        let lease = held.lease.clone();
        let text = serde_json::to_string(&Record { boot: self.boot.to_string(), since, client_id: client_id.to_vec(), lease })?;
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        own_directory::settle(&self.directory, |_| Expected::File)?;
        sealed_json::write(&self.path(uplink), &file(uplink), &text)
    }

    /// Or why it cannot be used.
    fn read(&self, uplink: &Name) -> Result<Option<Record>, String> {
        let found = sealed_json::read(&self.path(uplink), &file(uplink), LONGEST).map_err(|error| error.to_string())?;
        let (Found::Sealed(json) | Found::Unsealed(json)) = found else { return Ok(None) };
        serde_json::from_str(&json).map(Some).map_err(|error| error.to_string())
    }

    pub fn forget(&self, uplink: &Name) {
        // It may never have been there.
        let _ = fs::remove_file(self.path(uplink));
    }

    fn path(&self, uplink: &Name) -> PathBuf {
        self.directory.join(file(uplink))
    }
}

fn file(uplink: &Name) -> String {
    format!("{uplink}.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dhcp::tests::lease;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_lease_counts_on_within_a_boot_and_is_a_wish_after_it() {
        let directory = tempfile::tempdir().unwrap();
        let name: Name = "wan".parse().unwrap();
        let memory = Memory::open(directory.path());
        assert_eq!(memory.recall(&name), None);
        let held =
            Held { lease: lease("192.0.2.9/24", 3600), since: Duration::from_millis(clock::since_boot().as_millis() as u64) };
        memory.keep(&name, &held, b"id").unwrap();
        let file = directory.path().join("uplinks/wan.json");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(memory.recall(&name), Some((Remembered::Lease(held.clone()), b"id".to_vec())));

        // It may be one whose id cannot be read.
        for boot in ["other".parse().unwrap(), BootId::drawn()] {
            let next_boot = Memory { boot, ..Memory::open(directory.path()) };
            let address = Remembered::Address(held.lease.interface.address());
            assert_eq!(next_boot.recall(&name), Some((address, b"id".to_vec())));
        }

        let whole = fs::read(&file).unwrap();
        for damaged in [&b""[..], &whole[..whole.len() / 2], b"{\"boot\":"] {
            fs::write(&file, damaged).unwrap();
            assert_eq!(memory.recall(&name), None);
        }
        assert_eq!(aside::damaged(directory.path()).len(), 3, "each is told");
        assert!(!file.exists());
        memory.keep(&name, &held, b"id").unwrap();
        fs::rename(&file, directory.path().join("uplinks/lte.json")).unwrap();
        assert_eq!(memory.recall(&"lte".parse().unwrap()), None, "it is another uplink's");
        memory.keep(&name, &held, b"id").unwrap();
        memory.forget(&name);
        assert!(!file.exists());
    }

    #[test]
    fn a_lease_that_ran_out_is_an_address_to_ask_for() {
        let directory = tempfile::tempdir().unwrap();
        let name: Name = "wan".parse().unwrap();
        let memory = Memory::open(directory.path());
        let held = Held { lease: lease("192.0.2.9/24", 10), since: clock::since_boot().saturating_sub(Duration::from_secs(11)) };
        memory.keep(&name, &held, b"id").unwrap();
        assert!(matches!(memory.recall(&name), Some((Remembered::Address(_), _))));
    }
}
