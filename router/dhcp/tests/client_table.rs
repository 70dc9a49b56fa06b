//! Five clients, each through its life: boot, renewal, rebinding to a server that was gone and is back under another address, a power
//! cut, a changed range, a changed reservation, release. What each sends is heard on the cable; what it makes of the answer is read
//! from its interface.
#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod lab;

use edge_config::{DeviceId, Host};
use edge_dhcp::{LeaseState, NetworkService, Server};
use lab::{
    Lab, ROUTER,
    ear::Ear,
    ip,
    machine::{Disk, Machine},
    pool_of,
};
use std::{
    fmt::Write,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// Seconds; renewed after half of it, rebound after seven eighths. dhclient counts whole seconds, and a virtual machine may stand still
/// for one: with shorter ones a client may find its lease over before it has rebound.
const SHORT: u64 = 10;
const LONG: u64 = 40;
/// How long a step may take: more than the longer lease.
const PATIENCE: Duration = Duration::from_secs(60);
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);
const MOVED: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 150);
const RESERVED: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 5);
/// The router's address when it is back.
const BACK: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

struct Client {
    name: &'static str,
    /// Starts it, in its room.
    start: &'static str,
    /// What makes it renew, where it does not by itself before it rebinds.
    renew: &'static str,
    release: &'static str,
    /// What it sends after a power cut, where that is always the same.
    reboots_with: Option<&'static str>,
    /// Whether it tells the server that it leaves.
    releases: bool,
}

const CLIENTS: [Client; 5] = [
    Client {
        name: "udhcpc",
        start: r#"
cat > $dir/script <<'EOT'
#!/bin/sh
case $1 in
    bound|renew) ip address flush dev $interface; ip address replace $ip/$mask dev $interface; touch $dir/bound ;;
    deconfig) ip address flush dev $interface; ip link set $interface up ;;
esac
EOT
chmod +x $dir/script
rm -f $dir/bound
busybox udhcpc -f -t 3 -A 1 -i eth0 -s $dir/script </dev/null & client=$!"#,
        // With less than a minute to go it rebinds at once. Told to renew before it has seen the last ACK it starts anew.
        renew: "until [ -e $dir/bound ]; do sleep 0.02; done; rm $dir/bound; kill -USR1 $client",
        release: "kill -USR2 $client",
        reboots_with: Some("DISCOVER"),
        releases: true,
    },
    Client {
        name: "dhclient",
        start: r#"
cat > $dir/script <<'EOT'
#!/bin/sh
case $reason in
    PREINIT) ip link set $interface up ;;
    BOUND|REBOOT|RENEW|REBIND) ip address flush dev $interface; ip address replace $new_ip_address/24 dev $interface ;;
    RELEASE|EXPIRE|FAIL|STOP) ip address flush dev $interface ;;
