//! A damaged `last-good.toml`: the box starts, the file is in force, and it is told until somebody has seen it. On any kernel.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::same;
use std::{fs, os::unix::fs::symlink, path::Path};
use truck::Truck;

const CABIN: &str = "[[network]]\nname = \"cabin\"\naddress = \"10.0.1.1/24\"\n";
const HOLD: &str = "[[network]]\nname = \"hold\"\naddress = \"10.0.2.1/24\"\n";

type Damage = fn(&Path, Vec<u8>) -> Result<()>;

/// Of a file that holds these bytes.
const DAMAGES: [(&str, Damage); 9] = [
    ("emptied", |path, _| Ok(fs::write(path, "")?)),
    ("edited", |path, whole| Ok(fs::write(path, [&whole, HOLD.as_bytes()].concat())?)),
    ("edited and without its seal", |path, whole| {
        let text = String::from_utf8(whole)?;
        Ok(fs::write(path, text.split_once('\n').context("no seal")?.1.to_owned() + HOLD)?)
    }),
    ("only a comment", |path, _| Ok(fs::write(path, "# nothing\n")?)),
    ("cut off", |path, whole| Ok(fs::write(path, &whole[..whole.len() / 2])?)),
    ("a flipped bit", |path, mut whole| {
        let last = whole.len() - 5;
        whole[last] ^= 1;
        Ok(fs::write(path, whole)?)
    }),
    ("a directory", |path, _| Ok(fs::create_dir(path).and_then(|()| fs::write(path.join("in it"), ""))?)),
    ("a pipe", |path, _| Ok(nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU)?)),
    ("a device without end", |path, _| Ok(symlink("/dev/zero", path)?)),
];

fn problems(truck: &Truck) -> Result<String> {
    Ok(truck.ctl_json(&["status"])?["problems"].to_string())
}

fn has(truck: &Truck, bridge: &str) -> Result<bool> {
    Ok(truck.edge.ip("-o link")?.contains(&format!(" {bridge}: ")))
}

#[test]
fn the_file_is_in_force_whatever_is_in_the_place_of_the_last_good_one() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    truck.start(CABIN)?;
    let kept = truck.state_dir().join("last-good.toml");
    let aside = kept.with_extension("toml.damaged");
    for (what, damage) in DAMAGES {
        damaged(&mut truck, &kept, &aside, damage).with_context(|| format!("{what}: {}", truck.log()))?;
    }
    Ok(())
}

fn damaged(truck: &mut Truck, kept: &Path, aside: &Path, damage: Damage) -> Result<()> {
    truck.stop()?;
    let whole = fs::read(kept)?;
    fs::remove_file(kept)?;
    damage(kept, whole.clone())?;
    let found = fs::symlink_metadata(kept)?.file_type();
    // Told by a start after it as well.
    for _ in 0..2 {
        truck.restart(&[])?;
        ensure!(has(truck, "br-cabin")? && !has(truck, "br-hold")?, "{}", truck.edge.ip("-br link")?);
        ensure!(problems(truck)?.contains("last-good.toml.damaged"), "{}", problems(truck)?);
        ensure!(truck.log().contains("last-good.toml.damaged"));
        same(fs::symlink_metadata(aside)?.file_type(), found).context("what was found is not lost")?;
        same(fs::read(kept)?, whole.clone()).context("and it is kept anew")?;
        truck.stop()?;
    }
    if found.is_dir() {
        fs::remove_dir_all(aside)?
    } else {
        fs::remove_file(aside)?
    }
    truck.restart(&[])?;
    same(problems(truck)?.as_str(), "[]").context("it was seen")?;
    same(truck.ctl_json(&["apply"])?["writes"].as_u64(), Some(0))
}

/// What a release before there were seals left behind is good, once.
#[test]
fn an_upgrade_takes_the_last_good_one_of_the_release_before() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    truck.start(CABIN)?;
    let both = truck.config().with_file_name("both.toml");
    fs::write(&both, format!("{CABIN}{HOLD}"))?;
    truck.ctl(&["apply", both.to_str().unwrap()])?;
    truck.stop()?;
    let kept = truck.state_dir().join("last-good.toml");
    fs::copy(&both, &kept)?;
    let decision = truck.state_dir().join("decision.json");
    let text = fs::read_to_string(&decision)?;
    let json = text.split_once('\n').context("no checksum")?.1.trim_end();
    let older = json.lines().filter(|line| !line.contains("\"sealed\"")).collect::<Vec<_>>().join("\n").replace(",\n}", "\n}");
    ensure!(older != json);
    fs::write(&decision, format!("crc32c {:08x}\n{older}\n", crc32c::crc32c(older.as_bytes())))?;

    truck.restart(&[])?;
    ensure!(has(&truck, "br-hold")? && !problems(&truck)?.contains("damaged"), "{}", problems(&truck)?);
    ensure!(fs::read_to_string(&kept)?.starts_with("# edge-router"), "sealed now");
    truck.stop()?;
    fs::copy(&both, &kept)?;
    truck.restart(&[])?;
    ensure!(!has(&truck, "br-hold")? && problems(&truck)?.contains("last-good.toml.damaged"), "{}", problems(&truck)?);
    Ok(())
}
