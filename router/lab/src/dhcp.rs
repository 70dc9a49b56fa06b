//! The DHCP clients that devices really run.

use crate::{host::Host, leftovers};
use anyhow::{Context, Result, bail};
use std::{
    fs::{self, Permissions},
    net::Ipv4Addr,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    str::FromStr,
};

/// The script that every client runs: `src/lease.sh`.
const SCRIPT: &str = include_str!("lease.sh");
/// Seconds a client may take in all.
const PATIENCE: u32 = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// BusyBox's, as most embedded devices have.
    Udhcpc,
    /// ISC's.
    Dhclient,
    /// Roy Marples's, as Raspberry Pi OS had.
    Dhcpcd,
}

/// What a client was given and took up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcquiredLease {
    pub address: Ipv4Addr,
    pub mask: Ipv4Addr,
    pub router: Option<Ipv4Addr>,
    pub dns: Vec<Ipv4Addr>,
    pub domain: Option<String>,
    pub seconds: u32,
    pub server: Ipv4Addr,
}

impl Host {
    /// Runs a client on `device` until it has a lease, with address and default route in place, and ends it without a release. No
    /// lease in time and a client that is not installed are errors.
    pub fn dhcp(&self, client: Client, device: &str) -> Result<AcquiredLease> {
        let directory = tempfile::tempdir()?;
        let script = directory.path().join("lease.sh");
        fs::write(&script, SCRIPT)?;
        fs::set_permissions(&script, Permissions::from_mode(0o755))?;
        let mut command = client.command(self, directory.path(), &script, device)?;
        command.env_remove("reason").stdin(Stdio::null());
        let output = command.output().with_context(|| format!("{}: cannot run {client:?}; is it installed?", self.name()))?;
        // dhclient goes on in the background once it has its lease.
        leftovers::stop_started_with(self.space(), &directory.path().to_string_lossy())?;
        let lease = fs::read_to_string(directory.path().join("lease"));
        match lease {
            Ok(lease) if output.status.success() => {
                AcquiredLease::parse(&lease).with_context(|| format!("{client:?} was given:\n{lease}"))
            }
            _ => bail!(
                "{}: {client:?} got no lease on {device}, {}\n{}{}",
                self.name(),
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ),
        }
    }
}

impl Client {
    fn command(self, host: &Host, directory: &Path, script: &Path, device: &str) -> Result<Command> {
        let file = |name: &str| directory.join(name);
        let patience = PATIENCE.to_string();
        // BusyBox's and dhclient's own limits count tries, which a lossy start stretches; this one counts seconds.
        let mut command = host.command("timeout");
        command.arg((PATIENCE + 5).to_string());
        match self {
            Self::Udhcpc => {
                let hostname = format!("hostname:{}", host.name());
                command.args(["busybox", "udhcpc", "-f", "-n", "-q", "-t", "10", "-T", "3", "-x", &hostname, "-i", device, "-s"]);
                command.arg(script);
            }
            Self::Dhclient => {
                let config = format!("timeout {patience};\ninitial-interval 1;\nsend host-name \"{}\";\n", host.name());
                fs::write(file("dhclient.conf"), config)?;
                command.args(["dhclient", "-4", "-1", "-v", "-sf"]).arg(script).arg("-cf").arg(file("dhclient.conf"));
                command.arg("-lf").arg(file("dhclient.leases")).arg("-pf").arg(file("pid")).arg(device);
            }
            Self::Dhcpcd => {
                // Without the wait for address conflicts (--noarp), which only takes seconds here.
                fs::write(
                    file("dhcpcd.conf"),
                    "option subnet_mask, routers, domain_name_servers, domain_name\nrequire dhcp_server_identifier\n",
                )?;
                command.args(["dhcpcd", "-4", "--oneshot", "--noarp", "--noipv4ll", "-h", host.name(), "-t", &patience, "-c"]);
                command.arg(script).arg("-f").arg(file("dhcpcd.conf")).arg(device);
            }
        }
        Ok(command)
    }
}

impl AcquiredLease {
    fn parse(text: &str) -> Result<Self> {
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
            line.map(str::trim).filter(|value| !value.is_empty())
        };
        let required = |key: &str| value(key).with_context(|| format!("the lease has no {key}"));
        let addresses =
            |key: &str| value(key).unwrap_or_default().split_whitespace().map(Ipv4Addr::from_str).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            address: required("address")?.parse().context("address")?,
            mask: required("mask")?.parse().context("mask")?,
            router: addresses("routers")?.first().copied(),
            dns: addresses("dns")?,
            domain: value("domain").map(str::to_owned),
            seconds: required("seconds")?.parse().context("seconds")?,
            server: required("server")?.parse().context("server")?,
        })
    }
}
