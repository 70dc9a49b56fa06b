use std::sync::Arc;
use tokio::sync::watch;

/// Whether the request of a connection is there to its end and not answered yet.
#[derive(Clone, Default)]
pub(super) struct Answering(Arc<watch::Sender<bool>>);

/// It is answered when this is dropped.
pub(super) struct Answer(Answering);

impl Answering {
    pub fn begin(&self) -> Answer {
        self.0.send_replace(true);
        Answer(self.clone())
    }

    pub fn is_under_way(&self) -> bool {
        *self.0.borrow()
    }

    pub async fn is_over(&self) {
        // The sender is here.
        let _ = self.0.subscribe().wait_for(|is_under_way| !is_under_way).await;
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.0.0.send_replace(false);
    }
}
