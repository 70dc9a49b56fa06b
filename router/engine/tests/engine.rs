//! The engine on a kernel and a disk in memory: faults at every operation and every write, devices that come and go, foreign hands.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod double;

use double::{Disk, Double, Fault, Kernel, engine, networks};
use edge_api::Failure;
use edge_engine::{Done, EngineHandle, Mode, Text};
use edge_plan::{LinkKind, State, diff};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

fn given(text: String) -> Option<Text> {
    Some(Text { name: "given.toml".into(), text })
}

async fn running(numbers: &[u8]) -> (Kernel, Disk, Double) {
    let kernel = Kernel::with(&["eth0"]);
    let disk = Disk::new(&networks(numbers), &kernel);
    let engine = engine(&kernel, &disk);
    engine.start().await;
    assert_eq!(engine.condition().failed, None);
    kernel.calls().take();
    (kernel, disk, engine)
}

/// What is in force is wholly there.
fn numbers(engine: &Double, kernel: &Kernel) -> Vec<String> {
    let in_force = engine.in_force();
    let left = diff(&in_force.wanted(), &kernel.state()).ops;
    assert!(left.is_empty(), "{left:?}");
    in_force.config.networks.iter().map(|network| network.name.to_string()).collect()
}

fn error(answer: Result<Done, Failure>) -> String {
    answer.unwrap_err().in_full()
}

#[tokio::test]
async fn an_apply_tells_the_services_in_order_and_the_next_one_writes_nothing() {
    let (kernel, disk, engine) = running(&[1]).await;
    let mut seen = engine.watch();
    let done = engine.apply(given(networks(&[1, 2])), None, None).await.unwrap();
    assert_eq!(done.writes, kernel.writes_of(&done), "each operation was one");
    assert_eq!(numbers(&engine, &kernel), ["n1", "n2"]);
    assert!(seen.has_changed().unwrap() && seen.borrow_and_update().config.networks.len() == 2, "it is published");
    let mut told = kernel.calls().take();
    let last = told.pop().unwrap();
    assert_eq!(last, "configure 2 networks, 1 unhealthy");
    told.dedup();
    let place = |what: &str| told.iter().position(|one| one == what).unwrap();
    assert!(place("prepare") < place("changing") && place("changing") < place("table"), "{told:?}");
    assert!(place("table") < place("closed") && place("closed") < place("create"), "closed before open: {told:?}");
    assert_eq!(disk.contents().last_good, Some(networks(&[1, 2])));
    assert_eq!(disk.contents().journal, None);

    let again = engine.apply(given(networks(&[1, 2])), None, None).await.unwrap();
    assert!(again.before.as_ref().is_some_and(|before| before.config.networks.len() == 2 && !before.is_other_text));
    assert_eq!(Done { before: None, ..again }, Done::default());
    kernel.calls().take();
    assert_eq!(engine.reconcile(Mode::Most).await.unwrap(), Done::default());
    assert_eq!(kernel.calls().take(), ["refresh"], "there is nothing to follow");
}

/// The daemon is at work until it dies.
async fn until_death<T>(kernel: &Kernel, work: impl Future<Output = T>) -> Option<T> {
    let death = async {
        while !kernel.is_dead() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = death => None,
        done = work => Some(done).filter(|_| !kernel.is_dead()),
    }
}

