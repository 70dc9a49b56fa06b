//! A disk with bad sectors, and a file system that says so: the server starts with all it can read, and tells what it cannot.
#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod lab;

use edge_dhcp::{Claim, Server};
use lab::Lab;
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const BLOCK: u64 = 4096;

fn run(program: &str, arguments: &str) -> String {
    let output = Command::new(program).args(arguments.split(' ')).output().expect("e2fsprogs and util-linux are installed");
    assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

struct Disk {
    image: PathBuf,
    mounted: PathBuf,
}

impl Disk {
    /// That nobody else sees.
    fn new(lab: &Lab) -> Self {
        fs::create_dir(lab.state()).expect("it is ours");
        unshare(CloneFlags::CLONE_NEWNS).expect("root may");
        let none: Option<&str> = None;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).expect("root may");
        let disk = Self { image: lab.directory.path().join("image"), mounted: lab.state() };
        fs::File::create(&disk.image).and_then(|file| file.set_len(32 << 20)).expect("room for an image");
        // A journal would be in the way of the bad sectors.
        run("mkfs.ext4", &format!("-q -b {BLOCK} -O ^has_journal {}", disk.image.display()));
        disk.plug();
        disk
    }

    fn plug(&self) {
        run("mount", &format!("-o loop {} {}", self.image.display(), self.mounted.display()));
    }

    /// Pulled and put back, and all of it from that block of the file on cannot be read, until it is written anew: a loop device
    /// reads nothing behind the end of its file.
    fn wear_out(&self, file: &Path, block: u64) {
        run("umount", &self.mounted.display().to_string());
        let map = Command::new("debugfs").arg("-R").arg(format!("bmap {} {block}", file.display())).arg(&self.image).output();
        let first =
            String::from_utf8_lossy(&map.expect("e2fsprogs are installed").stdout).trim().parse::<u64>().expect("a block");
        self.plug();
        let image = fs::OpenOptions::new().write(true).open(&self.image).expect("it is ours");
        image.set_len(first * BLOCK).expect("shorter");
    }
}

/// The host parts of what it knows.
fn known(server: &Server) -> Vec<String> {
    server.leases().into_iter().map(|lease| lease.address.to_string()).collect()
}

#[test]
fn bad_sectors_cost_what_was_in_them_and_no_start() {
    let lab = Lab::new();
    let disk = Disk::new(&lab);
    let network = "vehicle".parse().expect("a name");
    let claim = |name: &str| Claim { name: name.to_owned(), address: None };
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let server = lab.serve(lab.service()).await;
        for name in ["a", "b", "c", "d"] {
            server.claim(&network, claim(name)).await.expect("there is room");
        }
        let before = known(&server);
        drop(server);
        disk.wear_out(Path::new("/dhcp/log.1"), 2);

        let server = lab.serve(lab.service()).await;
        assert_eq!(known(&server), before[..2], "what was in the blocks before");
        let told = server.counters().recovery;
        assert!(told.iter().any(|note| note.starts_with("log.1: ") && note.contains("cannot be read")), "{told:?}");
        server.claim(&network, claim("e")).await.expect("it can be written");
        let before = known(&server);
        drop(server);
        let server = lab.serve(lab.service()).await;
        assert_eq!(known(&server), before);
    });
}
