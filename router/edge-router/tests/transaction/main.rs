//! Applies that are refused, not confirmed, interrupted, abandoned; and what a start makes of it. On any kernel.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod disk;
#[path = "../truck/mod.rs"]
mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::{same, wait_until, without_filled_sets};
use serde_json::Value;
use std::{
    fs,
    io::Write,
    os::unix::net::{UnixDatagram, UnixStream},
    path::PathBuf,
    time::Duration,
};
use truck::Truck;

const SOON: Duration = Duration::from_secs(60);

fn network(name: &str, number: u8) -> String {
    format!("[[network]]\nname = \"{name}\"\naddress = \"10.0.{number}.1/24\"\n")
}

fn one() -> String {
    network("cabin", 1)
}

fn two() -> String {
    one() + &network("hold", 2)
}

/// Long enough in the making to be disturbed.
fn many() -> String {
    (0..30).map(|number| network(&format!("net-{number}"), number)).collect()
}

fn running(config: &str) -> Result<Truck> {
    let mut truck = Truck::without_trunk()?;
    truck.start(config)?;
    Ok(truck)
}

/// Another file than the daemon's own.
fn other(truck: &Truck, config: &str) -> Result<PathBuf> {
    let path = truck.config().with_file_name("other.toml");
    fs::write(&path, config)?;
    Ok(path)
}

fn apply_other(truck: &Truck, config: &str, words: &[&str]) -> Result<Value> {
    let path = other(truck, config)?;
    truck.ctl_json(&[&["apply", path.to_str().unwrap()], words].concat())
}

/// Everything that writing would change, the interface indices and rule handles included.
fn kernel(truck: &Truck) -> Result<String> {
    let mut text = truck.edge.ip("-4 -o address")? + &truck.edge.ip("route")?;
    for line in truck.edge.ip("-o link")?.lines() {
        text += line.split(" qdisc ").next().unwrap_or_default();
        text += "\n";
    }
    // A bridge without ports loses its carrier whenever it likes.
    text = text.replace("linkdown ", "").replace("NO-CARRIER,", "").replace(",LOWER_UP", "");
    let table = without_filled_sets(&truck.edge.run("nft", ["-a", "list", "ruleset"])?);
    text.extend(table.lines().filter(|line| !line.contains("counter")).map(|line| format!("{line}\n")));
    Ok(text)
}

fn has(truck: &Truck, bridge: &str) -> Result<bool> {
    Ok(truck.edge.ip("-br link")?.contains(bridge))
}

fn problems(truck: &Truck) -> Result<String> {
    Ok(truck.ctl_json(&["status"])?["problems"].to_string())
}

#[test]
fn what_nobody_confirms_goes_and_is_not_tried_again() -> Result<()> {
    let mut truck = running(&one())?;
    fs::write(truck.config(), two())?;
    let left = truck.ctl_json(&["apply", "--confirm", "15s"])?["confirm_within"].as_u64();
    ensure!(left.is_some_and(|left| (1..=15).contains(&left)), "{left:?} s");
    let screen = truck.ctl(&["status"])?;
    ensure!(screen.contains("! confirm within ") && screen.contains("configuration comes back"), "{screen}");
    ensure!(has(&truck, "br-hold")?, "it is in force until then");
    wait_until("the way back", SOON, || Ok(!has(&truck, "br-hold")?))?;
    wait_until("the status", SOON, || Ok(problems(&truck)?.contains("was not confirmed in time")))?;
    ensure!(apply_is_nothing(&truck, &one())?, "something is left behind");
    let back = kernel(&truck)?;
    truck.kill()?;
    truck.restart(&[])?;
    same(kernel(&truck)?, back).context("a start that has nothing to do writes nothing")?;
    let told = problems(&truck)?;
    ensure!(told.contains("last good") && told.contains("was not confirmed in time"), "{told}");
    truck.ctl(&["apply"])?;
    ensure!(has(&truck, "br-hold")?, "an apply tries it again");
    same(problems(&truck)?.as_str(), "[]")
}

