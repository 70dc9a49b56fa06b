use nix::sched::{CloneFlags, unshare};
use std::{
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    thread::{self, sleep},
    time::{Duration, Instant},
};

/// A thousand bridges take the kernel some seconds.
const PATIENCE: Duration = Duration::from_secs(300);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Waits until the kernel has torn down every network namespace that has ended: it does so afterwards, a batch at a time, one batch after
/// the other (`cleanup_net` in net/core/net_namespace.c), and whoever is measured meanwhile pays for it. The sign is a namespace that ends
/// now: when its link is gone, the batches before its own are done with. The second is in no batch of the first.
pub fn settled() -> io::Result<()> {
    // In a namespace of its own, which is empty when it ends.
    let waiting = thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET)?;
        two_have_ended()
    });
    waiting.join().map_err(|_| io::Error::other("who waits for the kernel failed"))?
}

fn two_have_ended() -> io::Result<()> {
    for _ in 0..2 {
        let mut other = namespace()?;
        let linked =
            ip(&["link", "add", "settled0", "type", "veth", "peer", "name", "settled1", "netns", &other.id().to_string()]);
        other.kill()?;
        other.wait()?;
        if !linked? {
            return Err(io::Error::other("a pair of links could not be made (iproute2, root?)"));
        }
        gone("settled0")?;
    }
    Ok(())
}

/// Which lives as long as this child.
fn namespace() -> io::Result<Child> {
    let mut command = Command::new("sleep");
    command.arg("infinity").stdin(Stdio::null());
    // SAFETY: one system call between fork and exec.
    unsafe { command.pre_exec(|| unshare(CloneFlags::CLONE_NEWNET).map_err(Into::into)) };
    command.spawn()
}

fn gone(link: &str) -> io::Result<()> {
    let begun = Instant::now();
    while ip(&["link", "show", link])? {
        if begun.elapsed() > PATIENCE {
            return Err(io::Error::other(format!("the kernel has not ended a network namespace in {} s", PATIENCE.as_secs())));
        }
        sleep(LOOK_AGAIN);
    }
    Ok(())
}

fn ip(arguments: &[&str]) -> io::Result<bool> {
    Ok(Command::new("ip").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status()?.success())
}
