//! A relay agent (RFC 1542, 4.1) with option 82 (RFC 3046), for a network whose addresses another server gives out. Pure.

use super::KnownNetwork;
use crate::{
    DropReason,
    decide::Scope,
    lease::Secs,
    way::{To, Via},
};
use edge_dhcp_wire::{Header, LONGEST, Reply, Request, SHORTEST, at, code, without_relay_agent};
use std::net::Ipv4Addr;

/// More have gone in a circle (RFC 1542, 4.1.1).
const MOST_HOPS: u8 = 16;

/// Suboptions: where the client is, and, to a single server, that it is to renew through us (RFC 5107).
const CIRCUIT_ID: u8 = 1;
const SERVER_ID_OVERRIDE: u8 = 11;

/// A client's message as the servers get it, if they do.
pub fn to_servers(network: &mut KnownNetwork, bytes: &[u8], via: Via, now: Secs) -> Option<Vec<u8>> {
    let scope = network.scope.as_ref()?;
    let passed = match Request::read(bytes) {
        // Who has which address the server knows.
        Ok(request) => match network.limit.refuses(&request, via, || request.ciaddr.is_some(), now) {
            None => request_to_servers(bytes, &request, scope),
            Some(why) => Err(why),
        },
        Err(why) => Err(why.into()),
    };
    if passed.is_ok() {
        network.counters.relayed += 1;
    }
    counted(network, passed)
}

/// A server's message as the client gets it, and how, if it does. `from` is who sent it.
pub fn to_client(network: &mut KnownNetwork, bytes: &[u8], from: Ipv4Addr) -> Option<(To, Vec<u8>)> {
    let passed = reply_to_client(bytes, from, network.scope.as_ref()?);
    counted(network, passed)
}

fn counted<T>(network: &mut KnownNetwork, passed: Result<T, DropReason>) -> Option<T> {
    passed.inspect_err(|why| network.counters.dropped(*why)).ok()
}

fn request_to_servers(bytes: &[u8], request: &Request, scope: &Scope) -> Result<Vec<u8>, DropReason> {
    let hops = Header::read(bytes).map_or(u8::MAX, Header::hops);
    if request.relayed.is_some() {
        // Whoever claims to be an agent in a network of clients is none.
        return Err(DropReason::RelayNotAllowed);
    }
    if hops >= MOST_HOPS {
        return Err(DropReason::TooManyHops);
    }
    let agent = scope.router();
    let name = scope.service.network.as_str().as_bytes();
    let mut information = vec![CIRCUIT_ID, name.len() as u8];
    information.extend(name);
    // Of several servers all would take a REQUEST for theirs that names the agent, and a renewal by way of it would reach all.
    if scope.service.relay().is_some_and(|relay| relay.servers.len() == 1) {
        information.extend([SERVER_ID_OVERRIDE, 4]);
        information.extend(agent.octets());
    }

    let plain = without_relay_agent(bytes);
    let with_information = plain.len() + 2 + information.len();
    let mut message = plain;
    // A message that has no room for it goes without (RFC 3046, 2.1.1).
    if with_information <= LONGEST {
        message.pop();
        message.extend([code::RELAY_AGENT, information.len() as u8]);
        message.extend(&information);
        message.push(code::END);
    }
    message[at::HOPS] = hops + 1;
    message[at::GIADDR..at::GIADDR + 4].copy_from_slice(&agent.octets());
    Ok(padded(message))
}

fn reply_to_client(bytes: &[u8], from: Ipv4Addr, scope: &Scope) -> Result<(To, Vec<u8>), DropReason> {
    let servers = scope.service.relay().into_iter().flat_map(|relay| &relay.servers);
    if !servers.into_iter().any(|server| *server == from) {
        return Err(DropReason::NotTheRelaysServer);
    }
    let reply = Reply::read(bytes).ok_or(DropReason::MalformedReply)?;
    let header = reply.header();
    let to = match (header.is_broadcast(), header.ciaddr(), header.yiaddr()) {
        (true, ..) => To::Broadcast,
        (false, Some(address), _) => To::Address(address),
        (false, None, Some(address)) => To::Hardware(reply.mac, address),
        (false, None, None) => To::Broadcast,
    };
    // An address outside of the network would leave by another interface.
    if let To::Address(address) | To::Hardware(_, address) = to
        && !scope.has_host(address)
    {
        return Err(DropReason::AddressOfAnotherNetwork);
    }
    Ok((to, padded(without_relay_agent(bytes))))
}

fn padded(mut message: Vec<u8>) -> Vec<u8> {
    if message.len() < SHORTEST {
        message.resize(SHORTEST, 0);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::to_servers;
    use crate::{
        NetworkService,
        tests::{DISCOVER, Desk, Message, NOW, ip, service},
        way::Via,
    };
    use edge_config::{Dhcp, DhcpRelay};
    use edge_dhcp_wire::Header;

    /// Option 82 of a message as the servers get it, suboption after suboption.
    fn information(servers: u8) -> Vec<u8> {
        let servers = (1..=servers).map(|server| [10, 9, 0, server].into()).collect();
        let mut desk = Desk::new(NetworkService { dhcp: Some(Dhcp::Relay(DhcpRelay { servers })), ..service(1, 8) });
        let message = Message::new(DISCOVER, [2, 0, 0, 0, 1, 1]).end();
        let passed = to_servers(&mut desk.network, &message, Via::Broadcast, NOW).expect("it is passed on");
        Header::read(&passed).expect("it is long enough").options().get(82).expect("option 82").to_vec()
    }

    #[test]
    fn only_a_single_server_is_told_that_clients_renew_through_the_agent() {
        let circuit = [&[1, 7][..], b"vehicle"].concat();
        assert_eq!(information(1), [&circuit[..], &[11, 4], &ip(3).octets()].concat());
        assert_eq!(information(2), circuit);
    }
}
