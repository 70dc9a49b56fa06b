//! The API over HTTP on a unix socket: `curl --unix-socket /run/edge-router/control.sock http://edge/v1/status`.

mod answering;
mod connections;
mod listen;
mod peer;
mod refused;
mod routes;
mod whole;

pub use listen::{BindError, bind};

use connections::Connections;
use edge_api::Api;
use std::sync::Arc;
use tokio::net::UnixListener;

/// Answers until `stop` is ready; then what was asked to its end by then is answered still.
pub async fn serve<A: Api>(listener: UnixListener, api: Arc<A>, stop: impl Future<Output = ()>) {
    Connections::new(routes::routes(api)).serve(listener, stop).await;
}
