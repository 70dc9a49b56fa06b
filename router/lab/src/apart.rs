//! A test on a thread of its own, apart from the machine: network and mount namespaces with an empty `/run/netns`.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking, in its helper functions too")]

use edge_host::netns::DIRECTORY;
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
};
use std::{fs, future::Future, process::Command, thread};
use tokio::runtime::Builder;

/// Runs the test where nothing of the machine can be reached. Needs root.
pub fn in_a_box<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let thread = thread::spawn(|| {
        leave_the_machine();
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(test());
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn leave_the_machine() {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).expect("unshare; run the tests as root");
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_PRIVATE | MsFlags::MS_REC, None::<&str>).expect("mount / private");
    fs::create_dir_all(DIRECTORY).expect("a directory for namespaces");
    mount(Some("tmpfs"), DIRECTORY, Some("tmpfs"), MsFlags::empty(), None::<&str>).expect("mount tmpfs");
}

/// `ip` is the stranger who makes foreign objects, and the witness of what the kernel has.
pub fn ip(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split_whitespace()).output().expect("ip (iproute2) is needed by the tests");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "ip {arguments}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}
