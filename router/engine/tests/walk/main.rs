//! Applies, windows and ways back, on a disk that is full, in a kernel that refuses and a daemon that dies, at every single effect: what
//! is in force afterwards is wholly the old configuration or wholly the new one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod world;

use edge_engine::{Back, Event, Text, fingerprint, transaction::Request};
use proptest::prelude::*;
use world::{Faults, World};

const WINDOW: u32 = 60;

/// One of a few configurations; the last is none.
fn text(number: usize) -> String {
    match number {
        4 => "nonsense = 1".to_owned(),
        number => format!("[[network]]\nname = \"n{number}\"\naddress = \"10.0.{number}.1/24\"\n"),
    }
}

#[derive(Clone, Debug)]
enum Act {
    /// The configuration file becomes another one.
    Edit(usize),
    /// Of another file, or of the configuration file; with a window or without.
    Apply(Option<usize>, bool),
    Confirm,
    Revert,
    /// To one of the history; with a window or without.
    RevertTo(usize, bool),
    /// Past the end of any window.
    Wait,
    /// The daemon is started again, or the box.
    Restart(bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => (0..5_usize).prop_map(Act::Edit),
        6 => (prop::option::of(0..5_usize), any::<bool>()).prop_map(|(what, window)| Act::Apply(what, window)),
        2 => Just(Act::Confirm),
        2 => Just(Act::Revert),
        2 => (0..5_usize, any::<bool>()).prop_map(|(to, window)| Act::RevertTo(to, window)),
        1 => Just(Act::Wait),
        1 => any::<bool>().prop_map(Act::Restart),
    ]
}

fn faults() -> impl Strategy<Value = Faults> {
    let crash = prop::option::weighted(0.5, (0..10_usize, any::<bool>()));
    let full = prop::option::weighted(0.2, 0..8_usize);
    (crash, full, prop_oneof![4 => Just(0_usize), 2 => Just(1), 1 => Just(2)]).prop_map(|(crash, full, refusals)| Faults {
        crash,
        full,
        refusals,
    })
}

fn apply(world: &World, what: Option<usize>, window: bool) -> Event {
    let file = world.file();
    let given = what.map(|number| Text { name: "other.toml".into(), text: text(number) });
    let text = given.map_or_else(|| file.read(), Ok);
    Event::Apply(Box::new(Request { text, file, confirm: window.then_some(WINDOW) }))
}

fn event(world: &mut World, act: &Act) -> Option<Event> {
    match act {
        Act::Apply(what, window) => Some(apply(world, *what, *window)),
        Act::Confirm => Some(Event::Confirm),
        Act::Revert => {
            let before = world.disk.previous.clone().map(|text| Text { name: "before".into(), text });
            Some(Event::Revert { before, file: world.file().fingerprint })
        }
        Act::RevertTo(number, window) => {
            let back = Back { to: *number as u64, confirm: window.then_some(WINDOW) };
            let text = Text { name: "old.toml".into(), text: text(*number) };
            Some(Event::RevertTo { back, text, file: world.file().fingerprint })
        }
        Act::Wait => {
            world.wait(u64::from(WINDOW) * 1000);
            Some(Event::Time)
        }
        Act::Edit(_) | Act::Restart(_) => None,
    }
}

/// What may be in force after an act that did not come to its end.
fn candidates(world: &World, act: &Act) -> Vec<String> {
    let old = world.machine.ledger().kept.as_ref().map(|kept| kept.text.text.clone());
    // Where nothing was ever in force and the disk was full at the very end of an apply, that is kept.
    let old = old.or_else(|| world.disk.last_good.clone());
    let open = world.machine.ledger().open.as_ref().map(|open| open.new.text.clone());
    let new = match act {
        Act::Apply(what, _) => Some(what.map_or_else(|| world.disk.file.clone(), text)),
        Act::Revert => world.disk.previous.clone(),
        Act::RevertTo(number, _) => Some(text(*number)),
        _ => None,
    };
    old.into_iter().chain(open).chain(new).collect()
}

/// A file that nothing was decided about is tried at a start, and where there is nothing else; and what is brought to its end there was
/// decided about an older one.
fn is_undecided(world: &World) -> bool {
    world.disk.last_good.is_none()
        || world.disk.journal.is_some()
        || world.disk.decision.as_ref().is_none_or(|decision| decision.file != fingerprint(&world.disk.file))
}

fn restart(world: &mut World, again: Option<(usize, bool)>) {
    world.faults = Faults { crash: again, ..Faults::default() };
    if world.start().is_err() {
        world.faults = Faults::default();
        assert!(matches!(world.start(), Ok(Ok(()))), "a start");
    }
}

