use super::services;
use edge_config::Config;
use edge_kernel::{
    conntrack::{Conntrack, Ports, Tuple},
    namespace,
};
use edge_plan::{Policy, policy::Flow};
use std::io;

/// Cuts the flows that an older policy let in and this one does not. The table is in force already, so no new one comes after.
pub async fn sweep(config: &Config) {
    let (config, netns) = (config.clone(), services::netns(config));
    let swept = tokio::task::spawn_blocking(move || {
        namespace::run_in(netns.as_deref(), move || {
            let policy = Policy::of(&config);
            let mut conntrack = Conntrack::open().map_err(io::Error::other)?;
            conntrack.sweep(|flow| policy.keeps(&seen(flow))).map_err(io::Error::other)
        })
    });
    match swept.await {
        Ok(Ok(0)) => {}
        Ok(Ok(count)) => log::info!("{count} flows cut that are not allowed any longer"),
        Ok(Err(error)) => log::error!("flows that are not allowed any longer may go on: {error}"),
        Err(panicked) => log::error!("flows that are not allowed any longer may go on: {panicked}"),
    }
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
