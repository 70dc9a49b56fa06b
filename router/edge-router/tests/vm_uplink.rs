//! An uplink by ipvlan, which shares its device's MAC address with the host.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use anyhow::{Context, Result, ensure};
use edge_lab::{Client, Provider, Rig, lost_in_a_row, pinging, same, wait_until};
use std::{thread, time::Duration};

const PROGRAM: &str = env!("CARGO_BIN_EXE_edge-router");
const CONFIG: &str = "
[router]
namespace = \"router\"
[[uplink]]
name = \"wan\"
device = \"eth1\"
link = \"ipvlan-l2\"
address = \"dhcp\"
[[network]]
name = \"lan\"
address = \"10.77.0.1/24\"
[[allow]]
from = \"lan\"
to = \"wan\"
";

/// Both are clients of one server, by one MAC address: each gets an address of its own, by what they call themselves. The box keeps
/// its own over a kill, without a packet lost or a thing rewritten.
#[test]
fn the_host_and_the_box_are_two_clients_on_one_device() -> Result<()> {
    let mut site = Rig::new(PROGRAM)?;
    let mut isp = site.provider("eth1", "192.0.2")?;
    isp.dnsmasq(50, &["--dhcp-range=192.0.2.70,192.0.2.79,120"])?;
    site.edge.dhcp(Client::Udhcpc, "eth1")?;
    site.start(CONFIG)?;
    let own = site.online("wan")?;
    let of_the_host = site.edge.ip("-o -4 address show dev eth1")?;
    let numbers = own.trim_end_matches("/24");
    ensure!(own.starts_with("192.0.2.") && !of_the_host.contains(numbers), "{own} and {of_the_host}");
    let container = site.attached("c1", "lan")?;
    let asked = |isp: &Provider| isp.log().matches("DHCPREQUEST").count();
    let answers = pinging(&container, |_| {
        let before = asked(&isp);
        site.kill()?;
        let router = site.router()?;
        let monitor = router.daemon(router.command("ip").args(["-4", "monitor", "address", "route"]))?;
        thread::sleep(Duration::from_secs(1));
        site.start(CONFIG)?;
        wait_until("the confirmation", Duration::from_secs(60), || Ok(asked(&isp) > before)).with_context(|| isp.log())?;
        same(site.online("wan")?, own.clone())?;
        same(monitor.log()?.as_str(), "")
    })?;
    let lost = lost_in_a_row(&answers);
    ensure!(lost < 50, "{lost} pings in a row without an answer over the restart");
    same(site.apply(CONFIG)?["writes"].as_u64(), Some(0))?;

    isp.host.ip("link set eth0 down")?;
    site.until("wan", 60, |row| row["why"].as_str().is_some_and(|why| why.starts_with("no carrier"))).map(drop)
}
