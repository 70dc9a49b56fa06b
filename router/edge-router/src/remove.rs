//! Takes away all that is ours, and gives back what was lent. The configuration and the state stay: a start makes it all again.

use crate::daemon::{Options, os_release, parts::Parts};
use anyhow::{Context, bail, ensure};
use edge_attach::DetachTarget;
use edge_config::Config;
use edge_kernel::Kernel;
use edge_plan::{State, diff};

/// What goes may free what is to go next.
const ROUNDS: usize = 8;

pub fn main(options: &Options) -> anyhow::Result<()> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    ensure!(!os_release::is_own_image(), "this is the router's own image: without the router there would be nothing left of it");
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(remove(options))
}

async fn remove(options: &Options) -> anyhow::Result<()> {
    let parts =
        Parts::open(options).await.context("is the daemon still running? stop it first: systemctl disable --now edge-router")?;
    parts.kernel.trust(parts.files.namespaces()).await;
    parts.kernel.adopt().await?;
    let detached = unplug(&parts).await?;
    let removed = clear(&parts.kernel).await?;
    let given = parts.lent.give_back_all().context("cannot give the settings back")?;
    given.iter().for_each(|setting| println!("{setting}: as it was before"));
    println!("removed: {detached} attachments, {removed} objects of the kernel");
    println!("left: {} and {}", options.config.display(), options.state_dir.display());
    Ok(())
}

async fn unplug(parts: &Parts) -> anyhow::Result<usize> {
    // Whoever is attached without a record is found first.
    parts.attach.reconcile(&Config::default()).await?;
    let records = parts.attach.records().await;
    for record in &records {
        parts.attach.detach(&DetachTarget::Name(record.name.clone())).await?;
    }
    Ok(records.len())
}

async fn clear(kernel: &Kernel) -> anyhow::Result<usize> {
    let mut removed = 0;
    for _ in 0..ROUNDS {
        let ops = diff(&State::default(), &kernel.observe().await?).ops;
        if ops.is_empty() {
            return Ok(removed);
        }
        removed += ops.len();
        kernel.execute(&ops).await?;
    }
    bail!("something else keeps making what was removed")
}
