//! Two throw-away network namespaces and a cable between them: the server's router on one side, clients on the other.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod crowd;
pub mod ear;
pub mod machine;
pub mod message;
pub mod wire;

use edge_dhcp::{Lease, LeaseState, NetworkService, OpenError, Server};
use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

static LABS: AtomicU32 = AtomicU32::new(0);

pub struct Lab {
    pub name: String,
    pub directory: tempfile::TempDir,
}

pub const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

/// A client does as it is told by a signal only once it has its lease, which the server knows before it does.
pub const WAIT_FOR: &str = r#"
wait_for() { for try in $(seq 300); do grep -q "^$1" $dir/events && return; sleep 0.1; done; cat $dir/events $dir/log; exit 1; }
wait_for_change() { for try in $(seq 300); do [ -e $dir/changed ] && return; sleep 0.1; done; exit 1; }
"#;

impl Lab {
    /// Needs root. `lan0` is the router's interface, `eth0` the client's.
    pub fn new() -> Self {
        Self::on(tempfile::tempdir().expect("a temporary directory"))
    }

    /// One whose files, the server's state among them, are in memory: for what is over when the disk lets a lease wait for a second.
    pub fn in_memory() -> Self {
        Self::on(tempfile::tempdir_in("/dev/shm").expect("a file system in memory"))
    }

    fn on(directory: tempfile::TempDir) -> Self {
        sweep();
        let name = format!("edhcp{}x{}", std::process::id(), LABS.fetch_add(1, Ordering::Relaxed));
        let lab = Self { name, directory };
        let (server, client) = (lab.server(), lab.client());
        for arguments in [
            format!("netns add {server}"),
            format!("netns add {client}"),
            format!("link add lan0 netns {server} type veth peer name eth0 netns {client}"),
            format!("-n {server} address add {ROUTER}/24 dev lan0"),
            format!("-n {server} link set lan0 up"),
            format!("-n {client} link set eth0 address 02:00:00:00:01:05 up"),
            format!("-n {client} link set lo up"),
        ] {
            ip(&arguments);
        }
        lab.wait_for_carrier();
        lab
    }

    /// The kernel tells of a carrier up to a second late, sends nothing until then, and some clients only look once.
    pub fn wait_for_carrier(&self) {
        let up = || ip(&format!("-n {} link show eth0", self.client())).contains("state UP");
        while !up() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn server(&self) -> String {
        format!("{}s", self.name)
    }

    pub fn client(&self) -> String {
        format!("{}c", self.name)
    }

    /// Beyond the router, for a test that makes it.
    pub fn upstream(&self) -> String {
        format!("{}u", self.name)
    }

    pub fn netns(&self) -> PathBuf {
        format!("/run/netns/{}", self.server()).into()
    }

    pub fn client_netns(&self) -> PathBuf {
        format!("/run/netns/{}", self.client()).into()
    }

    pub fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    pub fn service(&self) -> NetworkService {
        NetworkService { netns: Some(self.netns()), ..Self::plain_service() }
    }

    pub fn plain_service() -> NetworkService {
        let range = (Ipv4Addr::new(10, 77, 0, 100), Ipv4Addr::new(10, 77, 0, 199));
        let pool = edge_config::DhcpServer {
            lease: Duration::from_secs(3600),
            domain: Some("truck.example".to_owned()),
            probe: false,
            ..edge_config::DhcpServer::new(range.0, range.1)
        };
        let net = format!("{ROUTER}/24").parse().expect("a subnet");
        NetworkService {
            network: "vehicle".parse().expect("a name"),
            link: "lan0".parse().expect("an interface name"),
            netns: None,
            address: edge_net::Interface::new(net).expect("a host's address"),
            dhcp: Some(edge_config::Dhcp::Server(pool)),
            dns: vec![Ipv4Addr::new(10, 77, 0, 2)],
            own_name: None,
            reservations: Vec::new(),
        }
    }

    /// A server on a fresh or kept state, serving. One that was dropped keeps the log until the last of its tasks has seen that, and what
    /// is queued is on disk.
    pub async fn serve(&self, service: NetworkService) -> Server {
        let mut opened = Server::open(&self.state());
        eventually("the log is let go by the server before", || {
            if let Err(OpenError::InUse(_)) = opened {
                opened = Server::open(&self.state());
            }
            !matches!(opened, Err(OpenError::InUse(_)))
        })
        .await;
        let server = opened.expect("the log opens");
        let errors = server.configure(vec![service]).await;
        assert!(errors.is_empty(), "{errors:?}");
        server
    }

    /// Runs a shell line in the client's namespace, where the files that DHCP clients write are its own: nothing of this
    /// machine changes. `$dir` is a directory to keep things in.
    pub fn run(&self, line: &str) -> Output {
        let dir = self.directory.path().display().to_string();
        let resolv = self.directory.path().join("resolv.conf");
        fs::write(&resolv, "").expect("the directory is writable");
        let script = format!(
            "set -e
            mount --make-rprivate /
            mount --bind {} $(realpath /etc/resolv.conf)
            mkdir -p $dir/var $dir/run
            for store in /var/lib/dhcp /var/lib/dhcpcd; do [ ! -d $store ] || mount --bind $dir/var $store; done
            [ ! -d /run/dhcpcd ] || mount --bind $dir/run /run/dhcpcd
            {line}",
            resolv.display()
        );
        let net = format!("--net={}", self.client_netns().display());
        Command::new("timeout")
            .args(["50", "nsenter", &net, "unshare", "--mount", "sh", "-c", &script])
            .env("dir", dir)
            .output()
            .expect("timeout, nsenter and unshare are installed")
    }

    /// The same, and it must succeed; returns what it wrote.
    pub fn must(&self, line: &str) -> String {
        let output = self.run(line);
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "`{line}` failed with {}:\n{text}", output.status);
        text
    }

