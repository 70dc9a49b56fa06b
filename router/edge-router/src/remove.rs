//! Takes away all that is ours, and gives back what was lent. The configuration and the state stay: a start makes it all again.

use crate::daemon::{self, lent::FORWARDING, os_release, parts::Parts};
use anyhow::{Context, bail, ensure};
use clap::Args;
use edge_attach::DetachTarget;
use edge_config::{Config, Unnamed};
use edge_engine::{Generations, Store};
use edge_kernel::Kernel;
use edge_plan::{
    Facts, State, diff,
    guard::{Side, ended},
};

/// What goes may free what is to go next.
const ROUNDS: usize = 8;

#[derive(Args)]
pub struct Removal {
    #[command(flatten)]
    daemon: daemon::Options,
    /// Even where that ends ssh sessions
    #[arg(long)]
    force: bool,
}

pub fn main(options: &Removal) -> anyhow::Result<()> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    ensure!(!os_release::is_own_image(), "this is the router's own image: without the router there would be nothing left of it");
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(remove(options))
}

async fn remove(Removal { daemon, force }: &Removal) -> anyhow::Result<()> {
    let parts =
        Parts::open(daemon).await.context("is the daemon still running? stop it first: systemctl disable --now edge-router")?;
    parts.kernel.trust(parts.files.namespaces()).await;
    parts.kernel.adopt().await?;
    if !force {
        guard(&parts).await?;
    }
    let detached = unplug(&parts).await?;
    // Before the rules go: nothing is forwarded without them that was not before.
    if !parts.lent.knows(FORWARDING) && parts.lent.before(FORWARDING).is_some_and(|now| now == "1") {
        println!("net.ipv4.ip_forward stays 1: it was so when the router came, or an older release set it");
    }
    let given = parts.lent.give_back_all().context("nothing was removed: cannot give the settings back")?;
    given.iter().for_each(|setting| println!("{setting}: as it was before"));
    let removed = clear(&parts.kernel).await?;
    println!("removed: {detached} attachments, {removed} objects of the kernel");
    println!("left: {} and {}", daemon.config.display(), daemon.state_dir.display());
    Ok(())
}

/// The same that an apply of an empty file asks for.
async fn guard(parts: &Parts) -> anyhow::Result<()> {
    let left = Generations::new(parts.files.config(), parts.files.state_dir()).left();
    let text = left.journal.map(|journal| journal.new).or(left.kept.map(|kept| kept.text));
    let before = text.and_then(|text| edge_config::parse(&text.name, &text.text).ok());
    let (after, facts) = (Config::default(), Facts { unnamed: Unnamed::Untouched, ..Facts::default() });
    let side = |config| Side { config, facts: &facts };
    // Of the host's own namespace, and of that which this configuration has.
    let observed = parts.kernel.observe().await?;
    let sessions = parts.kernel.sessions().await?;
    let Some(before) = before else {
        let is_unknown = !sessions.is_empty() && !diff(&State::default(), &observed).ops.is_empty();
        ensure!(
            !is_unknown,
            "nothing was removed: somebody is connected, and which networks are in force is not known; --force removes them"
        );
        return Ok(());
    };
    let ends = ended(&sessions, Some(side(&before)), side(&after));
    if let Some(end) = ends.first() {
        let who = format!("{} ({})", end.from, end.session.remote.ip());
        let others = if ends.len() > 1 { format!(" and {} more sessions", ends.len() - 1) } else { String::new() };
        bail!("nothing was removed: this ends ssh from {who}{others}; --force does it all the same");
    }
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
