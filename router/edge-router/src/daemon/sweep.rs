use edge_config::Config;
use edge_host::netns;
use edge_kernel::conntrack::{Conntrack, Ports};
use edge_plan::{
    Facts, Policy,
    policy::{Flow, Packet},
};
use std::io;

/// Cuts the flows that this policy does not let in; false when that could not be done. The table is in force already, so no new one
/// comes after.
pub async fn sweep(config: &Config, facts: &Facts) -> bool {
    let (config, facts, netns) = (config.clone(), facts.clone(), config.namespace.as_ref().map(netns::path));
    let swept = tokio::task::spawn_blocking(move || {
        netns::run_in(netns.as_deref(), move || {
            let policy = Policy::of(&config, &facts);
            let mut conntrack = Conntrack::open().map_err(io::Error::other)?;
            conntrack.sweep(|flow| policy.keeps(&seen(flow))).map_err(io::Error::other)
        })
    });
    let swept = swept.await.unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
    match &swept {
        Ok(0) => {}
        Ok(count) => log::info!("{count} flows cut that are not allowed any longer"),
        Err(error) => log::error!("flows that are not allowed any longer may go on: {error}"),
    }
    swept.is_ok()
}

/// The policy's view of a tracked connection.
fn seen(flow: &edge_kernel::conntrack::Flow) -> Flow {
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
