//! An apply that ends an ssh session is refused before anything is done, unless it comes back by itself or is forced.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod double;

use double::{Disk, Double, Kernel, engine, networks};
use edge_api::{By, Failure, FailureKind};
use edge_engine::{Done, Text};
use edge_plan::{Space, guard::Session};

fn given(text: &str) -> Option<Text> {
    Some(Text { name: "given.toml".into(), text: text.to_owned() })
}

fn from_all(text: &str, zones: &[&str]) -> String {
    format!("[system]\nssh-from = {zones:?}\n{text}")
}

fn session(network: u8, peer: u8) -> Session {
    let at = |last, port| ([10, 0, network, last], port).into();
    let link = Some(format!("br-n{network}").parse().unwrap());
    Session { space: Space::Host, local: at(1, 22), remote: at(peer, 50_000), link, ports: Vec::new() }
}

/// Two networks, from both of which somebody is connected.
async fn running() -> (Kernel, Disk, Double) {
    let kernel = Kernel::with(&["eth0"]);
    let disk = Disk::new(&from_all(&networks(&[1, 2]), &["n1", "n2"]), &kernel);
    let engine = engine(&kernel, &disk);
    engine.start().await;
    kernel.connect(&[session(1, 20), session(2, 20)]);
    kernel.calls().take();
    (kernel, disk, engine)
}

fn refused(answer: Result<Done, Failure>) -> Failure {
    let failure = answer.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Guarded, "{failure:?}");
    failure
}

#[tokio::test]
async fn it_is_refused_before_anything_is_done_and_says_which_line_ends_whom() {
    let (kernel, disk, engine) = running().await;
    let (before, state) = (disk.contents(), kernel.state());
    let one = from_all(&networks(&[1, 2]), &["n2"]);
    let failure = refused(engine.apply_guarded(given(&one), None, None).await);
    let told = "not applied: this ends ssh from n1 (10.0.1.20): line 2: `ssh-from` no longer names n1";
    assert_eq!(failure.body.error, told);
    let ends = &failure.body.guarded.unwrap().ends;
    assert_eq!((ends.len(), ends[0].from.as_str(), ends[0].line), (1, "n1", Some(2)));
    assert!(failure.body.detail[0].contains("--confirm") && failure.body.detail[0].contains("--force"));
    assert_eq!(kernel.calls().take(), Vec::<String>::new());
    assert_eq!((format!("{before:?}"), state), (format!("{:?}", disk.contents()), kernel.state()));

    let both = from_all(&networks(&[1, 2]), &[]);
    let failure = refused(engine.apply_guarded(given(&both), None, None).await);
    assert!(failure.body.error.contains("ssh from n1 ") && failure.body.detail[0].contains("ssh from n2 "), "{failure:?}");
}

#[tokio::test]
async fn what_ends_nobody_or_comes_back_or_is_forced_goes_through() {
    let grown = from_all(&networks(&[1, 2, 3]), &["n1", "n2"]);
    let (_, _, engine) = running().await;
    assert!(engine.apply_guarded(given(&grown), None, None).await.is_ok(), "another network");
    let closed = from_all(&networks(&[1, 2]), &[]);
    assert!(engine.apply_guarded(given(&closed), Some(60), None).await.is_ok(), "it comes back");
    assert!(engine.apply_guarded(given(&networks(&[1])), None, None).await.is_ok(), "within that time");
    assert!(engine.revert_guarded(By::default()).await.is_ok(), "the way back is never refused");
    assert!(engine.apply(given(&closed), None, None).await.is_ok(), "forced");
    let (kernel, _, engine) = running().await;
    kernel.connect(&[]);
    assert!(engine.apply_guarded(given(&closed), None, None).await.is_ok(), "nobody is connected");
}

#[tokio::test]
async fn a_revert_out_of_the_blue_is_guarded_too() {
    let (kernel, _, engine) = running().await;
    engine.apply(given(&from_all(&networks(&[1, 2, 3]), &["n1", "n2", "n3"])), None, None).await.unwrap();
    kernel.connect(&[session(3, 20)]);
    let failure = refused(engine.revert_guarded(By::default()).await);
    assert_eq!(failure.body.error, "not reverted: this ends ssh from n3 (10.0.3.20): the file has no more network n3");
    assert!(failure.body.detail[0].contains("revert --force"), "{failure:?}");
    kernel.connect(&[session(1, 20)]);
    assert!(engine.revert_guarded(By::default()).await.is_ok());
}

#[tokio::test]
async fn a_file_with_nothing_in_it_says_what_it_takes_away() {
    for empty in ["", "# nothing\n", "[system]\nhostname = \"box\"\n"] {
        let (kernel, _, engine) = running().await;
        kernel.connect(&[]);
        let failure = refused(engine.apply_guarded(given(empty), None, None).await);
        let told = "not applied: there is nothing in the file: it takes away network n1, network n2";
        assert_eq!(failure.body.error, told, "{empty}");
        assert_eq!(failure.body.guarded.unwrap().takes_away, ["network n1", "network n2"]);
        assert!(engine.apply_guarded(given(empty), Some(60), None).await.is_ok());
        let (_, _, engine) = running().await;
        assert!(engine.apply(given(empty), None, None).await.is_ok());
        assert!(engine.apply_guarded(given(empty), None, None).await.is_ok(), "there is nothing left to take away");
    }
}

#[tokio::test]
async fn of_many_sessions_some_are_named_and_all_are_counted() {
    let (kernel, _, engine) = running().await;
    let many: Vec<_> = (20..50).map(|peer| session(1, peer)).chain([session(1, 20)]).collect();
    kernel.connect(&many);
    let failure = refused(engine.apply_guarded(given(&from_all(&networks(&[1, 2]), &["n2"])), None, None).await);
    let body = failure.body;
    assert_eq!((body.detail.len(), body.detail[10].as_str()), (12, "and 19 more"), "{:?}", body.detail);
    assert_eq!(body.guarded.unwrap().ends.len(), many.len());
}

#[tokio::test]
async fn where_nothing_could_come_back_only_force_is_offered() {
    let kernel = Kernel::with(&["eth0"]);
    let engine = engine(&kernel, &Disk::new("not valid", &kernel));
    engine.start().await;
    kernel.connect(&[Session { link: Some("eth0".parse().unwrap()), ..session(1, 20) }]);
    let failure = refused(engine.apply_guarded(given(&networks(&[1])), None, None).await);
    assert!(failure.body.error.contains("ssh from eth0 (10.0.1.20): what comes by eth0 itself is closed"), "{failure:?}");
    assert!(!failure.body.detail[0].contains("60s") && failure.body.detail[0].contains("--force"), "{failure:?}");
}
