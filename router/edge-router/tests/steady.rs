//! What a change or a restart must not touch: traffic that is counted goes on without the loss of a packet.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use anyhow::{Context, Result, ensure};
use edge_lab::{Client, Daemon, Disk, Flow, Host, Rig, Stream, snapshot, wait_until};
use std::{collections::BTreeMap, fs, net::SocketAddrV4, process::Command, thread::sleep, time::Duration};

const PROGRAM: &str = env!("CARGO_BIN_EXE_edge-router");
const INTERNET: [u8; 4] = [192, 168, 50, 1];
/// Between two packets of a flow.
const BEAT: Duration = Duration::from_millis(2);
/// How long a flow goes on where nothing is done.
const A_WHILE: Duration = Duration::from_millis(400);

/// `a` and `b` talk, and reach the uplink; whatever else there is comes behind.
fn config(namespace: bool, more: &str) -> String {
    let router = if namespace { "[router]\nnamespace = \"router\"\n" } else { "" };
    format!(
        r#"{router}
        [[uplink]]
        name = "wan"
        device = "up0"
        address = "192.168.50.2/24"
        gateway = "192.168.50.1"
        [[network]]
        name = "a"
        ports = ["p1", "p2"]
        address = "10.0.1.1/24"
        dhcp = {{ from = "10.0.1.100", to = "10.0.1.199" }}
        [[network]]
        name = "b"
        ports = ["p3"]
        address = "10.0.2.1/24"
        [[allow]]
        from = "a"
        to = "wan"
        [[allow]]
        from = "a"
        to = "b"
        {more}"#
    )
}

/// Everything `a` talks to.
struct Town {
    rig: Rig,
    host: Host,
    neighbour: Host,
    other: Host,
    container: Host,
    internet: Host,
}

impl Town {
    fn new(config: &str) -> Result<Self> {
        let mut rig = Rig::with(PROGRAM, &["p1", "p2", "p3", "p4", "up0"], Disk::Real)?;
        fs::write(rig.config(), config)?;
        let (internet, other, neighbour) = (rig.beyond("up0")?, rig.beyond("p3")?, rig.beyond("p2")?);
        internet.ip("address add 192.168.50.1/24 dev eth0")?;
        other.sh("ip address add 10.0.2.5/24 dev eth0; ip route add default via 10.0.2.1")?;
        neighbour.sh("ip address add 10.0.1.6/24 dev eth0; ip route add default via 10.0.1.1")?;
        rig.restart(&[])?;
        let host = rig.beyond("p1")?;
        host.dhcp(Client::Udhcpc, "eth0")?;
        let container = rig.attached("c1", "a")?;
        Ok(Self { rig, host, neighbour, other, container, internet })
    }

    /// Both ways through the uplink masqueraded, between networks, within a network, and from a container.
    fn traffic(&self) -> Result<Traffic> {
        let to = |address: [u8; 4]| SocketAddrV4::new(address.into(), 7000);
        let flows = vec![
            ("to the Internet", Flow::start(&self.host, &self.internet, to(INTERNET), BEAT)?),
            ("to another network", Flow::start(&self.host, &self.other, to([10, 0, 2, 5]), BEAT)?),
            ("to a neighbour", Flow::start(&self.host, &self.neighbour, to([10, 0, 1, 6]), BEAT)?),
            ("from a container", Flow::start(&self.container, &self.internet, SocketAddrV4::new(INTERNET.into(), 7001), BEAT)?),
        ];
        let to = |address: [u8; 4]| SocketAddrV4::new(address.into(), 8000);
        let streams = vec![
            ("to the Internet", Stream::start(&self.host, &self.internet, to(INTERNET), BEAT)?),
            ("to another network", Stream::start(&self.host, &self.other, to([10, 0, 2, 5]), BEAT)?),
        ];
        Ok(Traffic { flows, streams })
    }

    /// Where the policy is.
    fn router(&self) -> Result<Host> {
        Ok(self.rig.edge.inside("router").unwrap_or_else(|_| self.rig.edge.clone()))
    }

