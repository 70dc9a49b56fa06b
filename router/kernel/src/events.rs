/// Tells that something changed in a space we look after, or that so much did that the kernel lost count.
pub struct Events {}

impl Events {
    /// Returns when a link, address, route or IPv4 setting changed since the last call; changes in between count once.
    pub async fn changed(&mut self) {
        std::future::pending().await
    }
}
