//! The systemd unit under a real systemd, process 1 of namespaces of its own: started, reloaded, restarted, killed, hung, with
//! all that the unit forbids. systemd is the machine's own, and has no units but this one and the targets it names.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use anyhow::{Context, Result, ensure};
use edge_lab::wait_until;
use std::{
    fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(120);
const PROGRAM: &str = env!("CARGO_BIN_EXE_edge-router");
const UNIT: &str = include_str!("../../../rootfs/usr/lib/systemd/system/edge-router.service");

const CONFIG: &str = r#"
[system]
hostname = "fire-truck-1"

[router]
namespace = "router"

[[network]]
name = "vehicle"
ports = ["port0"]
address = "10.0.1.3/24"
dhcp = { from = "10.0.1.100", to = "10.0.1.199" }
"#;

const ANOTHER: &str = "\n[[network]]\nname = \"equipment\"\naddress = \"10.0.2.3/24\"\n";

/// What a box has when systemd starts: all mounts shared, as systemd itself makes them outside of containers.
const ROOM: &str = r#"
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/varlib /run/netns /run/bin /run/units
mount --bind /run/varlib /var/lib
cp -r $dir/units/. /run/units/
cp $dir/edge-router.toml /run/edge-router.toml
ln -s $program /run/bin/edge-router
ln -s $program /run/bin/routerctl
ip link set lo up
ip netns add device
ip link add port0 type veth peer name eth0 netns device
ip link set port0 up
ip -n device link set eth0 up
mount --make-rshared /
exec env -i container=lab PATH=/run/bin:$PATH SYSTEMD_UNIT_PATH=/run/units \
    SYSTEMD_GENERATOR_PATH=/run/none SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/run/none /lib/systemd/systemd --unit=box.target --log-target=console --show-status=no
"#;

struct Booted {
    unshare: Child,
    systemd: u32,
    directory: tempfile::TempDir,
}

impl Booted {
    fn new() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let units = directory.path().join("units");
        fs::create_dir_all(units.join("edge-router.service.d"))?;
        fs::write(
            units.join("edge-router.service"),
            UNIT.replace("/usr/bin/", "/run/bin/")
                .replace("edge-router daemon\n", "edge-router daemon --config /run/edge-router.toml\n"),
        )?;
        // A watchdog that a test can wait for, and what is said where it can be read.
        let here = "[Service]\nWatchdogSec=15\nStandardOutput=append:/run/log\nStandardError=append:/run/log\n";
        fs::write(units.join("edge-router.service.d/here.conf"), here)?;
        for target in ["sysinit", "basic", "shutdown", "network", "multi-user"] {
            fs::write(units.join(format!("{target}.target")), "[Unit]\nDefaultDependencies=no\n")?;
        }
        fs::write(units.join("box.target"), "[Unit]\nRequires=edge-router.service\n")?;
        fs::write(directory.path().join("edge-router.toml"), CONFIG)?;
        let console = fs::File::create(directory.path().join("console"))?;
        let unshare = Command::new("unshare")
            .args(["--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child", "sh", "-c", ROOM])
            .env("dir", directory.path())
            .env("program", PROGRAM)
            .stdin(Stdio::null())
            .stdout(console.try_clone()?)
            .stderr(console)
            .spawn()?;
        let id = unshare.id();
        let child = || {
            let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
            children.split_whitespace().next().and_then(|child| child.parse().ok())
        };
        wait_until("unshare's child", PATIENCE, || Ok(child().is_some()))?;
        let systemd: u32 = child().context("it is gone")?;
        let is_up = || Ok(fs::exists(format!("/proc/{systemd}/root/run/systemd/private"))?);
        wait_until("systemd", PATIENCE, is_up)?;
        Ok(Self { unshare, systemd, directory })
    }

    /// What a shell line prints there; an error where it fails.
    fn run(&self, line: &str) -> Result<String> {
        let target = format!("--target={}", self.systemd);
        let path = format!("/run/bin:{}", std::env::var("PATH")?);
        let all = ["--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup"];
        // Shown where the test fails.
        println!("{line}");
        let output = Command::new("timeout")
            .args(["120", "nsenter"])
            .arg(target)
            .args(all)
            .args(["sh", "-c", line])
            .env("PATH", path)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        ensure!(output.status.success(), "`{line}`: {}\n{text}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        Ok(text)
    }

    fn comes(&self, line: &str, wanted: &str) -> Result<()> {
        let is_there = || {
            // Asking costs more than what is waited for: a second under emulation.
            std::thread::sleep(Duration::from_millis(500));
            Ok(self.run(line).is_ok_and(|text| text == wanted))
        };
        wait_until(line, PATIENCE, is_there).with_context(|| format!("wanted {wanted}, found {:?}", self.run(line)))
    }

    fn said(&self) -> String {
        let console = fs::read_to_string(self.directory.path().join("console")).unwrap_or_default();
        let status = self.run("systemctl status edge-router; cat /run/log; routerctl status; true");
        format!("systemd:\n{console}\nthe daemon:\n{}", status.unwrap_or_else(|error| error.to_string()))
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
    }
}

const STATE: &str = "systemctl show -P ActiveState edge-router";
const MAIN: &str = "systemctl show -P MainPID edge-router";
const BRIDGE: &str = "cat /sys/class/net/br-vehicle/ifindex";

#[test]
fn the_unit_does_its_work_under_systemd() {
    let booted = Booted::new().unwrap();
    live(&booted).unwrap_or_else(|error| panic!("{error:?}\n{}", booted.said()));
}

fn live(booted: &Booted) -> Result<()> {
    // It ends when the daemon says that it is ready.
    booted.run("systemctl start edge-router")?;
    booted.comes(STATE, "active")?;
    // What it may touch: the host name, its directories, namespaces that others find, a device's and a container's network.
    booted.comes("hostname", "fire-truck-1")?;
    booted.comes("stat -c %a /var/lib/edge-router /run/edge-router | xargs", "700 755")?;
    booted.run("ip netns exec router ip address show | grep 10.0.1.3/24")?;
    booted.run("ip netns exec router nft list table inet edge-router")?;
    let leased = booted.run("ip netns exec device busybox udhcpc -f -q -n -i eth0 -s /bin/true 2>&1")?;
    ensure!(leased.contains("lease of 10.0.1.100 obtained"), "{leased}");
    booted.run("ip netns add container1; routerctl attach --netns /run/netns/container1 --name container1 --network vehicle")?;
    booted.run("ip -n container1 address show eth0 | grep 10.0.1.")?;
    let bridge = booted.run(BRIDGE)?;

    // systemctl reload ends when the change is in force, or says that it is refused.
    booted.run("cp /run/edge-router.toml /run/good; echo 'network = 1' >> /run/edge-router.toml")?;
    ensure!(booted.run("systemctl reload edge-router").is_err(), "a bad configuration is reloaded without a word");
    booted.run(&format!(
        "cp /run/good /run/edge-router.toml; printf '{}' >> /run/edge-router.toml",
        ANOTHER.replace('\n', "\\n")
    ))?;
    booted.run("systemctl reload edge-router")?;
    booted.comes(STATE, "active")?;
    booted.run("ip link show br-equipment")?;
    // And the signal by itself, which newer ones send.
    booted.run("cp /run/good /run/edge-router.toml; systemctl kill --kill-whom=main --signal=HUP edge-router")?;
    booted.comes("ip link show br-equipment >/dev/null 2>&1 || echo gone", "gone")?;
    booted.comes(STATE, "active")?;

    // Networks outlive the daemon, however it ends: asked to, killed, and hung until the watchdog is not fed.
    for end in ["restart", "kill --kill-whom=main --signal=KILL", "kill --kill-whom=main --signal=STOP"] {
        let main = booted.run(MAIN)?;
        booted.run(&format!("systemctl {end} edge-router"))?;
        let is_new = || {
            std::thread::sleep(Duration::from_millis(500));
            Ok(booted.run(MAIN).is_ok_and(|now| now != main && now != "0"))
        };
        wait_until(end, PATIENCE, is_new)?;
        booted.comes(STATE, "active")?;
        ensure!(booted.run(BRIDGE)? == bridge, "{end}: the bridge is another");
        booted.run("ip netns exec router ip address show | grep 10.0.1.3/24").context(end)?;
    }
    Ok(())
}
