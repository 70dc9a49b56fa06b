//! How many flows the kernel tracks (kernel doc networking/nf_conntrack-sysctl). It is one number for all namespaces, each of which may have so
//! many, and only the machine's own can set it: elsewhere the files are read-only.
//!
//! It is raised, never lowered: who has set it higher knows why.

use super::{path, read};
use crate::Error;
use edge_host::memory;
use edge_plan::FlowTable;
use std::{fs, io, os::unix::fs::PermissionsExt};

const MAX: &str = "net/netfilter/nf_conntrack_max";
const BUCKETS: &str = "net/netfilter/nf_conntrack_buckets";

/// Whether it is as large as the memory allows; `None`: it is not ours to set, or the module is not loaded yet. The rules load it.
pub fn observe() -> io::Result<Option<bool>> {
    let is_there = |file| match fs::metadata(path(file)) {
        Ok(found) => Ok(found.permissions().mode() & 0o200 != 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    };
    if !is_there(MAX)? || !is_there(BUCKETS)? {
        return Ok(None);
    }
    let wanted = FlowTable::of_memory(memory::total());
    Ok(Some(number(MAX)? >= wanted.max() && number(BUCKETS)? >= wanted.buckets()))
}

/// How many files were written. The buckets first: more flows than there are places for would be slow to find.
pub fn enlarge(wanted: FlowTable) -> Result<u64, Error> {
    let mut writes = 0;
    for (file, least) in [(BUCKETS, wanted.buckets()), (MAX, wanted.max())] {
        let failed = |source| Error::Sysctl { path: path(file), source };
        if number(file).map_err(failed)? < least {
            fs::write(path(file), least.to_string()).map_err(failed)?;
            writes += 1;
        }
    }
    Ok(writes)
}

fn number(file: &str) -> io::Result<u32> {
    read(file)?.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("{file} holds no number")))
}
