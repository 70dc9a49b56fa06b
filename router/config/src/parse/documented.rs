//! docs/configuration.md against the parser: each table with its keys, all of them and no other.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs,
};

type Keys = BTreeMap<String, BTreeSet<String>>;

thread_local! {
    /// What the tables that this thread read take.
    static READ: RefCell<Keys> = RefCell::default();
}

pub fn note(title: &str, keys: &[&str]) {
    READ.with_borrow_mut(|read| read.entry(title.to_owned()).or_default().extend(keys.iter().map(|key| (*key).to_owned())));
}

/// Headings with the first cell of each row below them, where that is one word of code.
fn written(page: &str) -> Keys {
    let mut keys = Keys::new();
    let mut title = String::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            title = if heading == "The file" { "the file".to_owned() } else { heading.trim_matches('`').to_owned() };
        } else if let Some(key) = line.strip_prefix("| `").and_then(|row| row.split_once("` |")) {
            let fresh = keys.entry(title.clone()).or_default().insert(key.0.to_owned());
            assert!(fresh, "{title} has two rows for {}", key.0);
        }
    }
    keys
}

#[test]
fn each_key_of_the_parser_has_a_row_and_each_row_a_key() {
    crate::parse("valid.toml", include_str!("../../tests/cases/valid.toml")).unwrap();
    // What is wrong with a table does not keep it from knowing its keys.
    let files = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases")).unwrap().map(|entry| entry.unwrap().path());
    for case in files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
        drop(crate::parse("case.toml", &fs::read_to_string(case).unwrap()));
    }
    assert_eq!(written(include_str!("../../../../docs/configuration.md")), READ.take(), "left: the page, right: the parser");
}

#[test]
fn each_row_says_type_default_bounds_and_meaning() {
    let page = include_str!("../../../../docs/configuration.md");
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 7, "{row}");
        assert!([2, 3, 5].iter().all(|cell| !cells[*cell].is_empty()), "{row}");
    }
}
