//! The API over HTTP on a unix socket: `curl --unix-socket /run/edge-router/control.sock http://edge/v1/status`.

mod listen;
mod peer;
mod refused;
mod routes;

pub use listen::{BindError, bind};

use edge_api::Api;
use std::{future::Future, io, sync::Arc};
use tokio::net::UnixListener;

/// Answers until `stop` is ready; then what is under way is answered still.
pub async fn serve<A: Api>(
    listener: UnixListener,
    api: Arc<A>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let service = routes::routes(api).into_make_service_with_connect_info::<peer::Peer>();
    axum::serve(listener, service).with_graceful_shutdown(stop).await
}
