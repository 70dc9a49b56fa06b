//! The power of a machine is cut under load, and its disk loses what it had in its cache: what a client was told is what the next
//! start knows. The machine is scripts/vm's, the clients are at the other end of its cable.
//!
//! `EDGE_CUTS` says how many times; `EDGE_SEED` repeats a run's load.
#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod cable;
mod disk;
#[path = "../lab/mod.rs"]
mod lab;

use cable::Ethernet;
use disk::Disk;
use edge_dhcp::Server;
use lab::{
    crowd::{Crowd, Mac, number, read_known, say_known, seed},
    wide_service,
};
use std::{
    collections::HashMap,
    env, fs,
    io::BufReader,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const CUTS: u64 = 3;
/// Where the machine mounts its disk.
const MOUNT: &str = "/run/disk";

/// In the machine: says what the disk knows, then serves.
#[test]
#[ignore = "run by the test below"]
fn serve_until_the_power_is_cut() {
    let state = env::var("EDGE_POWER_STATE").expect("set by the test below");
    let prepare = format!(
        "set -e; modprobe -a virtio_blk ext4 overlay; mkdir -p {MOUNT}; mount -t ext4 /dev/vda {MOUNT}
        ip address add {}/16 dev eth0; ip link set eth0 up",
        lab::ROUTER
    );
    shell(&prepare);
    // Here fdatasync does nothing at all (Documentation/filesystems/overlayfs.rst, "Volatile mount").
    if state == "volatile" {
        shell(&format!(
            "cd {MOUNT}; mkdir -p lower upper work volatile
            mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work,volatile overlay volatile"
        ));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let server = Server::open(&Path::new(MOUNT).join(state)).expect("the log opens");
        let errors = server.configure(vec![wide_service("eth0", None)]).await;
        assert!(errors.is_empty(), "{errors:?}");
        say_known(&server);
        std::future::pending::<()>().await;
    });
}

fn shell(script: &str) {
    let status = Command::new("sh").args(["-e", "-c", script]).status().expect("sh is there");
    assert!(status.success(), "{script}: {status}");
}

/// A machine that is on.
struct Machine {
    vm: Child,
    known: HashMap<Mac, Ipv4Addr>,
}

impl Machine {
    fn start(directory: &Path, disk: &Disk, state: &str) -> Self {
        let path = |name: &str| directory.join(name);
        let _ = fs::remove_file(path("disk"));
        disk.power_on();
        disk.serve(&path("disk")).expect("a socket");
        let checkout = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut vm = Command::new(checkout.join("scripts/vm"))
            .args(["--memory", "512", "--timeout", "120", "--cable"])
            .arg(format!("{}:{}", path("machine").display(), path("clients").display()))
            .arg("--disk")
            .arg(path("disk"))
            .arg("--")
            .arg(env::current_exe().expect("this program"))
            .args(["--ignored", "--exact", "serve_until_the_power_is_cut"])
            .env("EDGE_POWER_STATE", state)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("scripts/vm runs");
        let worn = state == "upper";
        let known = read_known(BufReader::new(vm.stdout.take().expect("piped")), worn);
        Self { vm, known }
    }

    /// The disk goes first, so nothing that the machine or QEMU still wants to write gets there.
    fn cut(mut self, disk: &Disk, coin: impl FnMut() -> bool) -> (usize, usize) {
        let count = disk.cut(coin);
        let id = nix::unistd::Pid::from_raw(self.vm.id() as i32);
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).expect("it is ours");
        self.vm.wait().expect("it is ours");
        count
    }
}

fn made_disk(directory: &Path) -> Disk {
    let file = directory.join("image");
    fs::File::create(&file).and_then(|file| file.set_len(96 << 20)).expect("room for an image");
    let output = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&file).output().expect("mkfs.ext4 is installed");
    assert!(output.status.success(), "mkfs.ext4: {}", String::from_utf8_lossy(&output.stderr));
    Disk::new(fs::read(&file).expect("it was made"))
}

#[test]
fn a_lease_outlives_a_power_cut_under_load() {
    let cuts = number("EDGE_CUTS").unwrap_or(CUTS);
    let begun = Instant::now();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let disk = made_disk(directory.path());
    let clients = || Ethernet::new(&directory.path().join("clients"), &directory.path().join("machine"));
    let mut crowd = Crowd::new(clients(), seed());

    // What makes the difference: without fdatasync the very same disk loses what clients were told.
    let machine = Machine::start(directory.path(), &disk, "volatile");
    crowd.talk(|acks| acks >= 100);
    machine.cut(&disk, || false);
    crowd.hear_the_last();
    let machine = Machine::start(directory.path(), &disk, "upper");
    let lost = crowd.acked.iter().filter(|(mac, address)| machine.known.get(*mac) != Some(*address)).count();
    println!("without fdatasync: {lost} of {} leases lost", crowd.acked.len());
    assert!(lost > 0, "this disk loses nothing, so it proves nothing");
    machine.cut(&disk, || false);

    crowd.acked.clear();
    let mut acks = 0;
    for cut in 0..=cuts {
        let machine = Machine::start(directory.path(), &disk, "state");
        crowd.check(&machine.known, &format!("after {cut} power cuts"));
        if cut == cuts {
            machine.cut(&disk, || false);
            break;
        }
        let (start, load) = (Instant::now(), Duration::from_millis(200 + crowd.below(2500)));
        let writes = 1 + crowd.below(3) as u32;
        acks += crowd.talk(|acks| acks > 0 && start.elapsed() > load && disk.is_off_after(writes));
        let (under_way, share) = (crowd.waiting.len(), crowd.below(101));
        let (kept, lost) = machine.cut(&disk, || crowd.below(100) < share);
        acks += crowd.hear_the_last();
        println!("cut {cut}: {under_way} requests under way; of what was not flushed {kept} sectors are kept, {lost} lost");
    }
    println!("{cuts} power cuts in {:.0} s: {acks} acknowledgements, none lost", begun.elapsed().as_secs_f64());
}
