//! The daemon: reads the file, brings the kernel to it, serves DHCP and the API, and follows what happens to the devices.

mod answer;
mod apply;
mod current;
mod files;
mod gateway;
mod nodes;
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
    daemon.start().await;
    let watching = tokio::spawn(watch::follow(daemon.clone()));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    };
    log::info!("edge-router {} is ready: {}", env!("CARGO_PKG_VERSION"), daemon.current.read().await.summary());
    edge_control::server::serve(listener, daemon.clone(), stop).await.context("the control socket failed")?;
    watching.abort();
    // What is in the kernel stays: traffic goes on, and the next start adopts it.
    log::info!("stopped; the networks stay as they are");
    Ok(())
}

impl Daemon {
    async fn open(options: &Options) -> anyhow::Result<Self> {
        let files = Files::open(&options.config, &options.state_dir, &options.run_dir)?;
        let kernel = Kernel::open().await.context("cannot talk to the kernel over netlink (is this root?)")?;
        let dhcp = edge_dhcp::Server::open(&options.state_dir)?;
        let attach = Attach::open(&options.state_dir, dhcp.clone())?;
        let machine = files.machine_id()?;
        let current = RwLock::new(current::Current::new(machine));
        Ok(Self { files, kernel, dhcp, attach, turn: Mutex::new(()), current })
    }

    /// Applies the file; when that cannot be, what was good last. A box far away must not be left with nothing because of one line.
    async fn start(&self) {
        let refused = match self.apply_text(None).await {
            Ok(_) => return,
            Err(refused) => refused,
        };
        log::error!("{} is not applied: {}", self.files.config().display(), apply::in_full(&refused));
        match self.files.last_good() {
            Some(text) => match self.apply_text(Some((self.files.last_good_name(), text))).await {
                Ok(_) => log::warn!("running on the last good configuration"),
                Err(error) => log::error!("the last good configuration is not applied either: {}", apply::in_full(&error)),
            },
            None => log::warn!("there is no configuration that was good before; nothing is set up"),
        }
        self.current.write().await.refused = Some(refused.body);
    }
}
