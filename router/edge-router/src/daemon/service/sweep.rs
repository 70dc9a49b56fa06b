use super::netns;
use edge_api::{Problem, Status};
use edge_config::Config;
use edge_engine::{InForce, Service, StatusContext, Task};
use edge_kernel::conntrack::{Conntrack, Ports};
use edge_plan::{
    Facts, Op, Policy, addressing,
    policy::{Flow, Packet},
};
use std::{
    collections::BTreeSet,
    io, mem,
    net::Ipv4Addr,
    path::PathBuf,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Cuts flows that may not or cannot go on: those that an older policy let in and this one does not, and those by an uplink that is gone.
#[derive(Default)]
pub struct Sweep {
    /// No flow is left that an older policy let in. Unknown at the start, therefore false.
    swept: AtomicBool,
    /// Addresses of uplinks that are gone or lead nowhere: flows that were translated to them are still to be cut.
    lost: Mutex<BTreeSet<Ipv4Addr>>,
}

impl Service for Sweep {
    fn name(&self) -> &'static str {
        "the sweep of flows"
    }

    /// What an uplink loses is noted, to be cut when the kernel has followed.
    fn facts_gathered(&self, before: &InForce, _: &Config, facts: &Facts) {
        let mut lost = self.lost();
        for uplink in &before.config.uplinks {
            let Some((interface, _)) = addressing(uplink, &before.facts) else { continue };
            let keeps = addressing(uplink, facts).is_some_and(|(now, _)| now.address() == interface.address());
            let unhealthy = |facts: &Facts| facts.unhealthy.contains(&uplink.name);
            if !keeps || (unhealthy(facts) && !unhealthy(&before.facts)) {
                lost.insert(interface.address());
            }
        }
    }

    fn changing(&self, ops: &[Op]) {
        if ops.iter().any(|op| matches!(op, Op::SetTable { .. })) {
            self.swept.store(false, Ordering::Relaxed);
        }
    }

    fn closed<'a>(&'a self, target: &'a InForce) -> Task<'a> {
        Box::pin(self.cut(target))
    }

    fn configure<'a>(&'a self, in_force: &'a InForce) -> Task<'a, Vec<Problem>> {
        Box::pin(async {
            self.cut(in_force).await;
            Vec::new()
        })
    }

    fn refresh<'a>(&'a self, in_force: &'a InForce) -> Task<'a, Vec<Problem>> {
        self.configure(in_force)
    }

    fn status(&self, context: &StatusContext, status: &mut Status) {
        if context.in_force.is_applied() && !self.swept.load(Ordering::Relaxed) {
            let what = "flows that are not allowed any longer may go on".to_owned();
            let why = "the connection table cannot be read or changed; see the log".to_owned();
            status.problems.push(Problem { what, why: Some(why) });
        }
    }
}

impl Sweep {
    /// By the policy once after each change of it. The table is in force already, so no new one comes after.
    async fn cut(&self, in_force: &InForce) {
        if !self.swept.load(Ordering::Relaxed) {
            self.swept.store(sweep(in_force).await, Ordering::Relaxed);
        }
        self.cut_lost(in_force).await;
    }

    /// Flows that were translated to an address that is gone or leads nowhere: their next packet takes another way.
    async fn cut_lost(&self, in_force: &InForce) {
        let lost = mem::take(&mut *self.lost());
        if lost.is_empty() {
            return;
        }
        let gone = lost.clone();
        match run_in(netns(&in_force.space), move || keep(|flow| !is_lost(flow, &gone))).await {
            Ok(0) => {}
            Ok(count) => log::info!("{count} flows cut whose uplink is gone"),
            Err(error) => {
                log::error!("flows of an uplink that is gone are not cut, which is tried again: {error}");
                self.lost().extend(lost);
            }
        }
    }

    fn lost(&self) -> MutexGuard<'_, BTreeSet<Ipv4Addr>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// False when it could not be done.
async fn sweep(in_force: &InForce) -> bool {
    let InForce { config, facts, space, .. } = in_force.clone();
    let swept = run_in(netns(&space), move || {
        let policy = Policy::of(&config, &facts);
        keep(|flow| policy.keeps(&tracked_flow(flow)))
    });
    let swept = swept.await;
    match &swept {
        Ok(0) => {}
        Ok(count) => log::info!("{count} flows cut that are not allowed any longer"),
        Err(error) => log::error!("flows that are not allowed any longer may go on: {error}"),
    }
    swept.is_ok()
}

async fn run_in(netns: Option<PathBuf>, work: impl FnOnce() -> io::Result<usize> + Send + 'static) -> io::Result<usize> {
    let done = tokio::task::spawn_blocking(move || edge_host::netns::run_in(netns.as_deref(), work)).await;
    done.unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
}

/// Cuts all others, and counts them.
fn keep(keeps: impl Fn(&edge_kernel::conntrack::Flow) -> bool) -> io::Result<usize> {
    let mut conntrack = Conntrack::open().map_err(io::Error::other)?;
    conntrack.sweep(keeps).map_err(io::Error::other)
}

fn is_lost(flow: &edge_kernel::conntrack::Flow, lost: &BTreeSet<Ipv4Addr>) -> bool {
    (flow.snat && lost.contains(&flow.reply.destination)) || (flow.dnat && lost.contains(&flow.original.destination))
}

/// The policy's view of a tracked connection.
fn tracked_flow(flow: &edge_kernel::conntrack::Flow) -> Flow {
    Flow {
        source: flow.original.source,
        destination: flow.original.destination,
        packet: opening(flow),
        reply_source: flow.reply.source,
        reply_destination: flow.reply.destination,
    }
}

/// The packet that opened it. Who answers does so from the port it was sent to, after destination NAT.
fn opening(flow: &edge_kernel::conntrack::Flow) -> Packet {
    let packet = Packet { translated: flow.dnat, ..Packet::of(flow.original.protocol) };
    match (flow.original.ports, flow.reply.ports) {
        (Ports::Ports { source: source_port, .. }, Ports::Ports { source: destination_port, .. }) => {
            Packet { source_port, destination_port, ..packet }
        }
        (Ports::Icmp { kind, .. }, _) => Packet { icmp_type: Some(kind), ..packet },
        _ => packet,
    }
}
