//! The daemon: reads the file, brings the kernel to it, serves DHCP and the API, and follows what happens to the devices.

mod answer;
mod apply;
mod bring;
mod current;
mod files;
mod gateway;
mod nodes;
mod pace;
mod services;
mod status;
mod sweep;
mod watch;

use anyhow::Context;
use clap::Args;
use edge_attach::Attach;
use edge_kernel::Kernel;
use files::Files;
use std::{path::PathBuf, sync::Arc};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{Mutex, RwLock},
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
}

/// Everything the daemon holds. All of it can be rebuilt from the files and the kernel.
pub struct Daemon {
    files: Files,
    kernel: Kernel,
    dhcp: edge_dhcp::Server,
    attach: Attach,
    /// Held by whoever changes the kernel: an apply, a reconciliation, an attach.
    turn: Mutex<()>,
    current: RwLock<current::Current>,
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
    daemon.start().await;
    let mut watching = tokio::spawn(watch::follow(daemon.clone(), events));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = edge_control::server::serve(listener, daemon.clone(), async move {
        let _ = stopped.await;
    });
    log::info!("edge-router {} is ready: {}", env!("CARGO_PKG_VERSION"), daemon.current.read().await.summary());
    let mut serving = tokio::spawn(serving);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        // Without it a device that comes would wait for ever; whoever started us starts us again.
        ended = &mut watching => anyhow::bail!("nobody follows the devices any more: {:?}", ended.err()),
        served = &mut serving => return served?.context("the control socket failed"),
    }
    let _ = stop.send(());
    serving.await?.context("the control socket failed")?;
    // What is in the kernel stays: traffic goes on, and the next start adopts it.
    log::info!("stopped; the networks stay as they are");
    Ok(())
}

impl Daemon {
    async fn open(options: &Options) -> anyhow::Result<Self> {
        let files = Files::open(&options.config, &options.state_dir, &options.run_dir)?;
        let kernel = Kernel::open().await.context("cannot talk to the kernel over netlink (is this root?)")?;
        let dhcp = edge_dhcp::Server::open(files.state_dir())?;
        let attach = match Attach::open(files.state_dir(), dhcp.clone()) {
            Ok(attach) => attach,
            Err(error) => {
                log::error!("{error}; set aside, containers that are attached now have to be attached again");
                files.set_aside("attachments.json")?;
                Attach::open(files.state_dir(), dhcp.clone())?
            }
        };
        let current = RwLock::new(current::Current::new(files.machine_id()?));
        Ok(Self { files, kernel, dhcp, attach, turn: Mutex::new(()), current })
    }
}
