use super::{
    batch::Batch,
    core::{Core, State},
    exchange,
};
use crate::{
    clock,
    lock::lock,
    socket::{Heard, Sockets},
};
use std::sync::{Arc, Weak};
use tokio::time::{Instant, sleep_until};

/// What came in by the sockets of a namespace; on a tokio runtime.
pub fn receive(core: &Weak<Core>, sockets: &Arc<Sockets>, heard: Heard) {
    let Some(running) = core.upgrade() else { return };
    let mut state = lock(&running.state);
    if let Heard::Messages(_) = heard {
        running.correct_clock(&mut state.networks, clock::synchronised());
    }
    let mut batch = Batch::new(&running, &state, sockets);
    match heard {
        Heard::Messages(inbox) => inbox.packets().for_each(|packet| exchange::answer(&mut state, &mut batch, &packet)),
        Heard::Arp { ifindex, address, mac } => {
            if let Some(name) = batch.network_on(&state.networks, ifindex) {
                exchange::heard(&mut state, &mut batch, &name, address, mac);
            }
        }
    }
    batch.finish();
    state.prober.keep_going(|first| tokio::spawn(keep_probing(core.clone(), first)));
}

async fn keep_probing(core: Weak<Core>, first: Instant) {
    let mut next = Some(first);
    while let Some(at) = next {
        sleep_until(at).await;
        next = core.upgrade().and_then(|core| probe(&core));
    }
}

/// Asks a second time where nobody has answered yet, and answers the messages whose addresses stayed silent. When it is to be done
/// again, if at all.
fn probe(core: &Core) -> Option<Instant> {
    let mut state = lock(&core.state);
    let state: &mut State = &mut state;
    let now = state.prober.now();
    let mut batch: Option<Batch> = None;
    while let Some((name, address, held)) = state.prober.silent(now) {
        if let Some(others) = batch.take_if(|batch| !Arc::ptr_eq(&batch.sockets, &held.sockets)) {
            others.finish();
        }
        let batch = batch.get_or_insert_with(|| Batch::new(core, state, &held.sockets));
        exchange::silent(state, batch, (&name, address), &held.packet);
    }
    if let Some(batch) = batch {
        batch.finish();
    }
    state.prober.next()
}
