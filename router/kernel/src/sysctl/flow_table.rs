//! How many flows the kernel tracks (kernel doc networking/nf_conntrack-sysctl). It is one number for all namespaces, each of which may have
//! so many, and only the machine's own can set it: elsewhere the files are read-only.
//!
//! It is raised, never lowered: who has set it higher knows why.

use crate::Error;
use edge_plan::FlowTable;
use nix::unistd::{AccessFlags, access};
use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

const MAX: &str = "nf_conntrack_max";
const BUCKETS: &str = "nf_conntrack_buckets";

/// The files, as the calling thread's network namespace has them.
pub struct FlowTableFiles(PathBuf);

impl FlowTableFiles {
    pub fn own() -> Self {
        Self("/proc/sys/net/netfilter".into())
    }

    /// Whether it can be set here. Not where the module is not loaded: the rules load it.
    pub fn are_ours(&self) -> bool {
        // Not on a mount that is read-only either.
        let can_be_written = |file| {
            let path = self.path(file);
            access(&path, AccessFlags::W_OK).is_ok()
                && fs::metadata(&path).is_ok_and(|found| found.permissions().mode() & 0o200 != 0)
        };
        [MAX, BUCKETS].into_iter().all(can_be_written)
    }

    /// Whether it is as large as wanted; `None`: it is not ours to set, or says what no kernel we know says.
    pub fn observe(&self, wanted: FlowTable) -> Option<bool> {
        let numbers = self.are_ours().then(|| [MAX, BUCKETS].map(|file| number(&self.path(file)).ok()));
        let [Some(max), Some(buckets)] = numbers? else { return None };
        // 0 is without a bound.
        Some((max == 0 || max >= wanted.max()) && buckets >= wanted.buckets())
    }

    /// How many files were written. The buckets first: more flows than there are places for would be slow to find.
    pub fn enlarge(&self, wanted: FlowTable) -> Result<u64, Error> {
        let mut writes = 0;
        for (file, least) in [(BUCKETS, wanted.buckets()), (MAX, wanted.max())] {
            let path = self.path(file);
            let failed = |source| Error::Sysctl { path: path.clone(), source };
            let found = number(&path).map_err(failed)?;
            let is_bound = found > 0 || file == BUCKETS;
            if is_bound && found < least {
                fs::write(&path, least.to_string()).map_err(failed)?;
                writes += 1;
            }
        }
        Ok(writes)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }
}

/// What a file of `/proc/sys` holds.
pub fn number(file: &Path) -> io::Result<u32> {
    let odd = |_| io::Error::new(io::ErrorKind::InvalidData, format!("{} holds no number", file.display()));
    fs::read_to_string(file)?.trim().parse().map_err(odd)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use std::fs::Permissions;

    fn files(max: &str, buckets: &str) -> (tempfile::TempDir, FlowTableFiles) {
        let directory = tempfile::tempdir().unwrap();
        let files = FlowTableFiles(directory.path().to_owned());
        for (file, text) in [(MAX, max), (BUCKETS, buckets)] {
            fs::write(files.path(file), text).unwrap();
        }
        (directory, files)
    }

    fn now(files: &FlowTableFiles) -> [u32; 2] {
        [MAX, BUCKETS].map(|file| number(&files.path(file)).unwrap())
    }

    /// A board of 512 MB, as its kernel starts.
    #[test]
    fn what_is_too_small_is_raised_and_what_is_larger_stays() {
        let wanted = FlowTable::of_memory(512 << 20);
        let [least, more] = [wanted.max(), wanted.max() * 2];
        let cases = [
            (4096, 4096, false, 2),
            (4096, more, false, 1),
            (more, 4096, false, 1),
            (least, least, true, 0),
            (more, more, true, 0),
            (0, more, true, 0),
        ];
        for (max, buckets, large, writes) in cases {
            let (_directory, files) = files(&format!("{max}\n"), &format!("{buckets}\n"));
            assert_eq!(files.observe(wanted), Some(large));
            assert_eq!(files.enlarge(wanted).unwrap(), writes);
            assert_eq!(files.observe(wanted), Some(true));
            assert_eq!(now(&files), [if max == 0 { 0 } else { max.max(least) }, buckets.max(least)]);
        }
    }

    #[test]
    fn what_cannot_be_set_here_is_not_ours() {
        let wanted = FlowTable::default();
        let (_directory, elsewhere) = files("4096\n", "4096\n");
        fs::set_permissions(elsewhere.path(MAX), Permissions::from_mode(0o444)).unwrap();
        let empty = tempfile::tempdir().unwrap();
        let not_loaded = FlowTableFiles(empty.path().to_owned());
        assert_eq!((elsewhere.observe(wanted), not_loaded.observe(wanted)), (None, None));
        let (_directory, damaged) = files("many\n", "4096\n");
        assert!(damaged.observe(wanted).is_none() && damaged.enlarge(wanted).is_err());
    }
}