    /// What each of the counting rules of network `a` and of the forward chain sees.
    fn count_drops(&self) -> Result<()> {
        self.host.sh("ip address add 172.31.0.1/32 dev lo; ! ping -c 3 -i 0.01 -W 1 -I 172.31.0.1 10.0.2.5")?;
        self.other.sh("! ping -c 3 -i 0.01 -W 1 10.0.1.6").map(drop)
    }

    /// Every rule, chain, set and map of the policy by its handle, as `nft` shows it without what is in it, and what it counted.
    fn rules(&self) -> Result<BTreeMap<String, Option<u64>>> {
        let table = self.router()?.run("nft", ["-a", "list", "table", "inet", "edge-router"])?;
        let rule = |line: &str| -> Option<(String, Option<u64>)> {
            let (_, handle) = line.split_once("# handle ")?;
            let counted = line.split_once("counter packets ").and_then(|(_, count)| count.split(' ').next()?.parse().ok());
            let text = line.split("counter packets").next().unwrap_or_default().trim();
            Some((format!("{text} # handle {handle}"), counted))
        };
        Ok(table.lines().filter_map(rule).collect())
    }

    /// The same rules are still there, by their handles, and count on.
    fn keeps(&self, before: &BTreeMap<String, Option<u64>>) -> Result<()> {
        ensure!(before.values().filter(|counted| counted.is_some_and(|packets| packets >= 3)).count() >= 2, "{before:#?}");
        let now = self.rules()?;
        for (rule, counted) in before {
            let found = now.get(rule).with_context(|| format!("made anew or gone: {rule}\nof {now:#?}"))?;
            ensure!(found >= counted, "{rule} counted {counted:?} and now {found:?}");
        }
        Ok(())
    }

    fn leases(&self) -> Result<Vec<String>> {
        let leases = self.rig.wait(self.rig.client().leases())?.leases;
        Ok(leases.iter().map(|one| format!("{:?} {} {} {:?}", one.name, one.network, one.address, one.netns)).collect())
    }

    /// Indices and names of every link, in the host and in the router's namespace.
    fn links(&self) -> Result<String> {
        let router = self.rig.edge.inside("router").and_then(|router| router.ip("-o link")).unwrap_or_default();
        let lines = self.rig.edge.ip("-o link")? + &router;
        Ok(lines.lines().map(|line| line.split('<').next().unwrap_or_default().to_owned() + "\n").collect())
    }
}