#[test]
fn a_window_outlives_a_crash_and_ends_with_the_boot() -> Result<()> {
    let mut truck = running(&one())?;
    ensure!(truck.ctl(&["confirm"]).is_err() && truck.ctl(&["revert"]).is_err(), "there is nothing to confirm, nothing before");
    apply_other(&truck, &two(), &["--confirm", "10m"])?;
    let during = kernel(&truck)?;
    truck.kill()?;
    truck.restart(&[])?;
    same(kernel(&truck)?, during)?;
    let left = truck.ctl_json(&["status"])?["applied"]["confirm_within"].as_u64();
    ensure!(left.is_some_and(|left| (1..=600).contains(&left)), "{left:?} s left of the window");
    // Only `routerctl confirm` confirms: neither another apply nor SIGHUP does.
    apply_other(&truck, &(two() + &network("galley", 3)), &[])?;
    same(truck.ctl_json(&["status"])?["applied"]["confirmed"].as_bool(), Some(false))?;

    truck.kill()?;
    let boot_id = truck.config().with_file_name("boot-id");
    fs::write(&boot_id, "another boot\n")?;
    truck.edge.sh(&format!("mount --bind {} /proc/sys/kernel/random/boot_id", boot_id.display()))?;
    truck.restart(&[])?;
    ensure!(!has(&truck, "br-hold")? && !has(&truck, "br-galley")?, "the window ended with the boot");
    same(problems(&truck)?.as_str(), "[]").context("in force is what the file says")?;

    apply_other(&truck, &two(), &["--confirm", "10m"])?;
    truck.ctl(&["confirm"])?;
    truck.kill()?;
    truck.restart(&[])?;
    ensure!(has(&truck, "br-hold")?, "what was confirmed stays, whatever the file says");
    ensure!(problems(&truck)?.contains("was applied instead"), "{}", problems(&truck)?);
    for wanted in [false, true] {
        truck.ctl(&["revert"])?;
        same(has(&truck, "br-hold")?, wanted).context("a revert of a revert returns")?;
    }
    apply_other(&truck, &one(), &["--confirm", "10m"])?;
    truck.ctl(&["revert"])?;
    ensure!(has(&truck, "br-hold")?, "a revert within the window goes back at once");
    same(truck.ctl_json(&["status"])?["applied"]["confirmed"].as_bool(), Some(true))
}

/// A default route of somebody else stands where ours is to go.
#[test]
fn what_the_kernel_refuses_is_undone() -> Result<()> {
    let mut truck = running(&one())?;
    truck.edge.sh("ip address add 192.168.50.9/24 dev wlp3s0f0; ip route add default via 192.168.50.1 metric 77")?;
    let uplink = "[[uplink]]\nname = \"wan\"\ndevice = \"wlp3s0f0\"\naddress = \"192.168.50.2/24\"\n\
                  gateway = \"192.168.50.1\"\nmetric = 77\n";
    let error = format!("{:#}", truck.apply(&(two() + uplink)).unwrap_err());
    ensure!(error.contains("0.0.0.0/0") && error.contains("undone: what was in force before is in force again"), "{error}");
    ensure!(!has(&truck, "br-hold")?, "a part of it is left");
    let theirs = truck.edge.ip("route show default")?;
    ensure!(theirs.contains("metric 77"), "the foreign route: {theirs}");
    let journal = truck.state_dir().join("transaction.json");
    ensure!(!journal.exists(), "the transaction is over");

    let before = kernel(&truck)?;
    truck.kill()?;
    truck.restart(&[])?;
    same(kernel(&truck)?, before).context("what was refused is not tried again")?;
    ensure!(problems(&truck)?.contains("was refused"), "{}", problems(&truck)?);
    truck.edge.ip("route delete default metric 77")?;
    truck.ctl(&["apply"])?;
    ensure!(has(&truck, "br-hold")?, "an apply tries again");
    Ok(())
}

/// A default route of somebody else stands where ours is to come back.
#[test]
fn a_way_back_that_fails_is_tried_until_it_is_gone() -> Result<()> {
    let uplink = "[[uplink]]\nname = \"wan\"\ndevice = \"wlp3s0f0\"\naddress = \"192.168.50.2/24\"\n\
                  gateway = \"192.168.50.1\"\nmetric = 77\n";
    let truck = running(&(one() + uplink))?;
    apply_other(&truck, &two(), &["--confirm", "15s"])?;
    truck.edge.sh("ip address add 192.168.50.9/24 dev wlp3s0f0; ip route add default via 192.168.50.1 metric 77")?;
    wait_until("a way back that fails", SOON, || Ok(truck.log().contains("is not wholly back")))?;
    let told = problems(&truck)?;
    ensure!(told.contains("0.0.0.0/0"), "{told}");
    ensure!(!has(&truck, "br-hold")?, "the rest is back");
    let journal = truck.state_dir().join("transaction.json");
    ensure!(journal.exists(), "what is not back is not over");
    truck.edge.ip("route delete default metric 77")?;
    wait_until("the way back", SOON, || Ok(!journal.exists()))?;
    ensure!(truck.edge.ip("route show default")?.contains("proto 237"), "{}", truck.edge.ip("route")?);
    same(problems(&truck)?.as_str(), "[]")
}

#[test]
fn an_interrupted_apply_is_taken_back_at_the_start() -> Result<()> {
    let mut truck = running(&one())?;
    let journal = truck.state_dir().join("transaction.json");
    // It may have come to its end before it is killed.
    for _ in 0..5 {
        begin_and_leave(&truck, "sent.toml", &many())?;
        truck.kill()?;
        if journal.exists() {
            break;
        }
        truck.restart(&[])?;
        truck.ctl(&["apply"])?;
    }
    let told = fs::read_to_string(&journal)?;
    ensure!(told.contains("add bridge br-net-7 in host"), "the journal is for people too: {told}");
    truck.restart(&[])?;
    ensure!(has(&truck, "br-cabin")? && !has(&truck, "br-net")?, "{}", truck.edge.ip("-br link")?);
    ensure!(truck.log().contains("was interrupted"), "{}", truck.log());
    ensure!(!journal.exists());

    // Neither damage nor another release's journal stops a start.
    for damage in ["", "crc32c 00000000\n{}\n", &told[..told.len() / 2]] {
        truck.stop()?;
        fs::write(&journal, damage)?;
        truck.restart(&[])?;
        ensure!(has(&truck, "br-cabin")? && !journal.exists() && journal.with_extension("json.damaged").exists());
    }
    Ok(())
}

