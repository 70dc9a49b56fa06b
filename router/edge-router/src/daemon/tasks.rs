//! What runs beside the API, each until it is told to stop.

use edge_engine::{Stop, Stopper, stop};
use std::time::Duration;
use tokio::{task::JoinSet, time::timeout};

/// How long a task may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

pub struct Tasks {
    running: JoinSet<&'static str>,
    stopper: Stopper,
    stop: Stop,
}

impl Tasks {
    pub fn new() -> Self {
        let (stopper, stop) = stop();
        Self { running: JoinSet::new(), stopper, stop }
    }

    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// `name`: what is missing when it ends too soon.
    pub fn spawn<T: Future<Output = ()> + Send + 'static>(&mut self, name: &'static str, run: impl FnOnce(Stop) -> T) {
        let running = run(self.stop());
        self.running.spawn(async move {
            running.await;
            name
        });
    }

    /// The first that ends, or how it did.
    pub async fn ended(&mut self) -> String {
        match self.running.join_next().await {
            Some(Ok(name)) => name.to_owned(),
            Some(Err(error)) => error.to_string(),
            None => std::future::pending().await,
        }
    }

    /// From now on nothing new is begun.
    pub fn tell(&self) {
        self.stopper.stop();
    }

    /// Those that do not end by themselves are ended.
    pub async fn end(&mut self) {
        let all = async { while self.running.join_next().await.is_some() {} };
        if timeout(PATIENCE, all).await.is_err() {
            log::warn!("{} tasks did not end within {} s", self.running.len(), PATIENCE.as_secs());
        }
    }
}
