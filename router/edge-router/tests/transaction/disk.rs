//! A state directory that cannot be read, written or filled further.

use super::*;

#[test]
fn no_file_stops_a_start() -> Result<()> {
    let mut truck = running(&one())?;
    let before = kernel(&truck)?;
    let path = truck.config();
    let long = format!("{}#", one()).repeat(40_000);
    for (what, told) in [
        ("nonsense", "has 1 error"),
        ("latin-1", "not UTF-8"),
        ("too long", "has 1 error"),
        ("a directory", "directory"),
        ("a pipe", "not a regular file"),
        ("none", "No such file"),
    ] {
        truck.kill()?;
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
        match what {
            "nonsense" => fs::write(&path, "nonsense = 1")?,
            "latin-1" => fs::write(&path, b"# caf\xe9\n")?,
            "too long" => fs::write(&path, &long)?,
            "a directory" => fs::create_dir(&path)?,
            "a pipe" => nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU)?,
            _ => {}
        }
        for start in ["first", "second"] {
            truck.restart(&[]).with_context(|| format!("{what}: {start}"))?;
            same(kernel(&truck)?, before.clone()).with_context(|| format!("{what}: {start} start"))?;
            let problems = problems(&truck)?;
            ensure!(problems.contains("last good") && problems.contains(told), "{what}: {problems}");
            if start == "first" {
                ensure!(truck.log().contains("is not in force: "), "{what}: {}", truck.log());
                truck.kill()?;
            }
        }
    }
    Ok(())
}

/// Also what was decided while nothing could be written holds until the box boots, and longer when something can be again.
#[test]
fn a_read_only_state_directory_forgets_nothing_before_a_boot() -> Result<()> {
    let mut truck = running(&one())?;
    truck.kill()?;
    let directory = truck.state_dir().display().to_string();
    truck.edge.sh(&format!("mount --bind {directory} {directory}; mount -o remount,bind,ro {directory}"))?;
    truck.start(&one())?;
    apply_other(&truck, &two(), &[])?;
    for _ in 0..2 {
        truck.kill()?;
        truck.start(&one())?;
        ensure!(problems(&truck)?.contains("Read-only"), "{}", problems(&truck)?);
        ensure!(has(&truck, "br-hold")?, "forgotten by a restart");
    }
    truck.kill()?;
    truck.edge.sh(&format!("umount {directory}"))?;
    truck.start(&one())?;
    ensure!(!problems(&truck)?.contains("Read-only"), "{}", problems(&truck)?);
    let kept = fs::read_to_string(truck.state_dir().join("last-good.toml"))?;
    same(kept.split_once('\n').context("it bears a seal")?.1, &two())?;
    ensure!(has(&truck, "br-hold")?, "forgotten when it could be written again");
    Ok(())
}

/// With room for so many files more: the journal may not fit, or only what comes at the end. The answer says what is in force, now and
/// after a restart, and nothing is half written.
#[test]
fn a_full_disk_ends_in_the_old_or_in_the_new() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    let (state, disk) = (truck.state_dir(), truck.state_dir().with_file_name("disk"));
    let (state, disk) = (state.display(), disk.display());
    truck.edge.sh(&format!(
        "mkdir {state} {disk}; mount -t tmpfs -o size=24m,mode=700 tmpfs {disk}; mkdir {disk}/state; mount --bind {disk}/state {state}"
    ))?;
    let mut answers = Vec::new();
    for room in [0, 1, 4] {
        truck.start(&one())?;
        truck.apply(&one())?;
        let before = kernel(&truck)?;
        truck.edge.sh(&format!(
            "cd {disk}; for n in $(seq {room}); do echo > spare$n; done; cat /dev/zero > filler 2>/dev/null || rm -f spare*"
        ))?;
        let answer = apply_other(&truck, &two(), &[]);
        if let Err(refused) = &answer {
            ensure!(format!("{refused:#}").contains("No space left"), "{refused:#}");
            same(kernel(&truck)?, before).with_context(|| format!("{refused:#}"))?;
        }
        ensure!(has(&truck, "br-hold")? == answer.is_ok(), "with room for {room}: {answer:?}");
        truck.kill()?;
        truck.restart(&[])?;
        ensure!(has(&truck, "br-hold")? == answer.is_ok(), "restarted, with room for {room}: {answer:?}\n{}", truck.log());
        answers.push(answer.is_ok());
        truck.edge.sh(&format!("rm {disk}/filler"))?;
        truck.kill()?;
    }
    same(answers, vec![false, false, true])?;
    Ok(())
}

#[test]
fn a_disk_without_room_for_the_lease_log_stops_no_start() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    let state = truck.state_dir();
    truck.edge.sh(&format!("mkdir {0}; mount -t tmpfs -o size=1m,mode=700 tmpfs {0}", state.display()))?;
    truck.start(&one())?;
    ensure!(has(&truck, "br-cabin")? && problems(&truck)?.contains("No space left"), "{}", problems(&truck)?);
    Ok(())
}
