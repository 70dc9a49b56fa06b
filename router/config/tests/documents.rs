//! Files that a reader copies are files that the parser takes.

#![allow(clippy::panic, reason = "the helpers of a test are test code")]

use edge_config::{Config, parse};
use std::{fs, path::PathBuf};

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(what: &str, text: &str) -> Config {
    parse(what, text).unwrap_or_else(|wrong| panic!("{}", wrong.render(false)))
}

/// What stands between a line "```toml" and the next "```".
fn toml_blocks(page: &str) -> Vec<&str> {
    page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn each_example_is_valid_and_says_in_its_head_what_it_is() {
    let mut names = Vec::new();
    for entry in fs::read_dir(top().join("docs/examples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{name} has no comment at its head");
        assert!(!read(&name, &text).networks.is_empty(), "{name} has no network");
        names.push(name);
    }
    names.sort();
    assert_eq!(names, ["cameras.toml", "containers.toml", "failover.toml", "fire-truck.toml", "relay.toml"]);
}

#[test]
fn the_configuration_in_the_readme_is_valid() {
    let readme = fs::read_to_string(top().join("README.md")).unwrap();
    let blocks = toml_blocks(&readme);
    assert_eq!(blocks.len(), 1, "README.md shows one configuration");
    let config = read("README.md", blocks[0]);
    assert_eq!((config.uplinks.len(), config.networks.len(), config.allows.len()), (1, 1, 1));
}

#[test]
fn the_configuration_on_the_card_is_valid_also_with_what_it_leaves_as_comments() {
    let text = fs::read_to_string(top().join("rootfs/usr/share/edge-router/edge-router.toml")).unwrap();
    assert_eq!(read("edge-router.toml", &text).networks.len(), 1);
    let (head, rest) = text.split_once("# A network of its own").unwrap();
    let rest =
        rest.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| line.starts_with("[[") || line.contains(" = "));
    let whole = format!("{head}{}", rest.collect::<Vec<_>>().join("\n"));
    assert_eq!(read("edge-router.toml", &whole).networks.len(), 2);
}
