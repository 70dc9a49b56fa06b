//! A client's machine: its programs see a network, `/run`, `/etc`, `/var/lib` and processes of their own, and nothing of this machine's
//! D-Bus, udev or cards.

use super::Lab;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

pub struct Machine(Child);

/// What a machine keeps in `/var/lib`. In memory: on a busy disk a client's file would be half written when its power goes.
pub struct Disk(tempfile::TempDir);

impl Disk {
    pub fn new() -> Self {
        Self(tempfile::tempdir_in("/dev/shm").expect("a file system in memory"))
    }
}

/// `/var/lib` outlives the machine's power, `/run` does not. A read-only `/sys` says that there is no udev.
const ROOM: &str = r#"
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t sysfs -o ro sysfs /sys
mount -t tmpfs tmpfs /run
cp -a /etc /run/etc
mount --bind /run/etc /etc
rm -f /etc/resolv.conf
cp $dir/machine-id /etc/machine-id
mkdir -p $disk/dhcp $disk/dhcpcd /run/dhcpcd
mount --bind $disk /var/lib
"#;

impl Machine {
    /// Switched on, with `script` run; its output is the file `console` of the lab.
    pub fn boot(lab: &Lab, disk: &Disk, script: &str) -> Self {
        let console = lab.directory.path().join("console");
        let console = std::fs::File::options().create(true).append(true).open(console).expect("the directory is writable");
        let script = format!("{ROOM}\n{script}\nwhile read -r line; do eval \"$line\"; done");
        let net = format!("--net={}", lab.client_netns().display());
        let child = Command::new("nsenter")
            .args([&net, "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", &script])
            .env("dir", lab.directory.path())
            .env("disk", disk.0.path())
            .env("clients", unpacked())
            .env_remove("DBUS_SYSTEM_BUS_ADDRESS")
            .stdin(Stdio::piped())
            .stdout(console.try_clone().expect("a second handle"))
            .stderr(console)
            .spawn();
        Self(child.expect("nsenter and unshare are installed"))
    }

    /// Types a line at its console.
    pub fn run(&mut self, line: &str) {
        let keyboard = self.0.stdin.as_mut().expect("it has one");
        writeln!(keyboard, "{line}").expect("the machine is on");
    }
}

impl Drop for Machine {
    /// The power goes: nothing is said goodbye to.
    fn drop(&mut self) {
        // When the first process of a process namespace has ended, all others in it have; unshare waits for that one.
        let unshare = self.0.id();
        let children = std::fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children")).unwrap_or_default();
        match children.split_whitespace().next().and_then(|first| first.parse().ok()) {
            Some(first) => drop(kill(Pid::from_raw(first), Signal::SIGKILL)),
            None => drop(self.0.kill()),
        }
        let _ = self.0.wait();
    }
}

/// Where `scripts/lib/dhcp-clients` unpacks those that must not be installed, as they would take this machine's cards.
fn unpacked() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/dhcp-clients");
    assert!(path.join("usr/sbin/NetworkManager").exists(), "no clients are unpacked; run:  scripts/lib/dhcp-clients");
    path.canonicalize().expect("it is there")
}
