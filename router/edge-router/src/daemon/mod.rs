//! The daemon: reads the file, brings the kernel to it, serves DHCP and the API, and follows what happens to the devices.

mod answer;
mod boot;
mod containers;
mod cpu_budget;
mod drift;
mod files;
mod history;
pub mod lent;
mod linux;
mod living;
mod machine_id;
mod nodes;
mod notify;
pub mod os_release;
pub mod parts;
mod reload;
mod router;
mod seconds;
mod service;
mod status;
mod summary;
mod tasks;
mod transfer;
mod waiting;
mod watch;

use clap::Args;
use router::Router;
use std::{path::PathBuf, sync::Arc};
use summary::summary;
use tasks::Tasks;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Args, Clone)]
pub struct Options {
    /// The configuration
    #[arg(long, default_value = "/etc/edge-router.toml")]
    pub config: PathBuf,
    /// Leases, attachments and the last good configuration
    #[arg(long, default_value = "/var/lib/edge-router")]
    pub state_dir: PathBuf,
    /// The control socket
    #[arg(long, default_value = "/run/edge-router")]
    pub run_dir: PathBuf,
    /// Seconds that the kernel may take for an answer before an apply is undone
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub patience: u64,
}

pub fn main(options: Options) -> anyhow::Result<()> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(options))
}

async fn run(options: Options) -> anyhow::Result<()> {
    let listener = edge_control::server::bind(&options.run_dir)?;
    let router = Arc::new(Router::open(&options).await?);
    let engine = router.engine.clone();
    // Before the first look, so that nothing is missed that comes after it.
    let events = router.parts.kernel.events();
    // Before the first apply: a signal without a listener would end the daemon in the middle of it.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let hangup = signal(SignalKind::hangup())?;
    router.adopt_older_marks().await;
    router.report_damage();
    engine.start().await;

    let mut tasks = Tasks::new();
    let windows = engine.clone();
    tasks.spawn("the timer of windows", |stop| async move { windows.time_windows(stop).await });
    tasks.spawn("the watch on the kernel", |stop| watch::follow(engine.clone(), router.parts.kernel.clone(), events, stop));
    tasks.spawn("the wait for SIGHUP", |stop| reload::follow(engine.clone(), hangup, stop));
    for service in engine.services().iter() {
        tasks.spawn(service.name(), |stop| service.clone().run(engine.clone(), stop));
    }
    let mut stop_serving = tasks.stop();
    let serving = edge_control::server::serve(listener, router.clone(), async move { stop_serving.wait().await });
    let mut serving = tokio::spawn(serving);
    let ready = summary(&engine);
    log::info!("edge-router {} is ready: {ready}", env!("CARGO_PKG_VERSION"));
    notify::ready(&ready);
    tokio::spawn(notify::watchdog());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        // Without it a device that comes, or a window that ends, would wait for ever; whoever started us starts us again.
        ended = tasks.ended() => anyhow::bail!("{ended} has ended"),
        served = &mut serving => {
            served?;
            anyhow::bail!("the control socket has ended");
        }
    }
    notify::stopping();
    tasks.tell();
    engine.stop().await;
    serving.await?;
    tasks.end().await;
    // What is in the kernel stays: traffic goes on, and the next start adopts it.
    log::info!("stopped; the networks stay as they are");
    Ok(())
}
