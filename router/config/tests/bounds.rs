//! A hostile file costs little time and says little.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use edge_config::{MAX_SHOWN, parse};
use std::{fs, time::Duration};

/// A mebibyte at most is read; these are as near to it as they come.
const SIZE: usize = (1 << 20) - 64;

fn repeated(piece: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for number in 0.. {
        let next = piece(number);
        if text.len() + next.len() > SIZE {
            break;
        }
        text += &next;
    }
    text
}

/// What this thread has had of a processor: other programs may be busy, too.
fn processor_time() -> Duration {
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(schedstat.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn a_large_file_is_refused_unread() {
    let diagnostics = parse("large.toml", &"#".repeat((1 << 20) + 1)).unwrap_err();
    assert_eq!(diagnostics.len(), 1);
    assert!(diagnostics.render(false).contains("at most 1048576 are read"), "{}", diagnostics.render(false));
    parse("small.toml", &"#".repeat(1 << 20)).unwrap();
}

#[test]
fn the_worst_files_are_read_in_seconds() {
    let worst = [
        ("deep arrays", format!("a = {}", "[".repeat(SIZE))),
        ("deep tables", format!("a = {}", "{a=".repeat(SIZE / 3))),
        ("dotted keys", format!("{}a = 1", "a.".repeat(SIZE / 2))),
        ("one long line", format!("[system]\nssh-from = [{}]", "'a',".repeat(SIZE / 4 - 20))),
        ("one long string", format!("[system]\nhostname = '{}'", "x".repeat(SIZE - 64))),
        ("quotes", "'".repeat(SIZE)),
        ("unknown keys", repeated(|n| format!("k{n}=1\n"))),
        ("one key again and again", repeated(|_| "k=1\n".into())),
        ("unknown names", repeated(|n| format!("[[allow]]\nfrom='a{n}'\nto='b{n}'\n"))),
        ("hosts of nowhere", repeated(|n| format!("[[host]]\nname='h{n}'\nnetwork='m{n}'\naddress='10.0.0.1'\n"))),
        ("overlapping networks", repeated(|n| format!("[[network]]\nname='n{n}'\naddress='10.0.0.1/8'\n"))),
        (
            "one device",
            repeated(|n| format!("[[network]]\nname='n{n}'\naddress='10.0.0.1/8'\ntrunk='e'\nvlan=1\nports=['e','e']\n")),
        ),
        ("forwards", repeated(|n| format!("[[forward]]\nuplink='u'\nprotocol='tcp'\nport={n}\nto='10.0.0.1:1'\n"))),
        ("missing keys", repeated(|_| "[[uplink]]\n".into())),
        ("ports", format!("[[allow]]\nports=[{}]", "'1-9',".repeat(SIZE / 6 - 10))),
    ];
    for (what, text) in worst {
        let start = processor_time();
        let diagnostics = parse("worst.toml", &text).unwrap_err();
        let parsed = processor_time() - start;
        let rendered = diagnostics.render(false);
        let took = processor_time() - start;
        println!("{what}: {parsed:?} to read, {took:?} with rendering, {} mistakes", diagnostics.len());
        assert!(diagnostics.len() > 0 && diagnostics.iter().count() <= MAX_SHOWN, "{what}");
        assert!(rendered.len() < 200_000, "{what}: {} bytes shown", rendered.len());
        assert!(took < Duration::from_secs(20), "{what} took {took:?} in a debug build");
    }
}
