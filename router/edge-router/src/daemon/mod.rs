//! The daemon: reads the file, brings the kernel to it, serves DHCP and the API, and follows what happens to the devices.

mod answer;
mod apply;
mod boot;
mod bring;
mod confirm;
mod current;
mod decision;
mod drift;
mod durable;
mod files;
mod generations;
mod in_force;
mod journal;
mod nodes;
mod notify;
mod pace;
mod recovery;
mod reload;
mod services;
mod start;
mod status;
mod sweep;
mod transaction;
mod transfer;
mod uplinks;
mod watch;

use anyhow::Context;
use clap::Args;
use edge_attach::Attach;
use edge_kernel::Kernel;
use files::Files;
use std::{
    collections::BTreeSet,
    net::Ipv4Addr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{Mutex, Notify, RwLock},
};

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

/// Everything the daemon holds. All of it can be rebuilt from the files and the kernel.
pub struct Daemon {
    files: Files,
    kernel: Kernel,
    dhcp: edge_dhcp::Server,
    attach: Attach,
    uplinks: edge_uplink::Uplinks,
    /// Addresses of uplinks that are gone or lead nowhere: flows that were translated to them are still to be cut.
    lost: std::sync::Mutex<BTreeSet<Ipv4Addr>>,
    /// Held by whoever changes the kernel: an apply, a reconciliation, an attach.
    turn: Mutex<()>,
    current: RwLock<current::Current>,
    /// What the kernel takes longer for hangs.
    patience: Duration,
    /// Wakes who ends windows in time.
    keeper: Notify,
    /// Nothing new is begun any more.
    stopping: AtomicBool,
}

pub fn main(options: Options) -> anyhow::Result<()> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(options))
}

async fn run(options: Options) -> anyhow::Result<()> {
    let listener = edge_control::server::bind(&options.run_dir)?;
    let daemon = Arc::new(Daemon::open(&options).await?);
    // Before the first look, so that nothing is missed that comes after it.
    let events = daemon.kernel.events();
    // Before the first apply: a signal without a listener would end the daemon in the middle of it.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let hangup = signal(SignalKind::hangup())?;
    daemon.start().await;
    let mut watching = tokio::spawn(watch::follow(daemon.clone(), events));
    let mut uplinking = tokio::spawn(uplinks::follow(daemon.clone()));
    let mut keeping = tokio::spawn(confirm::keep(daemon.clone()));
    let mut reloading = tokio::spawn(reload::follow(daemon.clone(), hangup));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = edge_control::server::serve(listener, daemon.clone(), async move {
        let _ = stopped.await;
    });
    let summary = daemon.current.read().await.summary();
    log::info!("edge-router {} is ready: {summary}", env!("CARGO_PKG_VERSION"));
    let mut serving = tokio::spawn(serving);
    notify::ready(&summary);
    tokio::spawn(notify::watchdog());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        // Without them a device that comes, or a window that ends, would wait for ever; whoever started us starts us again.
        ended = &mut watching => anyhow::bail!("nobody follows the devices any more: {:?}", ended.err()),
        ended = &mut uplinking => anyhow::bail!("nobody follows the uplinks any more: {:?}", ended.err()),
        ended = &mut keeping => anyhow::bail!("nobody ends the windows of applies any more: {:?}", ended.err()),
        ended = &mut reloading => anyhow::bail!("nobody listens to SIGHUP any more: {:?}", ended.err()),
        served = &mut serving => return served?.context("the control socket failed"),
    }
    notify::stopping();
    daemon.stopping.store(true, Ordering::Relaxed);
    let _ = stop.send(());
    // What is being changed is brought to its end, or undone, though its client may have left.
    drop(daemon.turn.lock().await);
    serving.await?.context("the control socket failed")?;
    // What is in the kernel stays: traffic goes on, and the next start adopts it.
    log::info!("stopped; the networks stay as they are");
    Ok(())
}

impl Daemon {
    async fn open(options: &Options) -> anyhow::Result<Self> {
        let mut files = Files::open(&options.config, &options.state_dir, &options.run_dir)?;
        let kernel = Kernel::open().await.context("cannot talk to the kernel over netlink (is this root?)")?;
        let dhcp = match edge_dhcp::Server::open(files.state_dir()) {
            // It needs more room than all else.
            Err(error @ edge_dhcp::OpenError::Log { .. }) if files.problem().is_none() => {
                files = files.in_memory(&error)?;
                edge_dhcp::Server::open(files.state_dir())?
            }
            opened => opened?,
        };
        let attach = match Attach::open(files.state_dir(), dhcp.clone()) {
            Ok(attach) => attach,
            Err(error) => {
                log::error!("{error}; set aside, containers that are attached now have to be attached again");
                files.set_aside("attachments.json")?;
                Attach::open(files.state_dir(), dhcp.clone())?
            }
        };
        let uplinks = edge_uplink::Uplinks::open(files.state_dir());
        let current = RwLock::new(current::Current::new(files.machine_id()?));
        Ok(Self {
            files,
            kernel,
            dhcp,
            attach,
            uplinks,
            lost: std::sync::Mutex::default(),
            turn: Mutex::new(()),
            current,
            patience: Duration::from_secs(options.patience),
            keeper: Notify::new(),
            stopping: AtomicBool::new(false),
        })
    }
}
