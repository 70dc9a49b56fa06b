//! Another configuration in words of the file: every key, by the tables of docs/configuration.md.
//! `BLESS=1 cargo test -p edge-report --test effects` writes the lines anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helper functions too")]

mod common;

use common::{config, golden};
use edge_api::{ApplyReport, FileEffect, PartKind};
use edge_config::Config;
use edge_report::{Living, effects, line, render};
use std::collections::BTreeSet;

const EVERY_KEY: &str = include_str!("cases/effects/every-key.toml");

/// The file with one line otherwise, or without one table.
struct Variant {
    table: String,
    key: String,
    /// Of the table, where it has one.
    name: Option<String>,
    text: String,
}

fn told(old: &Config, new: &Config) -> Vec<FileEffect> {
    effects(old, new, &Living::default())
}

fn lines(old: &str, new: &str) -> Vec<String> {
    told(&config(old), &config(new)).iter().map(line).collect()
}

fn blocks() -> Vec<Vec<&'static str>> {
    EVERY_KEY.split("\n\n").map(|block| block.lines().filter(|line| !line.starts_with('#')).collect()).collect()
}

/// What is written where the block at `place` is these lines.
fn with(place: usize, block: &[String]) -> String {
    let mut all: Vec<Vec<String>> = blocks().iter().map(|block| block.iter().map(|line| (*line).to_owned()).collect()).collect();
    all[place] = block.to_vec();
    all.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn variants() -> Vec<Variant> {
    let mut variants = Vec::new();
    let mut name = None;
    for (place, block) in blocks().into_iter().enumerate() {
        let title = block[0].split(" # ->").next().unwrap();
        let named = block.iter().find_map(|line| line.strip_prefix("name = \"")).map(|rest| rest.split('"').next().unwrap());
        name = if title.contains("network.dhcp") { name } else { named.map(str::to_owned) };
        for (at, line) in block.iter().enumerate() {
            let Some((before, after)) = line.split_once(" # ->") else { continue };
            let mut changed: Vec<String> = block.iter().map(|line| (*line).to_owned()).collect();
            let (table, key) = match at {
                0 => match title.trim_matches(['[', ']']).strip_prefix("network.dhcp.") {
                    Some(key) => ("[network.dhcp]", key),
                    None => ("the file", title.trim_matches(['[', ']'])),
                },
                _ => (title, before.split(' ').next().unwrap()),
            };
            if at == 0 {
                changed.clear()
            } else {
                changed[at] = after.trim().to_owned()
            }
            // Below a network are its tables.
            let mut text = with(place, &changed);
            if key == "network" && at == 0 {
                text =
                    text.replace("[network.dhcp]\nrelay-to = \"10.0.30.9\" # -> relay-to = [\"10.0.30.8\", \"10.0.30.9\"]", "");
            }
            if key == "network" && at > 0 {
                // Where its address lies.
                text = text.replace("10.0.30.25", "10.0.50.25");
            }
            variants.push(Variant { table: table.to_owned(), key: key.to_owned(), name: name.clone(), text });
        }
    }
    variants
}

/// Heading and key of each row of the page.
fn documented() -> BTreeSet<(String, String)> {
    let mut title = String::new();
    let mut keys = BTreeSet::new();
    for line in include_str!("../../../docs/configuration.md").lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            title = if heading == "The file" { "the file".to_owned() } else { heading.trim_matches('`').to_owned() };
        } else if let Some((key, _)) = line.strip_prefix("| `").and_then(|row| row.split_once("` |")) {
            keys.insert((title.clone(), key.to_owned()));
        }
    }
    keys
}