    /// An executable shell script in the lab's directory.
    pub fn script(&self, name: &str, body: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.directory.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}")).expect("the directory is writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        path
    }

    pub fn kept(&self, name: &str) -> String {
        fs::read_to_string(self.directory.path().join(name)).unwrap_or_default()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for namespace in [self.server(), self.client(), self.upstream()] {
            let _ = Command::new("ip").args(["netns", "delete", &namespace]).output();
        }
    }
}

/// A /16 with a pool that no test empties.
pub fn wide_service(link: &str, netns: Option<PathBuf>) -> NetworkService {
    let mut service = NetworkService { netns, link: link.parse().expect("an interface name"), ..Lab::plain_service() };
    let net = format!("{ROUTER}/16").parse().expect("a subnet");
    service.address = edge_net::Interface::new(net).expect("a host's address");
    let pool = pool_of(&mut service);
    (pool.from, pool.to) = (Ipv4Addr::new(10, 77, 1, 0), Ipv4Addr::new(10, 77, 250, 255));
    service
}

/// To be changed; the service must have one.
pub fn pool_of(service: &mut NetworkService) -> &mut edge_config::DhcpServer {
    match &mut service.dhcp {
        Some(edge_config::Dhcp::Server(pool)) => pool,
        other => panic!("no pool: {other:?}"),
    }
}

/// What `ip` prints.
pub fn ip(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split(' ')).output().expect("ip is installed");
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The one lease there is.
pub fn only_lease(server: &Server) -> Lease {
    let leases = server.leases();
    assert_eq!(leases.len(), 1, "{leases:?}");
    leases.into_iter().next().expect("there is one")
}

pub fn is_bound(lease: &Lease) -> bool {
    matches!(lease.state, LeaseState::Bound { .. })
}

/// What labs left behind whose process was killed: a namespace by name outlives it.
fn sweep() {
    for entry in fs::read_dir("/run/netns").into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let owner = name.strip_prefix("edhcp").and_then(|rest| rest.split_once('x')).map(|(pid, _)| pid);
        if owner.is_some_and(|pid| pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists()) {
            // Another test may have done it by now.
            let _ = Command::new("ip").args(["netns", "delete", &name]).output();
        }
    }
}

/// Waits for what the server does on its own.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..400 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: not within 20 seconds");
}
