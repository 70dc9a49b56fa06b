//! The image's boot steps on a box whose card or data partition is full or damaged: what was there stays, and the console says so.
//! They run as on the box, with busybox and under their own paths: in a root and a mount namespace of their own.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};
use tempfile::TempDir;

/// The data partition has so little room that a test can fill it; a card with no network in its file has a mistake in it.
const BOOT: &str = r#"
set -e
cd "$1"
mount -t tmpfs -o size=256k tmpfs data
mount -t tmpfs tmpfs boot
mount -t tmpfs tmpfs run
mount --rbind /proc proc
mount --bind /dev/null dev/null
exec chroot . /bin/busybox sh -c '
    busybox --install -s /bin
    export PATH=/bin
    mkdir -p /data/etc /data/ssh /run/log /run/ssh /run/edge-router
    : >/run/log/edge-router.log
    fill() { yes 2>/dev/null >/data/filling || true; }
    fill_but_one_page() { fill; size=$(stat -c %s /data/filling); yes | head -c "$((size - 4096))" >/data/filling; }
    '"$2; cp /run/log/edge-router.log /told"
"#;

const STUBS: [(&str, &str); 4] = [
    ("routerctl", "[ \"$1\" = check ] && grep -q network \"$2\""),
    // The last word stands for the key that was made.
    ("dropbearkey", "if [ \"$1\" = -y ]; then grep -q key \"$3\"; else echo key >\"$4\"; fi"),
    ("edge-router", "echo \"served with $4\""),
    ("dropbear", "cat /run/ssh/authorized_keys"),
];

const KEYS: &str = "/usr/lib/edge-router/import-keys";
const CONFIG: &str = "/usr/lib/edge-router/import-config";

/// A box that ran a script after its start.
struct Ran {
    root: TempDir,
    output: String,
}

impl Ran {
    fn new(script: &str) -> Self {
        let root = root();
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", BOOT, "boot"]).arg(root.path()).arg(script);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        Self { root, output: text }
    }

    fn console(&self) -> String {
        fs::read_to_string(self.root.path().join("told")).unwrap_or_default()
    }

    #[track_caller]
    fn is(&self, output: &str, console: &str) {
        assert_eq!(self.output, output, "console: {}", self.console());
        let told = self.console();
        assert!(if console.is_empty() { told.is_empty() } else { told.contains(console) }, "{told:?}, wanted {console:?}");
        assert!(console.contains("took over") || !told.contains("took over"), "{told}");
    }
}

