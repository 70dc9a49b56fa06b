//! A box goes from one configuration to the other and back, and every operation on the way meets a fault.

#![allow(dead_code, reason = "each test uses its part")]

use anyhow::{Context, Result, bail, ensure};
use edge_lab::{
    Client, Disk, Rig, is_late,
    snapshot::{Snapshot, difference},
    wait_until,
};
use std::{fs, time::Duration};

const PROGRAM: &str = env!("CARGO_BIN_EXE_edge-router");
/// The box's network cards.
const CARDS: [&str; 6] = ["p1", "p2", "p3", "p4", "up0", "up1"];

/// How long a busy machine may take from the answer to the end, when something else holds the kernel's lock.
const PATIENCE: Duration = Duration::from_secs(100);

/// What a configuration comes to.
struct Goal {
    config: &'static str,
    snapshot: Snapshot,
    networks: Vec<String>,
    leases: Vec<String>,
}

pub struct Walk {
    rig: Rig,
    goals: [Goal; 2],
    /// Which of the goals the box is at.
    at: usize,
    pub steps: usize,
}

impl Walk {
    /// A box that has been at both, with a device's lease and two containers.
    pub fn between(first: &'static str, second: &'static str, disk: Disk) -> Result<Self> {
        let mut rig = Rig::with(PROGRAM, &CARDS, disk)?;
        fs::write(rig.config(), first)?;
        gateways(&rig)?;
        rig.restart(&[])?;
        rig.beyond("p1")?.dhcp(Client::Udhcpc, "eth0")?;
        rig.attached("c1", "a")?;
        rig.attached("c2", "c")?;
        let goal = |config: &'static str| -> Result<Goal> {
            rig.apply_until_taken(config)?;
            Ok(Goal { config, snapshot: rig.snapshot()?, networks: networks(&rig)?, leases: leases(&rig)? })
        };
        goal(first)?;
        let second = goal(second)?;
        let first = goal(first)?;
        ensure!(first.snapshot != second.snapshot, "two configurations that come to the same");
        Ok(Self { rig, goals: [first, second], at: 0, steps: 0 })
    }

    /// Every operation of the way there and of the way back meets this fault.
    pub fn walk(&mut self, kind: &str) -> Result<()> {
        let (mut next, mut done) = ([0, 0], [false, false]);
        while done != [true, true] {
            let from = self.at;
            let to = self.goals[1 - from].config;
            if done[from] {
                self.rig.apply_until_taken(to)?;
                self.at = 1 - from;
                continue;
            }
            self.rig.order_fault(kind, next[from])?;
            let answer = self.rig.try_apply(to)?;
            let met = self.rig.take_fault()?;
            let died = met.is_some() && kind.starts_with("kill");
            if died {
                wait_until("the end of the daemon", Duration::from_secs(30), || self.rig.has_died())?;
            }
            if is_late(&answer) {
                // Somebody else held the kernel's lock for a minute: once more.
                self.rig.apply_until_taken(self.goals[from].config)?;
                continue;
            }
            let what = format!("{kind} {} on the way from {from}: {met:?}, answer {answer:?}", next[from]);
            if died {
                self.rig.restart(&[])?;
            }
            self.at = self.settled().context(what.clone())?;
            ensure!(died || answer.is_ok() == (self.at != from), "{what}; but it is at {}", self.at);
            ensure!(met.is_some() || self.at != from, "{what}");
            done[from] = met.is_none();
            next[from] += 1;
            self.steps += 1;
        }
        println!("{kind}: {next:?} operations");
        ensure!(next.iter().all(|operations| *operations > 10), "no fault was met: is the daemon built with the feature faults?");
        Ok(())
    }

    /// The power goes before every operation of the way there and of the way back; then there is nothing in the kernel, and on the disk
    /// what was synced.
    pub fn cut_power(&mut self) -> Result<()> {
        let fresh: Vec<Snapshot> = (0..2).map(|at| self.after_a_cut(at)).collect::<Result<_>>()?;
        for (goal, snapshot) in self.goals.iter_mut().zip(fresh) {
            goal.snapshot = snapshot;
        }
        let (mut next, mut done) = ([0, 0], [false, false]);
        while done != [true, true] {
            let from = if done[0] { 1 } else { 0 };
            let to = self.goals[1 - from].config;
            self.rig.apply_until_taken(self.goals[from].config)?;
            self.rig.order_fault("kill-before", next[from])?;
            let _ = self.rig.try_apply(to)?;
            let met = self.rig.take_fault()?;
            done[from] = met.is_none();
            self.rig.cut_power()?;
            self.boot()?;
            self.at = self.settled().with_context(|| format!("power cut at {} on the way from {from}: {met:?}", next[from]))?;
            next[from] += 1;
            self.steps += 1;
        }
        println!("power cut: {next:?} operations");
        ensure!(next.iter().all(|operations| *operations > 10), "no fault was met: is the daemon built with the feature faults?");
        Ok(())
    }

    /// What a boot with nothing but the disk makes of a configuration: the containers of the boot before are gone.
    fn after_a_cut(&mut self, at: usize) -> Result<Snapshot> {
        self.rig.apply_until_taken(self.goals[at].config)?;
        self.rig.cut_power()?;
        self.boot()?;
        self.goals[at].leases = leases(&self.rig)?;
        let has_device = self.goals[at].leases.iter().any(|lease| lease.contains(" a 10.0.1.") && lease.contains("true"));
        ensure!(has_device, "the device's lease is lost: {:?}", self.goals[at].leases);
        self.rig.snapshot()
    }

    fn boot(&mut self) -> Result<()> {
        gateways(&self.rig)?;
        self.rig.restart(&[])
    }

    /// Which goal the box is at, wholly and by its own account.
    fn settled(&self) -> Result<usize> {
        let mut why = String::new();
        let mut at = None;
        let settled = wait_until("one of the two", PATIENCE, || {
            let found = self.rig.snapshot()?;
            at = self.goals.iter().position(|goal| goal.snapshot == found);
            if at.is_none() {
                let differences = self.goals.iter().map(|goal| difference(&found, &goal.snapshot));
                why = differences.min_by_key(String::len).unwrap_or_default();
            }
            Ok(at.is_some())
        });
        let Some(at) = at else { bail!("neither the old nor the new, {settled:?}\n{why}\n{}", self.rig.log()) };
        let goal = &self.goals[at];
        let said = networks(&self.rig)?;
        ensure!(said == goal.networks, "status says {said:?}, wanted {:?}", goal.networks);
        let said = leases(&self.rig)?;
        ensure!(said == goal.leases, "leases says {said:?}, wanted {:?}", goal.leases);
        fs::write(self.rig.config(), goal.config)?;
        let plan = self.rig.plan()?;
        ensure!(plan.changes.is_empty(), "by its own look there is something to do: {:?}", plan.changes);
        Ok(at)
    }
}

/// That the uplinks lead to: without an answer of theirs a status waits.
fn gateways(rig: &Rig) -> Result<()> {
    for (card, gateway) in [("up0", "192.168.50.1/24"), ("up1", "192.168.60.1/24")] {
        rig.beyond(card)?.ip(&format!("address add {gateway} dev eth0"))?;
    }
    Ok(())
}

/// What status says of each network.
fn networks(rig: &Rig) -> Result<Vec<String>> {
    let status = rig.status()?;
    let networks = status.networks.iter().map(|n| format!("{} {} {} {:?} {:?}", n.name, n.bridge, n.router, n.ports, n.state));
    Ok(networks.chain([format!("in {:?}", status.namespace)]).collect())
}

fn leases(rig: &Rig) -> Result<Vec<String>> {
    let leases = rig.wait(rig.client().leases())?.leases;
    Ok(leases
        .iter()
        .map(|node| format!("{:?} {} {} {:?} {}", node.name, node.network, node.address, node.netns, node.online))
        .collect())
}
