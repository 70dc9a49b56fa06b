//! The fuzzers' entries over what is kept for them, with every test.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test ends where it fails")]

#[path = "../../fuzz/entries/packet.rs"]
mod packet;

use std::{fs, path::Path};

/// And every prefix, as a message or file that was cut.
fn each(target: &str, run: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut count = 0;
    for file in fs::read_dir(folder).expect("it is there") {
        let bytes = fs::read(file.expect("an entry").path()).expect("a file");
        run(&bytes);
        (0..bytes.len()).step_by(7).for_each(|end| run(&bytes[..end]));
        count += 1;
    }
    assert!(count > 3, "only {count} for {target}");
}

#[test]
fn packets_bring_nothing_down() {
    each("packet", packet::run);
}

#[test]
fn files_bring_no_recovery_down() {
    each("log", edge_dhcp::fuzz_log);
}
