//! Which sockets ssh servers hold.

use std::{collections::HashSet, fs, path::Path};

/// As `/proc/PID/comm` has them: OpenSSH before and since 9.8, and Dropbear.
const SERVERS: [&str; 4] = ["sshd", "sshd-session", "sshd-auth", "dropbear"];

/// By their inodes. Processes come and go meanwhile: what cannot be read is passed over.
pub fn sockets_of_ssh() -> HashSet<u64> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    processes.filter(|process| is_server(process)).flat_map(|process| sockets(&process)).collect()
}

fn is_server(process: &Path) -> bool {
    let is_number = process.file_name().is_some_and(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit));
    is_number && fs::read_to_string(process.join("comm")).is_ok_and(|name| SERVERS.contains(&name.trim_end()))
}

fn sockets(process: &Path) -> impl Iterator<Item = u64> + use<> {
    let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    open.filter_map(|entry| {
        let target = fs::read_link(entry.path()).ok()?;
        target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    })
}
