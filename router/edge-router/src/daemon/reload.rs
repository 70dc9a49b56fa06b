use super::{Daemon, notify};
use std::sync::Arc;
use tokio::signal::unix::Signal;

/// SIGHUP is `routerctl apply`.
pub async fn follow(daemon: Arc<Daemon>, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        notify::reloading();
        match daemon.apply(None, None).await {
            Ok(done) => log::info!("reloaded: {} changes", done.ops.len()),
            Err(failure) => log::error!("not reloaded: {}", failure.in_full()),
        }
        notify::ready(&daemon.current.read().await.summary());
    }
}
