use super::{notify, router::Machine, summary::summary};
use edge_engine::Stop;
use std::sync::Arc;
use tokio::signal::unix::Signal;

/// SIGHUP is `routerctl apply --force`: there is nobody to ask.
pub async fn follow(engine: Arc<Machine>, mut hangup: Signal, mut stop: Stop) {
    loop {
        tokio::select! {
            () = stop.wait() => return,
            heard = hangup.recv() => if heard.is_none() { return },
        }
        notify::reloading();
        match engine.apply(None, None, None).await {
            Ok(done) => log::info!("reloaded: {} changes", done.ops.len()),
            Err(failure) => log::error!("not reloaded: {}", failure.in_full()),
        }
        notify::ready(&summary(&engine));
    }
}