#[tokio::test]
async fn a_fault_at_every_operation_and_every_write_ends_in_the_old_or_in_the_new() {
    let begun = Instant::now();
    for fault in [Fault::Refuse, Fault::RefuseAlways, Fault::Gone, Fault::Die] {
        for at in 0.. {
            let (kernel, disk, engine) = running(&[1, 2]).await;
            kernel.order(at, fault);
            let answer = until_death(&kernel, engine.apply(given(networks(&[2, 3])), None, None)).await;
            let is_met = kernel.mend();
            let engine = match answer {
                Some(_) => engine,
                None => double::engine(&kernel, &disk),
            };
            if answer.is_none() {
                engine.start().await;
            }
            let found = numbers(&engine, &kernel);
            let is_new = found == ["n2", "n3"];
            assert!(is_new || found == ["n1", "n2"], "{fault:?} {at}: {found:?}");
            match answer {
                Some(answer) => assert_eq!(answer.is_ok(), is_new, "{fault:?} {at}: {answer:?}"),
                None => assert_eq!(fault, Fault::Die, "{at}"),
            }
            assert_eq!(disk.contents().journal.is_some(), engine.ledger().not_kept.is_some(), "{fault:?} {at}: it is over");
            if !is_met {
                assert!(at > 10 && is_new, "{fault:?} {at}");
                break;
            }
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_is_refused_is_told_and_does_not_cost_the_rest() {
    let kernel = Kernel::with(&["eth0"]);
    let disk = Disk::new(&networks(&[1, 2, 3]), &kernel);
    let engine = engine(&kernel, &disk);
    // The journal, the table, forwarding and what else comes before the links.
    let links = kernel_ops_before_links().await;
    kernel.order(links, Fault::RefuseAlways);
    engine.start().await;
    assert!(engine.condition().failed.is_some_and(|why| why.contains("refused always")));
    let bridges = |state: &State| {
        state.spaces.values().flat_map(|space| space.links.values()).filter(|link| link.kind == LinkKind::Bridge).count()
    };
    assert!((1..3).contains(&bridges(&kernel.state())), "the other networks are there");
    kernel.mend();
    engine.reconcile(Mode::Most).await.unwrap();
    assert_eq!(engine.condition().failed, None);
    assert_eq!(numbers(&engine, &kernel).len(), 3);
}

/// The writes and operations of a first start up to its first link.
async fn kernel_ops_before_links() -> usize {
    let kernel = Kernel::with(&["eth0"]);
    engine(&kernel, &Disk::new(&networks(&[1, 2, 3]), &kernel)).start().await;
    let told = kernel.calls().take();
    1 + told
        .iter()
        .filter(|what| ["table", "create", "other"].contains(&what.as_str()))
        .position(|what| what == "create")
        .unwrap()
}

#[tokio::test]
async fn a_kernel_that_does_not_answer_is_not_waited_for() {
    let (kernel, _, engine) = running(&[1]).await;
    kernel.order(3, Fault::Hang);
    let told = error(engine.apply(given(networks(&[1, 2])), None, None).await);
    assert!(told.contains("the kernel does not carry out a change: no answer within 0 s"), "{told}");
    assert!(told.contains("what was in force before is not wholly back"), "{told}");
    assert!(engine.ledger().open.is_some(), "it is tried again");
}

#[tokio::test]
async fn a_foreign_hand_is_not_fought_without_end() {
    let (kernel, _, engine) = running(&[1]).await;
    kernel.interfere(|state| state.spaces.values_mut().for_each(|space| space.addresses.clear()));
    let told = error(engine.apply(given(networks(&[1, 2])), None, None).await);
    assert!(told.contains("the kernel does not stay as configured: ") && told.contains("comes undone"), "{told}");
}

/// Nothing tells of what is done, nor of what somebody else did in between: a look at everything does.
#[tokio::test]
async fn lost_events_cost_a_look_and_no_operation_twice() {
    let (kernel, _, engine) = running(&[1]).await;
    kernel.lose_events();
    kernel.with_state(|state| state.spaces.values_mut().for_each(|space| space.addresses.clear()));
    let done = engine.apply(given(networks(&[1, 2])), None, None).await.unwrap();
    assert_eq!(numbers(&engine, &kernel), ["n1", "n2"]);
    let twice = done.ops.iter().enumerate().find(|(at, op)| done.ops[..*at].contains(op));
    assert_eq!(twice, None);
}

/// Each batch a card is pulled or put back, with all that is on it.
#[tokio::test]
async fn a_card_that_comes_and_goes_does_not_cost_the_rest() {
    let (kernel, _, engine) = running(&[1]).await;
    let mut pulled = None;
    kernel.interfere(move |state| {
        let host = state.spaces.values_mut().next().unwrap();
        let eth0 = "eth0".parse().unwrap();
        match pulled.take() {
            Some(card) => drop(host.links.insert(eth0, card)),
            None => {
                pulled = host.links.get(&eth0).cloned().map(|card| edge_plan::Link { owner: edge_plan::Owner::Foreign, ..card });
                host.links.retain(|name, link| *name != eth0 && link.kind.parent() != Some(&eth0));
            }
        }
    });
    engine.apply(given(networks(&[1, 2])), None, None).await.unwrap();
    assert_eq!(engine.in_force().config.networks.len(), 2);
}

#[tokio::test]
async fn a_stop_lets_nothing_new_begin() {
    let (_, _, engine) = running(&[1]).await;
    engine.stop().await;
    let told = error(engine.apply(given(networks(&[2])), None, None).await);
    assert!(told.contains("stopping: nothing was changed"), "{told}");
}

#[tokio::test]
async fn a_window_that_is_over_ends_by_itself() {
    let (kernel, _, engine) = running(&[1]).await;
    engine.apply(given(networks(&[2])), Some(0), None).await.unwrap();
    assert_eq!(numbers(&engine, &kernel), ["n2"]);
    let engine = Arc::new(engine);
    let (stopper, stop) = edge_engine::stop();
    let mut in_force = engine.watch();
    let timer = tokio::spawn({
        let engine = engine.clone();
        async move { engine.time_windows(stop).await }
    });
    in_force.wait_for(|in_force| in_force.config.networks[0].name.as_str() == "n1").await.unwrap();
    engine.idle().await;
    assert_eq!(numbers(&engine, &kernel), ["n1"]);
    stopper.stop();
    timer.await.unwrap();
}

/// Where drift is only reported, what was found out is followed and nothing else is touched.
#[tokio::test]
async fn facts_are_followed_past_what_has_drifted() {
    let report = format!("[router]\ndrift = \"report\"\n{}", networks(&[1]));
    let (kernel, _, engine) = running(&[1]).await;
    engine.apply(given(report), None, None).await.unwrap();
    let before = kernel.state();
    let drifted = kernel.with_state(|state| {
        let host = state.spaces.values_mut().next().unwrap();
        host.addresses.clear();
        state.clone()
    });
    engine.facts_changed().await.unwrap();
    assert!(before != drifted && kernel.state() == drifted, "what somebody changed by hand stays");
    engine.reconcile(Mode::Most).await.unwrap();
    assert_eq!(kernel.state(), before);
}
