//! A client's machine: its programs see a network, `/run`, `/etc`, `/var/lib` and processes of their own, and nothing of this machine's
//! D-Bus, udev or cards.

use super::Lab;
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

pub struct Machine(Child);

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
mkdir -p $dir/var/dhcp $dir/var/dhcpcd /run/dhcpcd
mount --bind $dir/var /var/lib
"#;

impl Machine {
    /// Switched on, with `script` run; its output is the file `console` of the lab.
    pub fn boot(lab: &Lab, script: &str) -> Self {
        let console = lab.directory.path().join("console");
        let console = std::fs::File::options().create(true).append(true).open(console).expect("the directory is writable");
        let script = format!("{ROOM}\n{script}\nwhile read -r line; do eval \"$line\"; done");
        let net = format!("--net={}", lab.client_netns().display());
        let child = Command::new("nsenter")
            .args([&net, "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", &script])
            .env("dir", lab.directory.path())
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
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where `scripts/lib/dhcp-clients` unpacks those that must not be installed, as they would take this machine's cards.
fn unpacked() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/dhcp-clients");
    assert!(path.join("usr/sbin/NetworkManager").exists(), "no clients are unpacked; run:  scripts/lib/dhcp-clients");
    path.canonicalize().expect("it is there")
}