#[test]
fn each_key_of_the_page_has_an_effect_that_names_its_part() {
    let variants = variants();
    let tried = variants.iter().map(|one| (one.table.clone(), one.key.clone())).collect();
    assert_eq!(documented(), tried, "left: docs/configuration.md, right: what every-key.toml changes");
    let (base, mut screen) = (config(EVERY_KEY), String::new());
    for Variant { table, key, name, text } in variants {
        let (other, is_table) = (config(&text), table == "the file");
        let kind = if is_table { &key } else { table.trim_matches(['[', ']']).split('.').next().unwrap() };
        for (old, new) in [(&base, &other), (&other, &base)] {
            let told = told(old, new);
            let is_its = |effect: &&FileEffect| {
                let is_named = effect.name.is_none() || effect.name == name || key == "name";
                effect.kind == PartKind::Table(kind.to_owned()) && is_named
            };
            assert!(told.iter().any(|effect| is_its(&effect)), "{table} {key} ({name:?}): {told:#?}");
        }
        screen += &format!("{table} {key}\n");
        let report = ApplyReport { effects: told(&base, &other), ..ApplyReport::default() };
        screen += render::apply(&report, false).strip_suffix("applied: nothing to change in the kernel (0 ms)\n").unwrap();
    }
    golden("effects/every-key", &screen);
}

/// What has no order of its own in one.
fn in_order(config: &Config) -> Config {
    let mut config = config.clone();
    config.networks.sort_by(|one, other| one.name.cmp(&other.name));
    config.hosts.sort_by(|one, other| one.name.cmp(&other.name));
    config
}

/// Any two of them: silence says that they are the same, and nothing else does.
#[test]
fn nothing_is_told_of_those_alone_that_are_the_same() {
    let configs: Vec<Config> = variants().iter().map(|one| config(&one.text)).chain([config(EVERY_KEY)]).collect();
    for old in &configs {
        for new in &configs {
            assert_eq!(told(old, new).is_empty(), in_order(old) == in_order(new), "{old:#?}\n{new:#?}");
        }
    }
}

#[test]
fn comments_order_and_spelling_are_nothing_to_tell() {
    let mut blocks: Vec<String> = blocks().iter().map(|block| block.join("\n")).collect();
    // The hosts, before whom they stand among.
    let hosts = blocks.iter().position(|block| block.starts_with("[[host]]")).unwrap();
    blocks[hosts..hosts + 5].reverse();
    let text = blocks.join("\n\n").replace("lease = \"8h\"", "lease = \"480m\" # eight hours");
    let text = text.replace("ports = [443, \"8000-8010\"]", "ports = [\"8006-8010\", \"443\", \"8000-8005\"]");
    assert_eq!(lines(EVERY_KEY, &text), [""; 0]);
    let twice = "\n[[allow]]\nfrom = \"printer\"\nto = \"wan\"\nprotocol = \"tcp\"\nports = 443\n";
    assert_eq!(lines(EVERY_KEY, &(text + twice)), [""; 0]);
}

#[test]
fn lines_about_the_same_two_are_told_as_what_they_say_together() {
    let nets = "[[network]]\nname = \"a\"\naddress = \"10.0.1.1/24\"\n[[network]]\nname = \"b\"\naddress = \"10.0.2.1/24\"\n";
    let allow = |more: &str| format!("{nets}[[allow]]\nfrom = \"a\"\nto = \"b\"\n{more}");
    let (all, web) = (allow(""), allow("protocol = \"tcp\"\nports = [80, 443]\n"));
    let more = web.clone() + &allow("protocol = \"icmp\"\n")[nets.len()..];
    for (old, new, told) in [
        (nets, web.as_str(), "a may now reach b: tcp 80, 443"),
        (&web, nets, "a may no longer reach b: tcp 80, 443"),
        (&web, &more, "a may reach b: tcp 80, 443 -> icmp; tcp 80, 443"),
        (&all, &web, "a may reach b: everything -> tcp 80, 443"),
    ] {
        assert_eq!(lines(old, new), [told]);
    }
    assert_eq!(lines(&all, &(all.clone() + &web[nets.len()..])), [""; 0], "everything is everything");
}

/// A forward leads to the host wherever that is.
#[test]
fn a_forward_that_follows_its_host_is_told_by_address() {
    let moved = EVERY_KEY.replace("10.0.30.24", "10.0.30.26");
    let told = lines(EVERY_KEY, &moved);
    assert_eq!(told, ["host web: address 10.0.30.24 -> 10.0.30.26", "tcp 8443 on wan leads to 10.0.30.24:443 -> 10.0.30.26:443"]);
}
