//! Leases of other servers and other boxes, taken over through `routerctl` and a running daemon; and given away.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::same;
use serde_json::Value;
use std::fs;
use truck::Truck;

/// No ports: nobody answers to a lease here.
const CONFIG: &str = r#"
[[network]]
name = "vehicle"
address = "10.0.1.1/24"
dhcp = { from = "10.0.1.100", to = "10.0.1.199" }

[[network]]
name = "equipment"
address = "10.0.2.1/24"
dhcp = { from = "10.0.2.100", to = "10.0.2.199" }
"#;

const DNSMASQ: &str = "\
4000000000 02:00:00:00:01:05 10.0.1.105 tablet 01:02:00:00:00:01:05
0 02:00:00:00:02:06 10.0.2.106 * ff:01:02:03
4000000000 02:00:00:00:03:07 10.0.3.107 elsewhere *
";

const ISC: &str = r#"
lease 10.0.1.108 {
  ends never;
  binding state active;
  hardware ethernet 02:00:00:00:01:08;
  client-hostname "printer";
}
lease 10.0.1.105 {
  ends never;
  binding state active;
  hardware ethernet 02:00:00:00:01:99;
}
"#;

fn import(truck: &Truck, name: &str, text: &str) -> Result<Value> {
    let file = truck.state_dir().join(name);
    fs::write(&file, text)?;
    truck.ctl_json(&["leases", "--import", file.to_str().context("a path in UTF-8")?])
}

fn export(truck: &Truck) -> Result<String> {
    let file = truck.state_dir().join("export.json");
    truck.ctl(&["leases", "--export", file.to_str().context("a path in UTF-8")?])?;
    Ok(fs::read_to_string(file)?)
}

/// Address, MAC and name of each.
fn listed(truck: &Truck) -> Result<Vec<String>> {
    let leases = truck.ctl_json(&["leases"])?;
    let nodes = leases["leases"].as_array().with_context(|| format!("no leases in {leases}"))?;
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    Ok(nodes.iter().map(|node| [&node["address"], &node["mac"], &node["name"]].map(text).join(" ")).collect())
}

#[test]
fn leases_of_others_are_taken_over_and_move_on_to_another_box() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    truck.start(CONFIG)?;
    let answer = import(&truck, "dnsmasq.leases", DNSMASQ)?;
    same(answer["taken"].as_u64(), Some(2))?;
    ensure!(answer["left_out"].to_string().contains("10.0.3.107"), "{answer}");
    let answer = import(&truck, "dhcpd.leases", ISC)?;
    same(answer["taken"].as_u64(), Some(1))?;
    ensure!(answer["left_out"].to_string().contains("somebody else has it here"), "{answer}");

    let wanted = [
        "10.0.1.105 02:00:00:00:01:05 tablet".to_owned(),
        "10.0.1.108 02:00:00:00:01:08 printer".to_owned(),
        "10.0.2.106 02:00:00:00:02:06 -".to_owned(),
    ];
    same(listed(&truck)?, wanted.to_vec())?;
    // On disk when it was said.
    truck.kill()?;
    truck.restart(&[])?;
    same(listed(&truck)?, wanted.to_vec())?;

    let exported = export(&truck)?;
    let mut other = Truck::without_trunk()?;
    other.start(CONFIG)?;
    same(import(&other, "export.json", &exported)?["taken"].as_u64(), Some(3))?;
    same(listed(&other)?, wanted.to_vec())?;
    let read = |text: &str| -> Result<Value> { Ok(serde_json::from_str(text)?) };
    let ends =
        |file: &Value| file["leases"].as_array().map(|leases| leases.iter().map(|lease| lease["client_id"].clone()).collect());
    same::<Option<Vec<Value>>>(ends(&read(&export(&other)?)?), ends(&read(&exported)?))
}