fn root() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let overlay = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rootfs");
    for name in ["bin", "data", "boot", "run", "proc", "dev", "sys/class/tty/console", "usr/lib", "usr/share", "etc"] {
        fs::create_dir_all(root.path().join(name)).unwrap();
    }
    for name in ["usr/lib/edge-router", "usr/share/edge-router", "etc/init.d"] {
        let copied = Command::new("cp").arg("-r").arg(overlay.join(name)).arg(root.path().join(name)).status().unwrap();
        assert!(copied.success());
    }
    let busybox = Command::new("sh").args(["-c", "command -v busybox"]).output().unwrap();
    let busybox = String::from_utf8(busybox.stdout).unwrap();
    fs::copy(busybox.trim(), root.path().join("bin/busybox")).unwrap();
    fs::write(root.path().join("sys/class/tty/console/active"), "tty7\n").unwrap();
    fs::write(root.path().join("dev/null"), "").unwrap();
    for (name, script) in STUBS {
        let path = root.path().join("bin").join(name);
        fs::write(&path, format!("#!/bin/busybox sh\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::hard_link(root.path().join("bin/busybox"), root.path().join("bin/sh")).unwrap();
    root
}

/// Of the directory of what is kept: names, and what is in them.
const SHOW: &str = "cd /data/etc && ls -A && cat authorized_keys";

fn keys(before: &str) -> Ran {
    Ran::new(&format!("echo old >/data/etc/authorized_keys; {before}; {KEYS}; rm -f /data/filling; {SHOW}"))
}

#[test]
fn keys_that_can_be_read_and_kept_are_taken_over() {
    keys(r#"printf "new\r\n" >/boot/authorized_keys"#).is("authorized_keys\nnew\n", "");
    keys("echo new >/boot/authorized_keys; mkdir /data/etc/authorized_keys.new").is("authorized_keys\nnew\n", "");
    let modes = Ran::new(&format!("echo new >/boot/authorized_keys; {KEYS}; stat -c %a /data/etc/authorized_keys"));
    modes.is("600\n", "");
}

#[test]
fn keys_removed_or_emptied_on_the_card_are_revoked() {
    keys(":").is("authorized_keys\n", "");
    keys(": >/boot/authorized_keys").is("authorized_keys\n", "");
}

#[test]
fn a_full_data_partition_closes_ssh_to_nobody() {
    let stay = "the keys from before stay";
    let full = keys("fill; yes new | head -c 20000 >/boot/authorized_keys");
    full.is("authorized_keys\nold\n", stay);
    assert!(full.console().contains("No space left on device"), "{}", full.console());
    keys("yes new | head -c 20000 >/boot/authorized_keys; mount -o remount,ro /data").is("authorized_keys\nold\n", stay);
}

#[test]
fn keys_that_cannot_be_read_revoke_none() {
    let stay = "cannot be read";
    keys("mkdir /boot/authorized_keys").is("authorized_keys\nold\n", stay);
    keys("ln -s nowhere /boot/authorized_keys").is("authorized_keys\nold\n", stay);
    keys("mkfifo /boot/authorized_keys").is("authorized_keys\nold\n", stay);
    keys("ln -s /proc/self/mem /boot/authorized_keys").is("authorized_keys\nold\n", stay);
    keys("umount /boot; rmdir /boot; ln -s boot /boot").is("authorized_keys\nold\n", stay);
}

#[test]
fn a_directory_in_the_place_of_the_keys_is_set_aside() {
    let script = "mkdir /data/etc/authorized_keys; echo found >/data/etc/authorized_keys/in-it; echo new >/boot/authorized_keys";
    let mended = Ran::new(&format!("{script}; {KEYS}; {SHOW}; cat authorized_keys.damaged/in-it"));
    mended.is("authorized_keys\nauthorized_keys.damaged\nnew\nfound\n", "set aside as /data/etc/authorized_keys.damaged");
}

fn config(before: &str) -> Ran {
    let given = "echo network-new >/boot/edge-router.toml; echo network-old >/data/etc/edge-router.toml";
    let shown =
        "cd /data/etc && ls -A && cat edge-router.toml && ls /boot && cat /run/edge-router/not-imported.txt 2>/dev/null || true";
    Ran::new(&format!("{given}; {before}; {CONFIG}; rm -f /data/filling; {shown}"))
}

#[test]
fn a_configuration_is_taken_over_once() {
    config(":").is(
        "edge-router.toml\nedge-router.toml.imported\nnetwork-new\nedge-router.toml\n",
        "took over edge-router.toml from the card",
    );
    let twice = config(&format!("{CONFIG}; echo network-edited >/data/etc/edge-router.toml; : >/run/log/edge-router.log"));
    twice.is("edge-router.toml\nedge-router.toml.imported\nnetwork-edited\nedge-router.toml\n", "");
}

#[test]
fn a_configuration_that_cannot_be_kept_is_not_taken_over_and_the_reason_is_told() {
    let full = config("yes network | head -c 20000 >/boot/edge-router.toml; fill");
    assert!(full.output.starts_with("edge-router.toml\nnetwork-old\nedge-router.err.txt\nedge-router.toml\n"), "{}", full.output);
    assert!(
        full.output.contains("error: it cannot be kept on the data partition: cat: write error: No space"),
        "{}",
        full.output
    );
    assert!(
        full.console().contains("was not taken over, keeping") && !full.console().contains("took over"),
        "{}",
        full.console()
    );
    // Room for the file, and none for the sum that it is known by.
    let sum = config("fill_but_one_page");
    assert!(sum.output.starts_with("edge-router.toml\nnetwork-old\n"), "{}", sum.output);
    assert!(!sum.console().contains("took over"), "{}", sum.console());
}

#[test]
fn a_configuration_that_cannot_be_read_changes_nothing() {
    for damage in ["mkdir", "mkfifo", "ln -s nowhere"] {
        let damaged = config(&format!("rm /boot/edge-router.toml; {damage} /boot/edge-router.toml"));
        assert!(damaged.output.starts_with("edge-router.toml\nnetwork-old\n"), "{damage}: {}", damaged.output);
        assert!(damaged.console().contains("keeping the configuration from before"), "{damage}: {}", damaged.console());
    }
}

#[test]
fn a_reason_that_the_card_has_no_room_for_is_told_all_the_same() {
    let full = config("echo wrong >/boot/edge-router.toml; mount -o remount,size=4k /boot");
    assert!(full.output.contains("was not taken over") && !full.output.contains("err.txt"), "{}", full.output);
    assert!(full.console().contains("cannot be written to the card"), "{}", full.console());
}

fn session(before: &str) -> Ran {
    Ran::new(&format!(
        "printf card >/data/etc/authorized_keys; echo system >/run/edge-router/ssh-keys; {before}; /usr/lib/edge-router/ssh-session k 2>/dev/null; ls -A /run/ssh"
    ))
}

#[test]
fn a_login_sees_all_keys_and_those_of_before_where_they_cannot_be_read() {
    session(":").is("card\nsystem\n\nauthorized_keys\n", "");
    session("rm /run/edge-router/ssh-keys").is("card\nauthorized_keys\n", "");
    session("rm /data/etc/authorized_keys; mkdir /data/etc/authorized_keys").is("system\n\nauthorized_keys\n", "");
    let before = "echo before >/run/ssh/authorized_keys; mount -o remount,size=64k /run; yes >/run/filling 2>/dev/null";
    session(before).is("before\nauthorized_keys\n", "");
}

fn ssh(before: &str) -> Ran {
    Ran::new(&format!("{before}; /etc/init.d/ssh; rm -f /data/filling; ls -A /data/ssh"))
}

#[test]
fn a_box_that_cannot_keep_a_host_key_is_reached_all_the_same() {
    let key = "/data/ssh/dropbear_ed25519_host_key";
    let spare = "/run/ssh/dropbear_ed25519_host_key";
    ssh(":").is("dropbear_ed25519_host_key\n", &format!("served with {key}"));
    ssh("fill").is("", &format!("served with {spare}"));
    ssh("fill").is("", "cannot be kept");
    ssh(&format!("echo key-old >{key}; fill")).is("dropbear_ed25519_host_key\n", &format!("served with {key}"));
    let both = "dropbear_ed25519_host_key\ndropbear_ed25519_host_key.damaged\n";
    ssh(&format!("echo broken >{key}")).is(both, &format!("served with {key}"));
    ssh(&format!("mkdir {key}")).is(both, "set aside");
}
