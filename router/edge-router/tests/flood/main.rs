//! While configurations are applied, refused, killed and taken back, no packet passes that neither the old nor the new policy allows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod scene;

use anyhow::{Result, ensure};
use edge_lab::{Disk, Flood, Member, Receipt, Rig, Way, generate::Dice, is_late, wait_until};
use scene::{FORWARD, MEMBERS, Scene, TARGETS};
use std::{collections::BTreeMap, fs, time::Duration};

const PROGRAM: &str = env!("CARGO_BIN_EXE_edge-router");
/// Its packets go to the link address of their target.
const BYPASS: u32 = 1;
const APPLIES: usize = 50;

/// A box, its neighbours, and the flood between them.
struct Sea {
    rig: Rig,
    flood: Option<Flood>,
    scene: Scene,
    /// What was in force at each turn: one configuration, or the old and the new.
    turns: Vec<Vec<Scene>>,
}

impl Sea {
    fn new(scene: Scene) -> Result<Self> {
        let mut rig = Rig::with(PROGRAM, &["p1", "p2", "p3", "p4", "up0"], Disk::Real)?;
        fs::write(rig.config(), scene.text())?;
        rig.restart(&[])?;
        let container = rig.attached("c1", "a")?;
        let container_mac = container.sh("cat /sys/class/net/eth0/address")?;
        let mut members = Vec::new();
        for (number, member) in MEMBERS.iter().enumerate() {
            let host = if member.card.is_empty() { container.clone() } else { rig.beyond(member.card)? };
            if !member.card.is_empty() {
                host.sh(&member.setup(container_mac.trim()))?;
            }
            // From everybody else's address too.
            let others =
                MEMBERS.iter().filter(|other| other.network_number != member.network_number).map(|other| other.address());
            let sources = [member.address()].into_iter().chain(others).collect();
            let bypass = member.card.starts_with('p').then_some(BYPASS);
            ensure!(number < 256, "members are numbered by a byte");
            members.push(Member { host, sources, bypass });
        }
        let flood = Flood::start(&members, &TARGETS)?;
        let turns = vec![vec![scene.clone()]];
        Ok(Self { rig, flood: Some(flood), scene, turns })
    }

    fn turn(&mut self, in_force: Vec<Scene>) {
        self.turns.push(in_force);
        let number = self.flood.as_ref().unwrap().next_turn();
        assert_eq!(number as usize + 1, self.turns.len());
    }

    /// Applies another configuration; with a fault on the way, it may be the old one that is in force in the end.
    fn go(&mut self, next: Scene, fault: Option<(&str, usize)>) -> Result<()> {
        self.turn(vec![self.scene.clone(), next.clone()]);
        if let Some((kind, number)) = fault {
            self.rig.order_fault(kind, number)?;
        }
        let answer = self.rig.try_apply(&next.text())?;
        let met = self.rig.take_fault()?;
        if met.is_some() && fault.is_some_and(|(kind, _)| kind.starts_with("kill")) {
            wait_until("the end of the daemon", Duration::from_secs(30), || self.rig.has_died())?;
            self.rig.restart(&[])?;
            self.rig.apply_until_taken(&next.text())?;
            self.scene = next;
        } else if answer.is_ok() || is_late(&answer) {
            // Somebody else held the kernel's lock for a minute: the same again, after it.
            self.rig.apply_until_taken(&next.text())?;
            self.scene = next;
        } else {
            ensure!(met.is_some(), "{answer:?}");
        }
        self.turn(vec![self.scene.clone()]);
        Ok(())
    }

    fn stop(&mut self) -> Result<BTreeMap<Receipt, u64>> {
        self.flood.take().unwrap().stop()
    }

    /// Every receipt was allowed by something in force between its sending and its receipt.
    fn judge(&self, receipts: &BTreeMap<Receipt, u64>) -> Result<()> {
        let mut wrong = Vec::new();
        for (receipt, count) in receipts {
            let turns = receipt.sent as usize..=receipt.received as usize;
            let in_force: Vec<Scene> = self.turns[turns].iter().flatten().cloned().collect();
            if !in_force.iter().any(|scene| scene.allows(receipt, &in_force)) {
                wrong.push(format!("{count} x {}\n  in force: {in_force:?}", words(receipt)));
            }
        }
        ensure!(
            wrong.is_empty(),
            "{} kinds of packets passed that nothing allows:\n{}",
            wrong.len(),
            wrong[..wrong.len().min(10)].join("\n")
        );
        Ok(())
    }
}

fn words(receipt: &Receipt) -> String {
    let Receipt { sender, way, target, receiver, sent, received } = receipt;
    let name = |number: &usize| MEMBERS[*number].name;
    format!("{} to {} ({way:?}) reached {}, turns {sent}-{received}", name(sender), TARGETS[*target], name(receiver))
}

#[test]
fn nothing_passes_that_neither_allows() -> Result<()> {
    let mut dice = Dice::new(3);
    let mut sea = Sea::new(Scene::draw(&mut dice))?;
    let faults = ["refuse-always", "lose", "hang", "kill-before", "kill-after", "refuse"];
    for scene in Scene::there_and_back() {
        sea.go(scene, None)?;
    }
    for round in 0..APPLIES {
        let next = Scene::draw(&mut dice);
        let number = dice.below(25) as usize;
        let fault = (round % 3 == 2).then(|| (faults[(round / 3) % faults.len()], number));
        sea.go(next, fault)?;
    }
    let receipts = sea.stop()?;
    let total: u64 = receipts.values().sum();
    println!("{total} packets received, of {} kinds", receipts.len());
    sea.judge(&receipts)?;
    // The flood was one: what is allowed passed, while nothing was done and while something was.
    let honest = |sender: usize, receiver: usize| {
        receipts.keys().any(|r| (r.sender, r.receiver, r.way) == (sender, receiver, Way::Honest) && r.target != FORWARD)
    };
    for (sender, receiver) in [(0, 5), (1, 0), (2, 1), (4, 1)] {
        ensure!(honest(sender, receiver), "{} never reached {}", MEMBERS[sender].name, MEMBERS[receiver].name);
    }
    ensure!(receipts.keys().any(|r| r.sent % 2 == 1 && r.way == Way::Honest), "nothing passed during an apply");
    ensure!(receipts.keys().any(|r| r.target == FORWARD && r.receiver == 0), "the forward never led anywhere");
    ensure!(receipts.keys().any(|r| r.way == Way::Bypass), "nobody reached a neighbour of its own network");
    Ok(())
}
