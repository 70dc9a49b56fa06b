//! The fuzzer's entry over its seeds, so that the stable toolchain runs it with every test.

#[path = "../../fuzz/entries/config.rs"]
mod entry;

use std::{fs, path::Path};

#[test]
fn the_fuzzer_finds_nothing_in_its_seeds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for folder in ["../fuzz/corpus/config", "tests/cases", "../lab/scenarios/fire-truck", "../lab/scenarios/two-networks"] {
        for file in fs::read_dir(root.join(folder)).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            entry::run(&bytes);
            // Every prefix, as a file cut by a lost connection or a full disk.
            (0..bytes.len()).step_by(61).for_each(|end| entry::run(&bytes[..end]));
            count += 1;
        }
    }
    assert!(count > 10, "only {count} seeds");
}
