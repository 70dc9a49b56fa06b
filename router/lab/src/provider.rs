//! The far side of an uplink with a DHCP server of its own, and 8.8.8.8 behind it.

use crate::{daemon::Daemon, host::Host, wait::wait_until};
use anyhow::Result;
use std::{fs, time::Duration};

pub struct Provider {
    pub host: Host,
    subnet: String,
    server: Option<Daemon>,
    directory: tempfile::TempDir,
}

impl Provider {
    /// On a machine whose `eth0` is the uplink's cable; it is SUBNET.1 and routes nothing but its own link.
    pub(crate) fn at(host: Host, subnet: &str) -> Result<Self> {
        host.ip(&format!("address add {subnet}.1/24 dev eth0"))?;
        host.ip("address add 8.8.8.8/32 dev lo")?;
        Ok(Self { host, subnet: subnet.to_owned(), server: None, directory: tempfile::tempdir()? })
    }

    /// busybox udhcpd, which lends SUBNET.ADDRESS for so many seconds.
    pub fn udhcpd(&mut self, address: u8, lease: u32) -> Result<()> {
        self.silence();
        let (subnet, file) = (&self.subnet, self.directory.path().join("udhcpd.conf"));
        let leases = self.directory.path().join("leases");
        fs::write(&leases, "")?;
        let text = format!(
            "start {subnet}.{address}\nend {subnet}.{address}\ninterface eth0\nlease_file {}\npidfile /dev/null\nmin_lease 5\n\
             option subnet 255.255.255.0\noption router {subnet}.1\noption dns {subnet}.1 9.9.9.9\noption domain site.example\n\
             option lease {lease}\n",
            leases.display(),
        );
        fs::write(&file, text)?;
        self.server = Some(self.host.daemon(self.host.command("busybox").args(["udhcpd", "-f"]).arg(&file))?);
        Ok(())
    }

    /// dnsmasq, which lends one address; it denies all others.
    pub fn dnsmasq(&mut self, address: u8, more: &[&str]) -> Result<()> {
        self.silence();
        let subnet = &self.subnet;
        let mut command = self.host.command("dnsmasq");
        command.args([
            "--keep-in-foreground",
            "--port=0",
            "--conf-file=/dev/null",
            "--log-facility=-",
            "--log-dhcp",
            "--user=root",
        ]);
        command.args(["--interface=eth0", "--bind-interfaces", "--dhcp-authoritative", "--no-ping", "--pid-file="]);
        command.arg(format!("--dhcp-leasefile={}", self.directory.path().join("dnsmasq").display()));
        command.arg(format!("--dhcp-range={subnet}.{address},{subnet}.{address},120"));
        command.arg(format!("--dhcp-option=option:router,{subnet}.1")).args(more);
        self.server = Some(self.host.daemon(&mut command)?);
        wait_until("dnsmasq", Duration::from_secs(60), || Ok(self.log().contains("IP range")))
    }

    /// The server is gone.
    pub fn silence(&mut self) {
        self.server = None;
    }

    /// What its server wrote.
    pub fn log(&self) -> String {
        self.server.as_ref().and_then(|server| server.log().ok()).unwrap_or_default()
    }

    /// Nothing behind it answers any more; its link and its own address do.
    pub fn cut_internet(&self) -> Result<()> {
        self.host.ip("address delete 8.8.8.8/32 dev lo").map(drop)
    }

    pub fn restore_internet(&self) -> Result<()> {
        self.host.ip("address add 8.8.8.8/32 dev lo").map(drop)
    }
}