fn step(world: &mut World, act: &Act, faults: Faults, again: Option<(usize, bool)>) {
    match act {
        Act::Edit(number) => return world.disk.file = text(*number),
        Act::Restart(boots) if *boots => world.reboot(),
        _ => {}
    }
    let (was, mut may_be) = (world.in_force.clone(), candidates(world, act));
    let (good, has_kept) = (world.disk.last_good.clone(), world.machine.ledger().kept.is_some());
    let Some(event) = event(world, act) else {
        if is_undecided(world) {
            may_be.push(world.disk.file.clone());
        }
        restart(world, again);
        return check(world, &may_be, good.as_deref(), has_kept);
    };
    world.faults = faults;
    match world.drive(event) {
        Ok(answer) => {
            world.settle();
            if let Act::Apply(what, _) = act {
                let new = what.map_or_else(|| world.disk.file.clone(), text);
                // Nothing was in force before: then a part of it may stay.
                assert!(answer.is_err() || world.is_in_force(&new), "it was said to be in force");
                let window_over = was != world.in_force;
                assert!(answer.is_ok() || !window_over || world.is_in_force(&may_be[0]), "it was said not to be in force");
            }
        }
        Err(_) => {
            if is_undecided(world) {
                may_be.push(world.disk.file.clone());
            }
            restart(world, again);
        }
    }
    check(world, &may_be, good.as_deref(), has_kept);
}

fn check(world: &mut World, may_be: &[String], good: Option<&str>, has_kept: bool) {
    world.settle();
    assert!(good.is_none() || world.disk.last_good.is_some(), "what was good last is lost");
    // Where nothing was ever in force, what the kernel took stays behind a closed policy.
    assert!(world.in_force.is_none() || world.kernel == world.in_force, "the kernel is between two configurations");
    let is_one = may_be.iter().any(|text| world.is_in_force(text));
    assert!(is_one || (world.in_force.is_none() && !has_kept), "{:?} is none of {may_be:?}", world.in_force);
    // A disk that was full may have kept the journal of what is over.
    let is_over = world.machine.ledger().open.is_none();
    if let Some(journal) = world.disk.journal.as_ref().filter(|_| is_over) {
        assert_eq!(journal.old, world.machine.ledger().kept, "the journal that is left leads elsewhere");
    }
}

/// A window that ran out is undone, at once or at the next start.
fn ends(world: &mut World, by_boot: bool) {
    let Some(kept) = world.machine.ledger().kept.clone() else { return };
    world.wait(u64::from(WINDOW) * 1000);
    if by_boot {
        world.reboot();
        world.disk.file.clone_from(&kept.text.text);
        restart(world, None);
    }
    world.settle();
    assert!(world.is_in_force(&kept.text.text), "nobody confirmed it");
    assert_eq!(world.kernel, world.in_force);
    assert!(world.machine.ledger().open.is_none());
}

type Story = Vec<(Act, Faults, Option<(usize, bool)>)>;

fn story() -> impl Strategy<Value = Story> {
    let again = prop::option::weighted(0.3, (0..8_usize, any::<bool>()));
    prop::collection::vec((act(), faults(), again), 1..12)
}

proptest! {
    #[test]
    fn what_is_in_force_is_wholly_the_old_or_wholly_the_new(first in 0..5_usize, story in story(), by_boot: bool) {
        let mut world = World::new(&text(first));
        restart(&mut world, None);
        for (act, faults, again) in story {
            step(&mut world, &act, faults, again);
        }
        ends(&mut world, by_boot);
    }
}

/// Every effect of each way, one after the other, not by chance.
#[test]
fn a_crash_at_every_effect_of_an_apply_and_of_a_confirmed_one() {
    for acts in [
        vec![Act::Apply(Some(1), false)],
        vec![Act::Apply(Some(1), true), Act::Confirm],
        vec![Act::Apply(Some(1), false), Act::Revert],
        vec![Act::Apply(Some(1), false), Act::RevertTo(0, false)],
        vec![Act::Apply(Some(1), false), Act::RevertTo(0, true), Act::Confirm],
    ] {
        for (at, after) in (0..12).flat_map(|at| [(at, false), (at, true)]) {
            for refusals in 0..3 {
                let mut world = World::new(&text(0));
                restart(&mut world, None);
                for act in &acts {
                    step(&mut world, act, Faults { crash: Some((at, after)), full: None, refusals }, Some((at, after)));
                }
                ends(&mut world, at % 2 == 0);
            }
        }
    }
}
