//! How much memory the machine has.

use std::fs;

/// Bytes, without what the kernel and the firmware keep for themselves (proc_meminfo(5), `MemTotal`); 0 where that cannot be read.
pub fn total() -> u64 {
    fs::read_to_string("/proc/meminfo").ok().and_then(|text| kib(&text)).unwrap_or(0).saturating_mul(1024)
}

fn kib(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;

    #[test]
    fn it_is_read_as_the_kernel_writes_it() {
        assert_eq!(kib("MemTotal:         441368 kB\nMemFree:   1 kB\n"), Some(441_368));
        assert_eq!((kib(""), kib("MemTotal: x kB"), kib("MemTotal: 5")), (None, None, None));
        assert!(total() > 64 << 20);
    }
}
