use edge_config::Config;
use edge_host::netns;
use edge_kernel::conntrack::{Conntrack, Ports, Tuple};
use edge_plan::{Facts, Policy, policy::Flow};
use std::io;

/// Cuts the flows that this policy does not let in; false when that could not be done. The table is in force already, so no new one
/// comes after.
pub async fn sweep(config: &Config, facts: &Facts) -> bool {
    let (config, facts, netns) = (config.clone(), facts.clone(), config.namespace.as_ref().map(netns::path));
    let swept = tokio::task::spawn_blocking(move || {
        netns::run_in(netns.as_deref(), move || {
            let policy = Policy::of(&config);
            let mut conntrack = Conntrack::open().map_err(io::Error::other)?;
            conntrack.sweep(|flow| policy.keeps(&seen(flow), &facts)).map_err(io::Error::other)
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
    let (_, destination_port) = ports(&flow.original);
    let (reply_source_port, _) = ports(&flow.reply);
    Flow {
        source: flow.original.source,
        destination: flow.original.destination,
        protocol: flow.original.protocol,
        destination_port,
        reply_source: flow.reply.source,
        reply_source_port,
        reply_destination: flow.reply.destination,
    }
}

fn ports(tuple: &Tuple) -> (u16, u16) {
    match tuple.ports {
        Ports::Ports { source, destination } => (source, destination),
        Ports::Icmp { .. } | Ports::None => (0, 0),
    }
}
