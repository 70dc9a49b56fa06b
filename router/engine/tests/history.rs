//! What was in force is written down after it is: in its order, once, with who asked; and what goes wrong with that costs an entry only.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod double;

use double::{Disk, Double, Fault, Kernel, engine, networks};
use edge_api::{By, FailureKind};
use edge_engine::{Back, Known, Mode, Outcome, Text, problem};

fn given(numbers: &[u8]) -> Option<Text> {
    Some(Text { name: format!("{numbers:?}.toml"), text: networks(numbers) })
}

fn anna() -> Option<By> {
    Some(By { uid: Some(0), ..By::default() }.says(Some("anna@laptop"), None))
}

async fn running() -> (Kernel, Disk, Double) {
    let kernel = Kernel::with(&["eth0"]);
    let disk = Disk::new(&networks(&[1]), &kernel);
    let engine = engine(&kernel, &disk);
    engine.start().await;
    (kernel, disk, engine)
}

fn back(to: u64, confirm: Option<u32>) -> Back {
    Back { to, confirm }
}

/// Number, how it came, and what it says.
fn history(engine: &Double) -> Vec<(u64, String, String)> {
    engine.history().into_iter().map(|one| (one.about.number, one.about.came_by(), one.text.text)).collect()
}

#[track_caller]
fn is(engine: &Double, wanted: &[(u64, &str, &[u8])]) {
    let wanted: Vec<_> = wanted.iter().map(|(number, how, says)| (*number, (*how).to_owned(), networks(says))).collect();
    assert_eq!(history(engine), wanted);
}

#[tokio::test]
async fn each_that_stays_is_an_entry_and_one_that_nobody_confirmed_is_none() {
    let (_, _, engine) = running().await;
    engine.apply(given(&[1, 2]), None, anna()).await.unwrap();
    engine.apply(given(&[1, 2]), None, anna()).await.unwrap();
    engine.apply(given(&[3]), Some(60), anna()).await.unwrap();
    is(&engine, &[(1, "start", &[1]), (2, "apply", &[1, 2])]);
    assert_eq!((engine.now().unwrap().number, engine.before().unwrap().number), (None, Some(2)), "2 comes back");
    engine.confirm(anna().unwrap()).await.unwrap();
    engine.apply(given(&[4]), Some(60), anna()).await.unwrap();
    engine.revert(By::default()).await.unwrap();
    engine.apply(given(&[5]), None, None).await.unwrap();
    let all: &[(u64, &str, &[u8])] =
        &[(1, "start", &[1]), (2, "apply", &[1, 2]), (3, "apply --confirm", &[3]), (4, "reload", &[5])];
    is(&engine, all);
    let by: Vec<_> = engine.history().iter().map(|one| one.about.by.to_string()).collect();
    assert_eq!(by, ["-", "uid 0 (anna@laptop)", "uid 0 (anna@laptop)", "-"]);
    assert_eq!(engine.history()[1].about.name, "[1, 2].toml");
}

#[tokio::test]
async fn a_revert_leads_to_the_one_that_was_named_and_is_an_entry_of_its_own() {
    let (kernel, disk, engine) = running().await;
    engine.apply(given(&[1, 2]), None, anna()).await.unwrap();
    engine.apply(given(&[3]), None, anna()).await.unwrap();
    let before = engine.before().unwrap();
    assert_eq!((before.number, before.name.as_str(), before.at), (Some(2), "[1, 2].toml", Some(1)));
    engine.revert(anna().unwrap()).await.unwrap();
    engine.revert_to(back(1, None), anna().unwrap()).await.unwrap();
    let all: &[(u64, &str, &[u8])] =
        &[(1, "start", &[1]), (2, "apply", &[1, 2]), (3, "apply", &[3]), (4, "revert to 2", &[1, 2]), (5, "revert to 1", &[1])];
    is(&engine, all);
    assert_eq!((engine.now().unwrap().number, engine.before().unwrap().number), (Some(5), Some(4)));
    let failure = engine.revert_to(back(42, None), By::default()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);

    // What it was taken back to stays over a restart, though the file says otherwise.
    engine.revert_to(back(3, None), anna().unwrap()).await.unwrap();
    let again = double::engine(&kernel, &disk);
    again.start().await;
    assert_eq!(again.in_force().config.networks[0].name.as_str(), "n3");
    assert_eq!((again.history().len(), again.now().unwrap().number), (6, Some(6)), "a start adds nothing");
    let known = Known { ledger: &again.ledger(), now: again.now(), unix: 1 };
    let told = problem(&known, "edge-router.toml", &again.file().fingerprint).unwrap();
    assert_eq!(told.what, "the configuration file is not in force: it was reverted");
    let why = told.why.unwrap();
    assert!(why.contains("in force is configuration 6 (") && why.contains("routerctl history 6 > edge-router.toml"), "{why}");
}

