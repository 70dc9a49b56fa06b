use nix::sched::{CloneFlags, unshare};
use std::{
    io::Write,
    process::{Command, Stdio},
    thread,
};

/// Runs `test` on a thread in a network namespace of its own, which goes with the thread. Programs it starts are in there too.
pub fn in_namespace(test: impl FnOnce() + Send + 'static) {
    let thread = thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).expect("these tests need root");
        test();
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// What the program prints; it must succeed.
pub fn run(program: &str, arguments: &str, input: &str) -> String {
    let mut child = Command::new(program)
        .args(arguments.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// `nft`, reading `commands`.
pub fn nft(commands: &str) {
    run("nft", "-f -", commands);
}

/// The ruleset in `nft`'s words, with the elements of each set on one line and in order: the kernel lists them as they are hashed.
pub fn listing() -> String {
    const START: &str = "elements = {";
    let mut pieces = run("nft", "list ruleset", "").split(START).map(str::to_owned).collect::<Vec<_>>();
    for piece in &mut pieces[1..] {
        let (elements, rest) = piece.split_once('}').unwrap();
        let mut elements: Vec<&str> = elements.split(',').map(str::trim).collect();
        elements.sort_unstable();
        *piece = format!(" {} }}{rest}", elements.join(", "));
    }
    pieces.join(START)
}
