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

const RESET: &str = "/usr/lib/edge-router/reset";

/// A box on which something was applied, with leases and a history; then both steps, as at a start.
fn reset(before: &str) -> Ran {
    let box_ = "mkdir -p /data/lib/edge-router/history /data/lib/edge-router/dhcp; cd /data/lib/edge-router; \
        for name in last-good.toml previous.toml decision.json transaction.json history/1.toml dhcp/log.1; do echo bad >$name; done; \
        echo network-bad >/data/etc/edge-router.toml; echo network-card >/boot/edge-router.toml; \
        sha256sum </boot/edge-router.toml >/data/etc/edge-router.toml.imported; echo key >/boot/authorized_keys";
    let shown = "cat /data/etc/edge-router.toml; ls -A /boot; cd /data/lib/edge-router; ls -d */* *; cat /run/edge-router/imported.txt \
        2>/dev/null || true";
    Ran::new(&format!("{box_}; {before}; {RESET}; {CONFIG}; rm -f /data/filling; {shown}"))
}

const CLEAN: &str = "network-card\nauthorized_keys\nedge-router.toml\ndhcp\ndhcp/log.1\nhistory\nhistory/1.toml\n";
const ASIDE: &str =
    "decision.json.before-reset\nlast-good.toml.before-reset\nprevious.toml.before-reset\ntransaction.json.before-reset\n";

/// What `ls` shows, sorted by name.
#[track_caller]
fn is_reset(ran: &Ran, config: &str) {
    let lines: std::collections::BTreeSet<&str> = ran.output.lines().collect();
    let mut wanted: std::collections::BTreeSet<&str> = CLEAN.lines().chain(ASIDE.lines()).chain(["RESET"]).collect();
    wanted.remove("network-card");
    // The word of the note; on the card the file of that name is gone.
    wanted.extend(config.lines());
    for one in &wanted {
        assert!(lines.contains(one), "{one}:\n{}\n{}", ran.output, ran.console());
    }
    assert!(!ran.output.contains("network-bad") && !lines.contains("last-good.toml"), "{}", ran.output);
    assert!(ran.console().contains("RESET: took over edge-router.toml from "), "{}", ran.console());
}

#[test]
fn a_card_that_nobody_touched_brings_nothing_back_and_a_changed_one_does() {
    let untouched = reset(":");
    assert!(untouched.output.starts_with("network-bad\n") && untouched.console().is_empty(), "{}", untouched.output);
    let saved = reset("touch /boot/edge-router.toml");
    assert!(saved.output.starts_with("network-bad\n"), "the same text: {}", saved.output);
    let changed = reset("echo '# again' >>/boot/edge-router.toml");
    assert!(changed.output.starts_with("network-card\n# again\n") && changed.output.ends_with("card\n"), "{}", changed.output);
}

#[test]
fn a_reset_file_of_any_spelling_brings_the_cards_file_back_once() {
    for name in ["RESET", "reset.txt", "Reset.TXT.txt"] {
        let ran = reset(&format!(": >/boot/{name}"));
        is_reset(&ran, "network-card");
        assert_eq!(ran.output.to_lowercase().matches("reset\n").count(), 5, "four aside and the note: {}", ran.output);
    }
    let was = Ran::new(&format!(
        "echo network-bad >/data/etc/edge-router.toml; echo network-card >/boot/edge-router.toml; : >/boot/RESET; {RESET}; {CONFIG}; \
         echo network-new >/data/etc/edge-router.toml; : >/run/log/edge-router.log; {RESET}; {CONFIG}; cd /data/etc; ls -A; cat *"
    ));
    let names = "edge-router.toml\nedge-router.toml.before-reset\nedge-router.toml.imported\n";
    assert!(was.output.starts_with(&format!("{names}network-new\nnetwork-bad\n")), "{}", was.output);
    assert!(was.console().is_empty(), "{}", was.console());
}

#[test]
fn a_reset_without_a_good_file_on_the_card_takes_the_images_own() {
    for damage in [
        "rm /boot/edge-router.toml",
        "echo wrong >/boot/edge-router.toml",
        "rm /boot/edge-router.toml; mkdir /boot/edge-router.toml",
    ] {
        let ran = reset(&format!(": >/boot/RESET; {damage}"));
        let own = include_str!("../../../rootfs/usr/share/edge-router/edge-router.toml");
        assert!(
            ran.output.starts_with(own) && !ran.output.contains("network-bad"),
            "{damage}: {}\n{}",
            ran.output,
            ran.console()
        );
        assert!(ran.console().contains("RESET: took over edge-router.toml from /usr/share/edge-router"), "{}", ran.console());
        assert_eq!(
            ran.console().contains("has mistakes: the image's own"),
            !damage.ends_with("edge-router.toml") || damage.len() > 30
        );
    }
}

#[test]
fn a_reset_file_that_cannot_be_removed_counts_once() {
    let stuck = ": >/boot/RESET; mount -o bind /boot/RESET /boot/RESET";
    let again = format!("{RESET}; echo network-new >/data/etc/edge-router.toml; echo new >/data/lib/edge-router/last-good.toml");
    let ran = reset(&format!("{stuck}; {again}"));
    assert!(ran.output.starts_with("network-new\n") && ran.output.contains("\nlast-good.toml\n"), "{}", ran.output);
    assert_eq!(ran.console().matches("cannot be removed from the card").count(), 2, "{}", ran.console());
    assert_eq!(ran.console().matches("RESET: took over").count(), 1, "{}", ran.console());
    // It is another file after it was gone.
    let other = reset(&format!(
        "{stuck}; {again}; umount /boot/RESET; mount -o remount,rw /boot; rm /boot/RESET; {RESET}; : >/boot/RESET"
    ));
    is_reset(&other, "network-card");
}

#[test]
fn a_reset_that_cannot_be_kept_changes_nothing_and_is_tried_again() {
    let full = reset("yes '# network' | head -c 20000 >/boot/edge-router.toml; : >/boot/RESET; fill");
    assert!(full.output.starts_with("network-bad\n") && full.output.contains("\nRESET\n"), "{}", full.output);
    assert!(full.output.contains("\nlast-good.toml\n") && !full.console().contains("took over"), "{}", full.console());
    assert!(full.console().contains("RESET was not done and is tried again"), "{}", full.console());
    let read_only = reset(": >/boot/RESET; mount -o remount,ro /data");
    assert!(
        read_only.output.starts_with("network-bad\n") && read_only.console().contains("RESET was not done"),
        "{}",
        read_only.output
    );
}

#[test]
fn the_consoles_say_how_to_get_in_again() {
    let hint = Ran::new("/etc/init.d/S70hint");
    assert!(hint.console().contains("nobody logs in here: use ssh") && hint.console().contains("RESET"), "{}", hint.console());
}