#[tokio::test]
async fn a_revert_to_one_waits_for_its_confirmation() {
    let (kernel, disk, engine) = running().await;
    engine.apply(given(&[2]), None, anna()).await.unwrap();
    let decided = disk.contents().decision;
    engine.revert_to(back(1, Some(60)), By::default()).await.unwrap();
    assert_eq!(engine.in_force().config.networks[0].name.as_str(), "n1");
    assert_eq!((engine.history().len(), disk.contents().decision == decided), (2, true), "nothing is decided yet");
    engine.revert(By::default()).await.unwrap();
    assert_eq!(engine.in_force().config.networks[0].name.as_str(), "n2");

    engine.apply(given(&[3]), None, anna()).await.unwrap();
    engine.revert_to(back(2, Some(60)), By::default()).await.unwrap();
    // Which one it is outlives a restart in the window.
    let again = double::engine(&kernel, &disk);
    again.start().await;
    again.confirm(anna().unwrap()).await.unwrap();
    assert_eq!(again.history().last().unwrap().about.came_by(), "revert to 2");
    assert_eq!(disk.contents().decision.unwrap().outcome, Outcome::Reverted);
    assert_eq!(again.now().unwrap().number, Some(4));
}

/// The daemon dies at each write and operation of an apply, and at the one that writes the entry.
#[tokio::test]
async fn a_crash_costs_the_entry_at_most_and_a_start_writes_it() {
    for at in 0.. {
        let (kernel, disk, engine) = running().await;
        kernel.order(at, Fault::Die);
        let death = async {
            while !kernel.is_dead() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = death => {}
            _ = engine.apply(given(&[2]), None, anna()) => {}
        }
        let is_met = kernel.mend();
        let again = double::engine(&kernel, &disk);
        again.start().await;
        let in_force = again.ledger().kept.clone().unwrap().text.text;
        let newest = again.history().pop().unwrap();
        assert_eq!(newest.text.text, in_force, "{at}");
        let known = ["apply", "found", "start"];
        assert!(known.contains(&newest.about.came_by().as_str()), "{at}: {newest:?}");
        let mut numbers: Vec<_> = again.history().iter().map(|one| one.about.number).collect();
        numbers.dedup();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "{at}");
        if !is_met {
            assert!(at > 5 && newest.about.came_by() == "apply", "{at}");
            return;
        }
    }
}

#[tokio::test]
async fn an_entry_that_cannot_be_written_fails_no_apply() {
    for at in 5.. {
        let (kernel, disk, engine) = running().await;
        kernel.order(at, Fault::Refuse);
        let answer = engine.apply(given(&[2]), None, anna()).await;
        assert!(kernel.mend(), "{at}: the entry was never refused");
        let is_missing = answer.is_ok() && disk.contents().history.len() == 1;
        if is_missing && disk.contents().last_good == Some(networks(&[2])) {
            assert!(engine.reconcile(Mode::Most).await.is_ok());
            assert_eq!(engine.ledger().not_kept, None, "what is in force is kept");
            return;
        }
    }
}
