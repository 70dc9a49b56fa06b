//! One message: what it leads to is logged, sent or asked for.

use super::{batch::Batch, core::State, probes::Held};
use crate::{
    DropReason, decide,
    network::{Answer, KnownNetwork, relay},
    socket::{Outbox, Packet},
    way::To,
};
use edge_dhcp_wire::relay_agent;
use edge_net::{Mac, Name};
use std::net::Ipv4Addr;

pub fn answer(state: &mut State, batch: &mut Batch, packet: &Packet) {
    let networks = &mut state.networks;
    if let Some(name) = relay_agent(&packet.bytes).and_then(|agent| networks.by_agent.get(&agent).cloned()) {
        if let Some(network) = networks.by_name.get_mut(&name) {
            relay_to_client(network, batch, packet);
        }
        return;
    }
    let name = batch.network_on(networks, packet.ifindex);
    let Some((name, network)) = name.and_then(|name| networks.by_name.get_mut(&name).map(|network| (name, network))) else {
        networks.stray += 1;
        return;
    };
    if network.is_relayed() {
        relay_to_servers(network, batch, packet);
        return;
    }
    let answer = network.answer(&packet.bytes, packet.via, batch.moment, &mut batch.reply);
    follow(state, batch, &name, packet, answer);
}

/// Nobody uses the address: the message that waits for that is answered.
pub fn silent(state: &mut State, batch: &mut Batch, (name, address): (&Name, Ipv4Addr), packet: &Packet) {
    batch.moment.asks_enough = state.prober.asks_enough();
    let Some(network) = state.networks.by_name.get_mut(name) else { return };
    network.table.clear(address, batch.moment.now);
    answer_again(state, batch, name, packet);
}

/// What ARP says: `address` is used by `mac`, on the interface of network `name`.
pub fn heard(state: &mut State, batch: &mut Batch, name: &Name, address: Ipv4Addr, mac: Mac) {
    let Some(Held { packet, .. }) = state.prober.heard(name, address, mac) else { return };
    batch.moment.asks_enough = state.prober.asks_enough();
    let Some(network) = state.networks.by_name.get_mut(name) else { return };
    let Some(scope) = &network.scope else { return };
    // Who asked may have taken another server's offer, and somebody else has the address by now.
    if network.table.at(address).is_none_or(|binding| !binding.is_live(batch.moment.now)) {
        log::warn!("DHCP in {name}: {address} is in use by {mac} without a lease; it rests");
        network.counters.conflicts += 1;
        let changes = decide::quarantine(&network.table, scope, address, batch.moment.now);
        // Not logged, the address is asked for again, no more.
        batch.change(name, network, changes);
    }
    answer_again(state, batch, name, &packet);
}

/// A message that waited for a probe.
fn answer_again(state: &mut State, batch: &mut Batch, name: &Name, packet: &Packet) {
    let Some(network) = state.networks.by_name.get_mut(name) else { return };
    let answer = network.answer_again(&packet.bytes, packet.via, batch.moment, &mut batch.reply);
    follow(state, batch, name, packet, answer);
}

fn follow(state: &mut State, batch: &mut Batch, name: &Name, packet: &Packet, mut answer: Answer) {
    let Some(network) = state.networks.by_name.get_mut(name) else { return };
    if let Some(probe) = answer.probe {
        let is_asked = state.prober.ask(&batch.sockets, name, probe, packet);
        // What else came in is judged by what is asked for now.
        batch.moment.asks_enough = state.prober.asks_enough();
        if is_asked {
            return;
        }
        network.table.clear(probe.0, batch.moment.now);
        answer = network.answer_again(&packet.bytes, packet.via, batch.moment, &mut batch.reply);
    }
    carry_out(network, batch, name, packet, answer);
}

fn carry_out(network: &mut KnownNetwork, batch: &mut Batch, name: &Name, packet: &Packet, answer: Answer) {
    let is_durable = answer.is_durable();
    let Answer { changes, reply, drop, .. } = answer;
    let address = changes.first().map(|change| change.address());
    let must_log = is_durable || !changes.is_empty();
    let before = batch.records.len();
    if must_log && !batch.change(name, network, changes) {
        network.count(None, Some(DropReason::LogBusy));
        return;
    }
    network.count(reply.map(|(said, _)| said), drop);
    let Some(((_, to), from)) = reply.zip(network.scope.as_ref().map(decide::Scope::router)) else { return };
    let is_written = is_durable && batch.records.len() == before && batch.log_fails();
    let outbox = match address.filter(|_| is_written) {
        Some(address) => &mut batch.renewals.push_mut(((name.clone(), address), Outbox::default())).1,
        None if is_durable => &mut batch.durable,
        None => &mut batch.at_once,
    };
    outbox.push(packet.ifindex, from, to, &mut batch.reply);
}

/// A client's message, on to the servers that the network has elsewhere.
fn relay_to_servers(network: &mut KnownNetwork, batch: &mut Batch, packet: &Packet) {
    let passed = relay::to_servers(network, &packet.bytes, packet.via, batch.moment.now);
    let Some((bytes, scope)) = passed.zip(network.scope.as_ref()) else { return };
    for server in scope.service.relay().into_iter().flat_map(|relay| &relay.servers) {
        batch.at_once.push(0, scope.router(), To::Relay(*server), &mut bytes.clone());
    }
}

/// What a server sends to the relay agent, on to the client.
fn relay_to_client(network: &mut KnownNetwork, batch: &mut Batch, packet: &Packet) {
    let is_here = |scope: &decide::Scope| scope.service.netns == *batch.sockets.netns();
    if !network.scope.as_ref().is_some_and(is_here) {
        return;
    }
    let Some((to, mut bytes)) = relay::to_client(network, &packet.bytes, packet.from) else { return };
    let Some(scope) = &network.scope else { return };
    let Some(ifindex) = batch.sockets.ifindex(scope.service.link.as_str()) else { return };
    batch.at_once.push(ifindex, scope.router(), to, &mut bytes);
    network.counters.relayed += 1;
}
