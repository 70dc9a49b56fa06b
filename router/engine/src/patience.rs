use edge_api::{Failure, FailureKind};
use std::time::Duration;
use tokio::time::timeout;

/// What the kernel takes longer for hangs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience(pub Duration);

impl Patience {
    /// `what` the kernel is to do, in words: `tell what there is`.
    pub async fn wait<T>(self, what: &str, answer: impl Future<Output = T>) -> Result<T, Failure> {
        timeout(self.0, answer).await.map_err(|_| self.silent(what))
    }

    fn silent(self, what: &str) -> Failure {
        let error = format!("the kernel does not {what}: no answer within {} s", self.0.as_secs());
        Failure::new(FailureKind::Internal, error)
            .detail("dmesg may tell which driver hangs; what is under way ends when it answers")
    }
}