struct Traffic {
    flows: Vec<(&'static str, Flow)>,
    streams: Vec<(&'static str, Stream)>,
}

impl Traffic {
    /// Not one packet was lost, nor one segment of TCP.
    fn stop(self) -> Result<u64> {
        let mut all = 0;
        for (name, flow) in self.flows {
            let count = flow.stop()?;
            println!("{name}: {} sent, {} lost", count.sent, count.lost.len());
            ensure!(count.lost.is_empty(), "{name}: {} of {} are lost: {:?}", count.lost.len(), count.sent, count.lost);
            all += count.sent;
        }
        let (mut again, mut needless) = (0, 0);
        for (name, stream) in self.streams {
            let count = stream.stop()?;
            println!("{name}: {count:?}");
            ensure!(count.sent == count.received, "{name}: {count:?}");
            again += count.retransmitted;
            needless = count.needless;
        }
        // All streams are of one host.
        ensure!(again <= needless, "{again} segments sent again, {needless} of them needlessly");
        Ok(all)
    }
}

#[test]
fn a_change_elsewhere_loses_no_packet() {
    for namespace in [false, true] {
        change_elsewhere(namespace).unwrap();
    }
}

fn change_elsewhere(namespace: bool) -> Result<()> {
    let base = config(namespace, "");
    let town = Town::new(&base)?;
    let (links, leases, snapshot) = (town.links()?, town.leases()?, town.rig.snapshot()?);
    town.count_drops()?;
    let rules = town.rules()?;
    let router = town.router()?;
    let monitor = router.daemon(router.command("stdbuf").args(["-oL", "nft", "monitor"]))?;
    let traffic = town.traffic()?;
    let network = |address: &str| format!("[[network]]\nname = \"c\"\nports = [\"p4\"]\naddress = \"{address}\"\n");
    let allow = "[[allow]]\nfrom = \"b\"\nto = \"wan\"\nprotocol = \"tcp\"\nports = [443]\n";
    let host = "[[host]]\nname = \"printer\"\nnetwork = \"b\"\nmac = \"02:00:00:00:02:09\"\naddress = \"10.0.2.9\"\n";
    let forward = "[[forward]]\nuplink = \"wan\"\nprotocol = \"tcp\"\nport = 8080\nto = \"10.0.2.5:80\"\n";
    let changes =
        [network("10.0.3.1/24"), network("10.0.33.1/24"), allow.to_owned(), host.to_owned(), forward.to_owned(), String::new()];
    for more in &changes {
        town.rig.apply_until_taken(&config(namespace, more)).with_context(|| more.clone())?;
        town.keeps(&rules).with_context(|| more.clone())?;
        sleep(A_WHILE / 4);
    }
    println!("in {} changes:", changes.len());
    ensure!(traffic.stop()? > 100, "too little traffic to say anything");
    ensure!(town.links()? == links, "links were made anew:\n{}before:\n{links}", town.links()?);
    ensure!(town.leases()? == leases, "leases: {:?}, before: {leases:?}", town.leases()?);
    let after = town.rig.snapshot()?;
    ensure!(after == snapshot, "not as before:\n{}", snapshot::difference(&after, &snapshot));
    let edits = monitor.log()?;
    ensure!(edits.contains("-c\""), "the monitor heard nothing:\n{edits}");
    let about_a = edits.lines().find(|line| line.contains("-a\""));
    ensure!(about_a.is_none(), "an element of network a was touched: {about_a:?}");
    Ok(())
}

#[test]
fn a_killed_daemon_and_its_restart_lose_no_packet() {
    for namespace in [false, true] {
        restart(namespace, Rig::kill).unwrap();
    }
}

#[test]
fn a_stopped_daemon_and_its_restart_lose_no_packet() {
    for namespace in [false, true] {
        restart(namespace, Rig::stop).unwrap();
    }
}

fn restart(namespace: bool, end: impl Fn(&mut Rig) -> Result<()>) -> Result<()> {
    let mut town = Town::new(&config(namespace, ""))?;
    let device = town.renewing()?;
    let (links, leases, snapshot) = (town.links()?, town.leases()?, town.rig.snapshot()?);
    let traffic = town.traffic()?;
    for _ in 0..3 {
        sleep(A_WHILE / 4);
        end(&mut town.rig)?;
        sleep(A_WHILE);
        device.renew()?;
        town.rig.restart(&[])?;
        let report = town.rig.try_apply(&config(namespace, ""))??;
        ensure!(report.writes == 0, "{} writes after a restart", report.writes);
        device.renews()?;
    }
    ensure!(traffic.stop()? > 500, "too little traffic to say anything");
    ensure!(town.links()? == links, "links were made anew:\n{}before:\n{links}", town.links()?);
    ensure!(town.leases()? == leases, "leases: {:?}, before: {leases:?}", town.leases()?);
    let after = town.rig.snapshot()?;
    ensure!(after == snapshot, "not as before:\n{}", snapshot::difference(&after, &snapshot));
    Ok(())
}

/// A device whose DHCP client goes on running.
struct Device {
    client: Daemon,
}

impl Town {
    fn renewing(&self) -> Result<Device> {
        let mut command: Command = self.host.command("busybox");
        command.args(["udhcpc", "-f", "-i", "eth0", "-s", "/bin/true", "-t", "10", "-T", "1"]);
        let client = self.host.daemon(&mut command)?;
        wait_until("a lease", Duration::from_secs(20), || Ok(client.log()?.contains("obtained")))?;
        Ok(Device { client })
    }
}

impl Device {
    fn obtained(&self) -> Result<usize> {
        Ok(self.client.log()?.matches("obtained").count())
    }

    /// Asks for a renewal now (SIGUSR1).
    fn renew(&self) -> Result<()> {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(self.client.pid())?), nix::sys::signal::Signal::SIGUSR1)?;
        Ok(())
    }

    /// It asks again until it has its lease again.
    fn renews(&self) -> Result<()> {
        let before = self.obtained()?;
        wait_until("the renewal", Duration::from_secs(20), || {
            self.renew()?;
            sleep(Duration::from_millis(300));
            Ok(self.obtained()? > before)
        })
    }
}
