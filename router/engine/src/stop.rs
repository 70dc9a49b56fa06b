use tokio::sync::watch;

/// Tells those who run that they are to end.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Whoever runs waits for it.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// The two ends.
pub fn stop() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// From now on.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Returns when it is time to end, also when nobody is left to say so.
    pub async fn wait(&mut self) {
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }
}