esac
exit 0
EOT
chmod +x $dir/script
echo 'initial-interval 1; backoff-cutoff 2; timeout 10; retry 1;' > $dir/conf
run() { dhclient -4 -cf $dir/conf -sf $dir/script -lf /var/lib/dhcp/leases -pf /run/pid "$@" eth0 </dev/null; }
 run -d &"#,
        renew: "true",
        // It releases what is in its file of leases, which it writes when it starts and then every fifteenth second at most
        // (MIN_LEASE_WRITE): longer than these last.
        release: "kill $(cat /run/pid); run -1; run -r",
        // A DISCOVER where the lease in its file is over.
        reboots_with: None,
        releases: true,
    },
    Client {
        name: "dhcpcd",
        start: r#"
echo 'nodelay
noarp
noipv6
noipv4ll
nodev
option routers' > $dir/conf
dhcpcd -4 -B -f $dir/conf eth0 </dev/null & client=$!"#,
        renew: "true",
        // 9.4 sometimes does not hear a signal that comes while its hooks run; it waits for ten seconds then.
        release: "dhcpcd -4 -f $dir/conf -k eth0 || dhcpcd -4 -f $dir/conf -k eth0",
        reboots_with: Some("REQUEST rebooting 10.77.0.100"),
        releases: true,
    },
    Client {
        name: "systemd-networkd",
        start: r#"
grep -q ^systemd-network: /etc/passwd || echo 'systemd-network:x:998:998::/:/usr/sbin/nologin' >> /etc/passwd
mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
chown -R systemd-network /run/systemd/netif
printf '[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n' > /run/systemd/network/eth0.network
LD_LIBRARY_PATH=$clients/usr/lib/x86_64-linux-gnu/systemd $clients/lib/systemd/systemd-networkd </dev/null & client=$!"#,
        renew: "true",
        release: "kill $client",
        // It keeps its lease in /run only.
        reboots_with: Some("DISCOVER"),
        releases: true,
    },
    Client {
        name: "NetworkManager",
        start: r#"
mkdir -p /run/nm/eth0 /run/dbus
echo '<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth><policy
    context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>
' > /run/dbus/conf
printf '[main]\nplugins=keyfile\ndhcp=internal\ndns=none\nno-auto-default=*\nauth-polkit=false\n[keyfile]\npath=/run/nm/eth0\n' > /run/nm/conf
echo '[connection]
id=eth0
uuid=11111111-2222-3333-4444-555555555555
type=ethernet
interface-name=eth0
[ipv4]
method=auto
[ipv6]
method=disabled' > /run/nm/eth0/eth0.nmconnection
chmod 600 /run/nm/eth0/eth0.nmconnection
export LD_LIBRARY_PATH=$clients/usr/lib/x86_64-linux-gnu:$clients/lib/x86_64-linux-gnu
$clients/usr/bin/dbus-daemon --config-file=/run/dbus/conf --nofork --nopidfile </dev/null &
until [ -S /run/dbus/system_bus_socket ]; do sleep 0.02; done
$clients/usr/sbin/NetworkManager --no-daemon --config=/run/nm/conf --config-dir=/run/nm/none --system-config-dir=/run/nm/none </dev/null &"#,
        renew: "true",
        release: "$clients/usr/bin/nmcli connection down eth0",
        reboots_with: Some("REQUEST rebooting 10.77.0.100"),
        // It learnt to in 1.48 (ipv4.dhcp-send-release), and only when told to.
        releases: false,
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_lives_its_life() {
    let lives = CLIENTS.iter().map(|client| tokio::spawn(Life::new(client).live()));
    let lives: Vec<_> = lives.collect();
    let mut died = 0;
    for life in lives {
        match life.await {
            Ok(told) => println!("{told}"),
            Err(_) => died += 1,
        }
    }
    assert_eq!(died, 0, "clients that failed; each says above what it waited for");
}

struct Life {
    client: &'static Client,
    lab: Lab,
    ear: Ear,
    disk: Disk,
    machine: Option<Machine>,
    server: Option<Server>,
    service: NetworkService,
    /// What of the heard belongs to steps before.
    from: usize,
    told: String,
}

impl Life {
    fn new(client: &'static Client) -> Self {
        let lab = Lab::in_memory();
        let mut service = lab.service();
        pool_of(&mut service).lease = Duration::from_secs(SHORT);
        std::fs::write(lab.directory.path().join("machine-id"), "0123456789abcdef0123456789abcdef\n").expect("writable");
        let ear = Ear::open(&lab.netns());
        Self { client, lab, ear, disk: Disk::new(), machine: None, server: None, service, from: 0, told: String::new() }
    }

    async fn live(mut self) -> String {
        self.server = Some(self.lab.serve(self.service.clone()).await);
        self.machine = Some(Machine::boot(&self.lab, &self.disk, self.client.start));
        self.step("boot", FIRST, &["DISCOVER", "OFFER 10.77.0.100", "REQUEST selecting 10.77.0.100", "ACK 10.77.0.100"]).await;

        self.lasts(LONG);
        self.configure().await;
        self.run(self.client.renew);
        self.step("renew", FIRST, &["REQUEST renewing 10.77.0.100", "ACK 10.77.0.100"]).await;

        self.come_back_elsewhere().await;
        self.run(self.client.renew);
        self.step("rebind", FIRST, &["REQUEST rebinding 10.77.0.100", "ACK 10.77.0.100"]).await;
        self.never("DISCOVER");

        self.lasts(SHORT);
        self.configure().await;
        self.machine = None;
        ip(&format!("-n {} address flush dev eth0", self.lab.client()));
        self.from = self.ear.heard().len();
        self.machine = Some(Machine::boot(&self.lab, &self.disk, self.client.start));
        let first = self.client.reboots_with.into_iter();
        self.step("reboot", FIRST, &first.chain(["ACK 10.77.0.100"]).collect::<Vec<_>>()).await;

        pool_of(&mut self.service).from = MOVED;
        self.configure().await;
        self.run(self.client.renew);
        self.step("range changed", MOVED, &["ACK 10.77.0.150"]).await;

        let mac = "02:00:00:00:01:05".parse().expect("a MAC");
        let (name, network) = ("device1".parse().expect("a name"), self.service.network.clone());
        self.service.reservations = vec![Host { name, network, device: Some(DeviceId::Mac(mac)), address: RESERVED }];
        self.configure().await;
        self.run(self.client.renew);
        self.step("reserved", RESERVED, &["NAK", "DISCOVER", "ACK 10.77.0.5"]).await;

        self.run(self.client.release);
        self.leave().await;
        self.told
    }

    /// The server ends; the router has another address when the next one starts, so that no renewal reaches it.
    async fn come_back_elsewhere(&mut self) {
        self.server = None;
        let router = self.lab.server();
        ip(&format!("-n {router} address delete {ROUTER}/24 dev lan0"));
        ip(&format!("-n {router} address add {BACK}/24 dev lan0"));
        self.service.address = edge_net::Interface::new(format!("{BACK}/24").parse().expect("a net")).expect("an address");
        self.server = Some(self.lab.serve(self.service.clone()).await);
    }

    fn lasts(&mut self, seconds: u64) {
        pool_of(&mut self.service).lease = Duration::from_secs(seconds);
    }

    async fn configure(&self) {
        let server = self.server.as_ref().expect("it serves");
        assert!(server.configure(vec![self.service.clone()]).await.is_empty());
    }

    fn run(&mut self, line: &str) {
        self.machine.as_mut().expect("it is on").run(line);
    }

    /// Waits until all of these are heard, one after the other, and the client has that address and no other.
    async fn step(&mut self, name: &str, address: Ipv4Addr, wanted: &[&str]) {
        let start = Instant::now();
        let (ear, from) = (&self.ear, self.from);
        let is_heard = || {
            let heard = ear.heard();
            let mut heard = heard[from..].iter();
            wanted.iter().all(|wanted| heard.any(|heard| heard == wanted))
        };
        let client = self.lab.client();
        let has_address = || {
            let shown = ip(&format!("-n {client} -4 -o address show dev eth0"));
            shown.lines().count() == 1 && shown.contains(&format!(" {address}/24 "))
        };
        let is_there = self.comes(|| is_heard() && has_address()).await;
        assert!(is_there, "{}", self.failed(&format!("{name}: wanted {wanted:?} and {address}")));
        let heard = self.ear.heard();
        self.tell(&format!("{name:14} {:4.1} s  {}", start.elapsed().as_secs_f64(), heard[self.from..].join(", ")));
        self.from = heard.len();
    }

    async fn comes(&self, holds: impl Fn() -> bool) -> bool {
        let start = Instant::now();
        while !holds() {
            if start.elapsed() > PATIENCE {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        true
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.told, "{:17} {line}", self.client.name).expect("a string takes all");
    }

    fn never(&self, message: &str) {
        let heard = self.ear.heard();
        assert!(
            !heard[..self.from].iter().skip_while(|heard| !heard.starts_with("ACK")).any(|heard| heard == message),
            "{}",
            self.failed(message)
        );
    }

    async fn leave(&mut self) {
        let server = self.server.as_ref().expect("it serves");
        if !self.client.releases {
            let client = self.lab.client();
            let is_gone = || ip(&format!("-n {client} -4 -o address show dev eth0")).is_empty();
            assert!(self.comes(is_gone).await, "{}", self.failed("it leaves"));
            assert!(!self.ear.heard().iter().any(|heard| heard.starts_with("RELEASE")), "{}", self.failed("it says goodbye now"));
            self.tell("release              nothing: it leaves without a word");
            return;
        }
        let is_released = || {
            let leases = server.leases();
            leases.iter().any(|lease| lease.address == RESERVED && matches!(lease.state, LeaseState::Released { .. }))
        };
        let is_heard = || self.ear.heard().iter().any(|heard| heard == "RELEASE 10.77.0.5");
        assert!(self.comes(|| is_heard() && is_released()).await, "{}", self.failed("release"));
        self.tell("release              RELEASE 10.77.0.5");
    }

    fn failed(&self, what: &str) -> String {
        let console = self.lab.kept("console");
        let shown = ip(&format!("-n {} address show dev eth0", self.lab.client()));
        let server = self.server.as_ref().map(|server| (server.counters(), server.leases()));
        let (name, told, heard) = (self.client.name, &self.told, self.ear.heard());
        format!("{name}: {what}\n{told}\nheard: {heard:?}\n{server:?}\n{shown}\n{console}")
    }
}
