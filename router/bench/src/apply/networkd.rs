//! systemd-networkd with files that say the same, links and addresses only. It runs by itself in a mount namespace of its own: no
//! service manager, no D-Bus, and no udev, which a read-only `/sys` tells it. Without D-Bus it cannot be told to read its files again,
//! so that for one network more it is started again.

use crate::{
    milliseconds,
    text::{NetworkKind, address},
};
use nix::{
    errno::Errno,
    ifaddrs::getifaddrs,
    libc,
    mount::{MsFlags, mount},
    sys::socket::{AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, setsockopt, socket, sockopt},
};
use std::{
    env, fs,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const DIRECTORY: &str = "/run/systemd/network";
/// It is given up after this.
const PATIENCE: Duration = Duration::from_secs(120);

/// Milliseconds of everything, nothing and one allow (it has no such things: zeros), one network.
pub fn run(kind: NetworkKind, networks: usize) -> Vec<f64> {
    surroundings();
    write("10-t0.network", &format!("[Match]\nName=t0\n{QUIET}{}", vlans(kind, networks)));
    write("10-u0.network", &format!("[Match]\nName=u0\n{QUIET}MACVLAN=up-wan\n"));
    write("10-up-wan.netdev", "[NetDev]\nName=up-wan\nKind=macvlan\n[MACVLAN]\nMode=bridge\n");
    let route = "[Route]\nGateway=192.168.50.1\nMetric=100\n";
    write("10-up-wan.network", &format!("[Match]\nName=up-wan\n{QUIET}Address=192.168.50.2/24\n{route}"));
    (1..=networks).for_each(|number| network(kind, number));
    let Some(cold) = until_there(networks) else { return vec![0.0; 4] };
    network(kind, networks + 1);
    write("10-t0.network", &format!("[Match]\nName=t0\n{QUIET}{}", vlans(kind, networks + 1)));
    vec![cold, 0.0, 0.0, until_there(networks + 1).unwrap_or(0.0)]
}

const QUIET: &str = "[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nConfigureWithoutCarrier=yes\n";

fn vlans(kind: NetworkKind, networks: usize) -> String {
    let last = if kind == NetworkKind::Vlan { networks } else { 0 };
    (1..=last).map(|number| format!("VLAN=t0.{number}\n")).collect()
}

fn network(kind: NetworkKind, number: usize) {
    let bridge = format!("br-n{number}");
    write(&format!("20-{bridge}.netdev"), &format!("[NetDev]\nName={bridge}\nKind=bridge\n"));
    write(&format!("20-{bridge}.network"), &format!("[Match]\nName={bridge}\n{QUIET}Address={}\n", address(number)));
    if kind == NetworkKind::Vlan {
        write(&format!("30-t0.{number}.netdev"), &format!("[NetDev]\nName=t0.{number}\nKind=vlan\n[VLAN]\nId={number}\n"));
        write(&format!("30-t0.{number}.network"), &format!("[Match]\nName=t0.{number}\n{QUIET}Bridge={bridge}\n"));
    }
}

fn write(name: &str, text: &str) {
    fs::write(Path::new(DIRECTORY).join(name), text).unwrap();
}

/// The process is in a mount namespace of its own already.
fn surroundings() {
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>).unwrap();
    mount(Some("sysfs"), "/sys", Some("sysfs"), MsFlags::MS_RDONLY, None::<&str>).unwrap();
    mount(Some("tmpfs"), "/run", Some("tmpfs"), MsFlags::empty(), None::<&str>).unwrap();
    fs::create_dir_all(DIRECTORY).unwrap();
    // The user it becomes.
    let mut users = fs::read_to_string("/etc/passwd").unwrap();
    if !users.contains("\nsystemd-network:") {
        users += "systemd-network:x:998:998::/:/usr/sbin/nologin\n";
    }
    fs::write("/run/passwd", users).unwrap();
    mount(Some("/run/passwd"), "/etc/passwd", None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
    for directory in ["links", "leases", "lldp"] {
        let path = Path::new("/run/systemd/netif").join(directory);
        fs::create_dir_all(&path).unwrap();
        let user = nix::unistd::User::from_name("systemd-network").unwrap().unwrap();
        nix::unistd::chown(&path, Some(user.uid), Some(user.gid)).unwrap();
    }
}

/// From its start until every link has its address; `None` when that takes too long.
fn until_there(networks: usize) -> Option<f64> {
    let started = Instant::now();
    let program = env::var("NETWORKD").unwrap();
    let libraries = Path::new(&program).ancestors().nth(4).unwrap().join("usr/lib/x86_64-linux-gnu/systemd");
    let events = events();
    let mut command = Command::new("sh");
    command.args(["-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\"", &program]);
    command.env("LD_LIBRARY_PATH", libraries).env("SYSTEMD_LOG_LEVEL", "crit").stdout(Stdio::null());
    let socket = events.as_raw_fd();
    // SAFETY: one system call between fork and exec; 3 is the first that systemd passes on (sd_listen_fds(3)).
    unsafe { command.pre_exec(move || Errno::result(libc::dup2(socket, 3)).map(drop).map_err(Into::into)) };
    let _networkd = Ended(command.spawn().unwrap());
    while started.elapsed() < PATIENCE {
        let asked = Instant::now();
        let there = getifaddrs().unwrap().filter(|one| {
            let is_inet = one.address.is_some_and(|address| address.as_sockaddr_in().is_some());
            is_inet && one.interface_name.starts_with("br-n")
        });
        if there.count() == networks {
            return Some(milliseconds(started.elapsed()));
        }
        // Asking must not be what it takes long for.
        thread::sleep((asked.elapsed() * 10).max(Duration::from_millis(5)));
    }
    None
}

/// The socket that systemd-networkd.socket gives it: without the large buffer it loses events, and waits for them for ever.
fn events() -> OwnedFd {
    let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::empty(), SockProtocol::NetlinkRoute).unwrap();
    setsockopt(&socket, sockopt::RcvBufForce, &(128 << 20)).unwrap();
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 1361)).unwrap();
    socket
}

/// Killed: it does not end at a polite word while it is busy.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
