//! `routerctl` as a user types it, where no daemon is needed or none is there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helper functions too"
)]

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

const GOOD: &str = r#"
[[uplink]]
name = "wan"
device = "wlan0"
address = "dhcp"

[[network]]
name = "vehicle"
vlan = 1
trunk = "enp2s0"
address = "10.0.1.3/24"

[[network]]
name = "equipment"
vlan = 2
trunk = "enp2s0"
address = "10.0.2.3/24"

[[allow]]
from = "vehicle"
to = "wan"
"#;

struct Files {
    dir: tempfile::TempDir,
}

fn with(text: &str) -> Files {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("edge-router.toml"), text).unwrap();
    Files { dir }
}

impl Files {
    fn ctl(&self, arguments: &str, stdin: &str) -> Output {
        let mut child = Command::new(self.routerctl())
            .args(arguments.split_whitespace())
            .current_dir(self.dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read it has closed it.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// The symbolic link that gives the program its other name.
    fn routerctl(&self) -> PathBuf {
        let path = self.dir.path().join("routerctl");
        if !path.exists() {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_edge-router"), &path).unwrap();
        }
        path
    }
}

fn told(output: &Output) -> (i32, &str, &str) {
    let text = |bytes| std::str::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_good_file_is_one_line() {
    let files = with(GOOD);
    let line = "2 networks, 1 uplink, 0 hosts: valid\n";
    assert_eq!(told(&files.ctl("check edge-router.toml", "")), (0, format!("edge-router.toml: {line}").as_str(), ""));
    assert_eq!(told(&files.ctl("check -", GOOD)), (0, format!("<stdin>: {line}").as_str(), ""));
    let crlf = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
    assert_eq!(told(&files.ctl("check -", &crlf)).0, 0);
}

/// It may be what somebody wants, and hardly is.
#[test]
fn a_file_with_nothing_in_it_is_not_valid_in_silence() {
    let line = "0 networks, 0 uplinks, 0 hosts: valid, with 1 warning\n";
    for text in ["", "# nothing\n", "[system]\nhostname = \"box\"\n"] {
        let files = with(text);
        let check = files.ctl("check edge-router.toml", "");
        let (status, stdout, stderr) = told(&check);
        assert_eq!((status, stdout), (0, format!("edge-router.toml: {line}").as_str()));
        assert!(stderr.contains("warning: it has nothing in it: no network, no uplink\n"), "{stderr}");
        let json = files.ctl("check --json -", text);
        let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        let warning = &report["warnings"][0];
        assert_eq!((&report["valid"], report["warnings"].as_array().map(Vec::len)), (&true.into(), Some(1)));
        assert_eq!(warning["message"], "it has nothing in it: no network, no uplink");
        assert_eq!((&warning["line"], &warning["column"]), (&1.into(), &1.into()));
        assert_eq!(told(&json).2, "");
    }
    let report = with(GOOD).ctl("check --json -", GOOD);
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&report.stdout).unwrap()["warnings"], serde_json::json!([]));
}

/// With its place, beside the good line; what an apply of it would do is not kept from anybody.
#[test]
fn what_is_hardly_meant_is_warned_of_and_valid() {
    let files = with(&format!("[system]\nntp = [\"pool.ntp.org\"]\n{GOOD}"));
    let check = files.ctl("check edge-router.toml", "");
    let (status, stdout, stderr) = told(&check);
    assert_eq!((status, stdout), (0, "edge-router.toml: 2 networks, 1 uplink, 0 hosts: valid, with 1 warning\n"));
    assert!(stderr.contains("warning: `ntp` has no effect") && stderr.contains("--> edge-router.toml:"), "{stderr}");
    assert!(stderr.contains('^') && !stderr.contains("error"), "{stderr}");
}

#[test]
fn a_bad_file_is_told_whole_wherever_it_is_given() {
    let files = with(&GOOD.replace("vlan = 1", "vlan = 5000").replace("trunk", "trnuk"));
    let check = files.ctl("check edge-router.toml", "");
    let (status, stdout, stderr) = told(&check);
    assert_eq!((status, stdout), (1, ""));
    assert!(stderr.starts_with("error: edge-router.toml has "), "{stderr}");
    assert!(stderr.contains("--> edge-router.toml:9:8") && stderr.contains("did you mean `trunk`?"), "{stderr}");
    for command in ["plan", "apply", "reachability"] {
        let other = files.ctl(&format!("{command} edge-router.toml"), "");
        assert_eq!(told(&other), (1, "", stderr), "{command}");
    }

    let json = files.ctl("check --json edge-router.toml", "");
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((json.status.code(), &report["valid"], &report["diagnostics"][0]["line"]), (Some(1), &false.into(), &9.into()));
}

#[test]
fn a_file_tells_who_reaches_whom_without_a_daemon() {
    let files = with(GOOD);
    let output = files.ctl("reachability edge-router.toml --json", "");
    let matrix: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let reachable = |from: &str, to: &str| {
        let row = matrix["rows"].as_array().unwrap().iter().find(|row| row["from"] == from && row["to"] == to);
        row.unwrap_or_else(|| panic!("{from} to {to}"))["reachable"].as_bool().unwrap()
    };
    assert!(reachable("vehicle", "wan"));
    assert!(!reachable("equipment", "wan") && !reachable("vehicle", "equipment") && !reachable("wan", "vehicle"));
    let table = files.ctl("reachability -", GOOD);
    assert_eq!(told(&table).0, 0);
    assert!(told(&table).1.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn without_a_daemon_the_status_is_three_and_the_mend_is_told() {
    let files = with(GOOD);
    for command in [
        "status",
        "leases --json",
        "plan",
        "apply edge-router.toml",
        "apply edge-router.toml --confirm 90s",
        "apply edge-router.toml --force",
        "revert --force",
        "confirm",
        "revert --json",
        "reachability",
        "detach --name a",
        "attach --netns /a --name a --network b",
    ] {
        let output = files.ctl(&format!("{command} --run-dir nowhere"), "");
        let (status, stdout, stderr) = told(&output);
        assert_eq!((status, stdout), (3, ""), "{command}");
        let mut lines = stderr.lines();
        assert!(lines.next().unwrap().starts_with("error: the daemon cannot be reached at nowhere/control.sock"), "{stderr}");
        assert!(lines.next().unwrap().contains("systemctl start edge-router"), "{stderr}");
    }
}

#[test]
fn usage_is_two() {
    let files = with(GOOD);
    for wrong in [
        "",
        "bogus",
        "detach",
        "detach --name a --netns /b",
        "attach --name a",
        "status extra",
        "check --frob",
        "apply --force --confirm 60s",
    ] {
        let output = files.ctl(wrong, "");
        let (status, stdout, stderr) = told(&output);
        assert_eq!((status, stdout), (2, ""), "{wrong}");
        assert!(stderr.contains("Usage: routerctl"), "{wrong}: {stderr}");
    }
    for time in ["1s", "soon", "25h", "60"] {
        let output = files.ctl(&format!("apply --confirm {time}"), "");
        assert_eq!(told(&output).0, 2, "{time}");
        assert!(told(&output).2.contains("--confirm <TIME>"), "{}", told(&output).2);
    }
    assert_eq!(told(&files.ctl("--help", "")).0, 0);
    assert!(told(&files.ctl("--version", "")).1.starts_with("routerctl "));
}

#[test]
fn what_is_no_configuration_is_refused() {
    let files = with("");
    fs::write(files.dir.path().join("latin1"), b"name = \"\xe9\"").unwrap();
    fs::write(files.dir.path().join("long"), vec![b'#'; (1 << 20) + 1]).unwrap();
    for (file, word) in
        [("latin1", "not UTF-8 text (byte 8)"), ("long", "longer than"), ("absent", "No such file"), (".", "directory")]
    {
        let output = files.ctl(&format!("check {file}"), "");
        let (status, _, stderr) = told(&output);
        assert!(status == 1 && stderr.contains(word), "{file}: {stderr}");
    }
}