/// As a client does whose connection ends in the middle of an apply.
fn begin_and_leave(truck: &Truck, name: &str, config: &str) -> Result<()> {
    let body = serde_json::json!({ "config": { "file_name": name, "text": config } }).to_string();
    let mut stream = UnixStream::connect(truck.run_dir().join("control.sock"))?;
    write!(stream, "POST /v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
    // It may come to its end unseen.
    wait_until("the journal", SOON, || {
        Ok(truck.state_dir().join("transaction.json").exists() || in_force(truck)?.as_deref() == Some(name))
    })
}

fn in_force(truck: &Truck) -> Result<Option<String>> {
    Ok(truck.ctl_json(&["status"])?["applied"]["name"].as_str().map(str::to_owned))
}

#[test]
fn an_apply_ends_wholly_whoever_leaves() -> Result<()> {
    let mut truck = running(&one())?;
    begin_and_leave(&truck, "sent.toml", &many())?;
    wait_until("the end of what was sent", SOON, || Ok(in_force(&truck)?.as_deref() == Some("sent.toml")))?;
    same(apply_other(&truck, &many(), &[])?["writes"].as_u64(), Some(0)).context("it was made wholly")?;

    // The daemon is asked to stop in the middle of the way back.
    begin_and_leave(&truck, "back.toml", &one())?;
    truck.stop()?;
    ensure!(!truck.state_dir().join("transaction.json").exists(), "a stop waits for the end");
    let after = kernel(&truck)?;
    truck.restart(&[])?;
    same(kernel(&truck)?, after).context("there was nothing left to do")?;
    same(apply_other(&truck, &one(), &[])?["writes"].as_u64(), Some(0))?;

    // Two at once: one after the other, and what is in force is wholly one of them.
    begin_and_leave(&truck, "again.toml", &many())?;
    truck.ctl(&["apply"])?;
    wait_until("one of them, wholly", SOON, || Ok(apply_is_nothing(&truck, &one())? || apply_is_nothing(&truck, &many())?))
}

fn apply_is_nothing(truck: &Truck, config: &str) -> Result<bool> {
    let path = other(truck, config)?;
    Ok(truck.ctl_json(&["plan", path.to_str().unwrap()])?["nothing_to_change"] == true)
}

#[test]
fn a_service_manager_is_told() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    let path = truck.config().with_file_name("notify");
    let socket = UnixDatagram::bind(&path)?;
    socket.set_read_timeout(Some(SOON))?;
    let hear = || -> Result<String> {
        let mut buffer = [0; 1000];
        let length = socket.recv(&mut buffer).context("nothing was told")?;
        Ok(String::from_utf8(buffer[..length].to_vec())?)
    };
    fs::write(truck.config(), one())?;
    truck.restart(&[("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "2000000")])?;
    ensure!(hear()?.starts_with("READY=1\nSTATUS=1 network"), "first of all");
    ensure!(has(&truck, "br-cabin")?, "ready is when the networks are there");
    same(hear()?.trim(), "WATCHDOG=1")?;
    fs::write(truck.config(), two())?;
    truck.hangup()?;
    let without_beats = || -> Result<String> {
        loop {
            let text = hear()?;
            if text.trim() != "WATCHDOG=1" {
                return Ok(text);
            }
        }
    };
    let reloading = without_beats()?;
    ensure!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    let ready = without_beats()?;
    ensure!(ready.starts_with("READY=1\nSTATUS=2 networks"), "{ready}");
    ensure!(has(&truck, "br-hold")?, "SIGHUP applies the file");
    truck.stop()?;
    same(without_beats()?.trim(), "STOPPING=1")
}

#[cfg(feature = "faults")]
#[test]
fn a_kernel_that_hangs_is_not_waited_for() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    let order = truck.config().with_file_name("faults");
    fs::write(truck.config(), one())?;
    truck.restart_with(&["--patience", "4"], &[("EDGE_FAULTS", order.to_str().unwrap())])?;
    fs::write(&order, "stall 1")?;
    let error = format!("{:#}", truck.apply(&two()).unwrap_err());
    ensure!(error.contains("the kernel does not carry out a change: no answer within 4 s"), "{error}");
    ensure!(error.contains("what was in force before is not wholly back"), "{error}");
    fs::remove_file(&order)?;
    wait_until("the way back", SOON, || Ok(!truck.state_dir().join("transaction.json").exists()))?;
    ensure!(!has(&truck, "br-hold")? && apply_is_nothing(&truck, &one())?, "{}", truck.edge.ip("-br link")?);
    ensure!(problems(&truck)?.contains("was refused"), "{}", problems(&truck)?);
    truck.ctl(&["apply"])?;
    ensure!(has(&truck, "br-hold")?, "it answers again");
    Ok(())
}
