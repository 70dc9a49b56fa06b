//! What makes a process a member of a test machine: its network, mount and UTS namespaces.

use anyhow::{Context, Result};
use edge_host::netns;
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, setns, unshare},
    unistd::{getcwd, sethostname},
};
use std::{
    fs::{self, File},
    io,
    os::fd::{AsFd, AsRawFd},
    os::unix::fs::MetadataExt,
    path::Path,
};

/// Three namespaces, alive for as long as this value or a process inside.
#[derive(Debug)]
pub(crate) struct Space {
    net: File,
    mnt: File,
    uts: File,
}

impl Space {
    /// New namespaces with an own `/run` and `/var/lib`, so that two machines of one test share neither sockets nor state; `/sys`
    /// shows the new network, as under `ip netns exec`.
    pub(crate) fn create(hostname: &str) -> Result<Self> {
        netns::throw_away(|| {
            unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS)
                .context("cannot make namespaces; this needs root: use sudo or scripts/vm")?;
            sethostname(hostname)?;
            mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
                .context("mount / private")?;
            for (kind, directory) in [("sysfs", "/sys"), ("tmpfs", "/run"), ("tmpfs", "/var/lib")] {
                mount(Some(kind), directory, Some(kind), MsFlags::empty(), None::<&str>)
                    .with_context(|| format!("mount {kind} on {directory}"))?;
            }
            for directory in [netns::DIRECTORY, "/var/lib/dhcp", "/var/lib/dhcpcd"] {
                fs::create_dir(directory).with_context(|| format!("create {directory}"))?;
            }
            own_resolv_conf()?;
            Self::of_this_thread()
        })
    }

    /// The view from a named network namespace that a process of this machine made in its `/run/netns`.
    pub(crate) fn named(&self, name: &str) -> Result<Self> {
        netns::throw_away(|| {
            self.enter()?;
            let path = Path::new(netns::DIRECTORY).join(name);
            let file = File::open(&path).with_context(|| format!("no namespace {} in this machine", path.display()))?;
            netns::enter(file.as_fd()).with_context(|| format!("enter {}", path.display()))?;
            unshare(CloneFlags::CLONE_NEWNS)?;
            mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_SLAVE, None::<&str>).context("mount / slave")?;
            mount(Some("sysfs"), "/sys", Some("sysfs"), MsFlags::empty(), None::<&str>).context("mount sysfs on /sys")?;
            Self::of_this_thread()
        })
    }

    /// Runs `f` inside, on a thread of its own.
    pub(crate) fn inside<T: Send>(&self, f: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        netns::throw_away(|| {
            self.enter()?;
            f()
        })
    }

    /// Moves a just forked child in; the working directory keeps its path. Only system calls are made.
    pub(crate) fn adopt_child(&self) -> io::Result<()> {
        let directory = getcwd()?;
        setns(&self.net, CloneFlags::CLONE_NEWNET)?;
        setns(&self.uts, CloneFlags::CLONE_NEWUTS)?;
        setns(&self.mnt, CloneFlags::CLONE_NEWNS)?;
        Ok(nix::unistd::chdir(&directory)?)
    }

    /// The network namespace for `ip link … netns PATH`.
    pub(crate) fn net_path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.net.as_raw_fd())
    }

    /// Inode number of the UTS namespace: how a member process is recognised, in whichever network namespace inside it runs.
    pub(crate) fn machine(&self) -> io::Result<u64> {
        Ok(self.uts.metadata()?.ino())
    }

    /// Moves the calling thread, which must be a throw-away one.
    fn enter(&self) -> Result<()> {
        // A thread shares its root directory with its process, which a mount namespace of one's own forbids.
        unshare(CloneFlags::CLONE_FS)?;
        setns(&self.net, CloneFlags::CLONE_NEWNET)?;
        setns(&self.uts, CloneFlags::CLONE_NEWUTS)?;
        setns(&self.mnt, CloneFlags::CLONE_NEWNS)?;
        Ok(())
    }

    fn of_this_thread() -> Result<Self> {
        let open =
            |kind: &str| File::open(format!("/proc/thread-self/ns/{kind}")).with_context(|| format!("open own {kind} namespace"));
        Ok(Self { net: open("net")?, mnt: open("mnt")?, uts: open("uts")? })
    }
}

/// A DHCP client's habit of writing `/etc/resolv.conf` must not reach the machine's own.
fn own_resolv_conf() -> Result<()> {
    let target = Path::new("/etc/resolv.conf");
    // A link, as systemd-resolved makes it, points into /run, which is the test machine's own already.
    if fs::symlink_metadata(target).is_ok_and(|meta| meta.is_file()) {
        fs::write("/run/resolv.conf", "")?;
        mount(Some("/run/resolv.conf"), target, None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .context("cover /etc/resolv.conf")?;
    }
    Ok(())
}
