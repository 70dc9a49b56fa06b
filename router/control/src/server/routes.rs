use super::{
    peer::{self, Peer},
    refused::refused,
    whole::whole,
};
use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, Method, Uri},
    middleware::from_fn,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use edge_api::{Api, ApplyRequest, ConfigRequest, Failure, FailureKind, RevertRequest};
use serde::{Serialize, de::DeserializeOwned};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::time::timeout;

const ANSWER_WITHIN: Duration = Duration::from_secs(60);

pub(super) fn routes<A: Api>(api: Arc<A>) -> Router {
    Router::new()
        .route("/v1/status", get(async |State(api): State<Arc<A>>| answer(async move { api.status().await }).await))
        .route("/v1/leases", get(async |State(api): State<Arc<A>>| answer(async move { api.leases().await }).await))
        .route("/v1/leases/export", get(async |State(api): State<Arc<A>>| answer(async move { api.export_leases().await }).await))
        .route("/v1/leases/import", post(import_leases))
        .route("/v1/reachability", get(async |State(api): State<Arc<A>>| answer(async move { api.reachability().await }).await))
        .route("/v1/diff", get(async |State(api): State<Arc<A>>| answer(async move { api.diff().await }).await))
        .route("/v1/plan", post(plan))
        .route("/v1/apply", post(apply))
        .route("/v1/confirm", post(confirm))
        .route("/v1/revert", post(revert))
        .route("/v1/history", get(async |State(api): State<Arc<A>>| answer(async move { api.history().await }).await))
        .route("/v1/history/{number}", get(history_text))
        .route("/v1/history/{number}/diff", get(history_diff))
        .route("/v1/history/{number}/diff/{other}", get(history_diff))
        .route("/v1/attach", post(attach))
        .route("/v1/detach", post(detach))
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        // It is read and measured before.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(whole))
        .layer(from_fn(peer::check))
        .with_state(api)
}

async fn plan<A: Api>(State(api): State<Arc<A>>, body: Bytes) -> Response {
    match parse_or_default(&body) {
        Ok::<ConfigRequest, _>(request) => answer(async move { api.plan(request).await }).await,
        Err(failure) => refused(failure),
    }
}

async fn apply<A: Api>(State(api): State<Arc<A>>, Extension(peer): Extension<Peer>, headers: HeaderMap, body: Bytes) -> Response {
    match parse_or_default(&body) {
        Ok::<ApplyRequest, _>(request) => answer(async move { api.apply(request, peer.by(&headers)).await }).await,
        Err(failure) => refused(failure),
    }
}

async fn confirm<A: Api>(State(api): State<Arc<A>>, Extension(peer): Extension<Peer>, headers: HeaderMap) -> Response {
    answer(async move { api.confirm(peer.by(&headers)).await }).await
}

async fn revert<A: Api>(
    State(api): State<Arc<A>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match parse_or_default(&body) {
        Ok::<RevertRequest, _>(request) => answer(async move { api.revert(request, peer.by(&headers)).await }).await,
        Err(failure) => refused(failure),
    }
}

async fn history_text<A: Api>(State(api): State<Arc<A>>, uri: Uri) -> Response {
    match numbers(&uri)[..] {
        [Some(number)] => answer(async move { api.history_text(number).await }).await,
        _ => no_route(uri).await,
    }
}

async fn history_diff<A: Api>(State(api): State<Arc<A>>, uri: Uri) -> Response {
    match numbers(&uri)[..] {
        [Some(from)] => answer(async move { api.history_diff(from, None).await }).await,
        [Some(from), Some(to)] => answer(async move { api.history_diff(from, Some(to)).await }).await,
        _ => no_route(uri).await,
    }
}

/// What stands between the words of a path.
fn numbers(uri: &Uri) -> Vec<Option<u64>> {
    let parts = uri.path().split('/').filter(|part| !["", "v1", "history", "diff"].contains(part));
    parts.map(|part| part.parse().ok()).collect()
}

async fn import_leases<A: Api>(State(api): State<Arc<A>>, body: Bytes) -> Response {
    match parse(&body) {
        Ok(file) => answer(async move { api.import_leases(file).await }).await,
        Err(failure) => refused(failure),
    }
}

async fn attach<A: Api>(State(api): State<Arc<A>>, body: Bytes) -> Response {
    match parse(&body) {
        Ok(request) => answer(async move { api.attach(request).await }).await,
        Err(failure) => refused(failure),
    }
}

async fn detach<A: Api>(State(api): State<Arc<A>>, body: Bytes) -> Response {
    match parse(&body) {
        Ok(request) => answer(async move { api.detach(request).await }).await,
        Err(failure) => refused(failure),
    }
}

async fn no_route(uri: Uri) -> Response {
    refused(Failure::new(FailureKind::NotFound, format_args!("there is no {}", uri.path())))
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    refused(Failure::new(FailureKind::Method, format_args!("{} does not take {method}", uri.path())))
}

/// Runs `work` in a task of its own: when the client goes away or the time is over, an apply still comes to its end.
async fn answer<T: Serialize + Send + 'static>(work: impl Future<Output = Result<T, Failure>> + Send + 'static) -> Response {
    let failure = match timeout(ANSWER_WITHIN, tokio::spawn(work)).await {
        Ok(Ok(Ok(answer))) => return Json(answer).into_response(),
        Ok(Ok(Err(failure))) => failure,
        Ok(Err(error)) => {
            log::error!("a request was not finished: {error}");
            Failure::new(FailureKind::Internal, "the daemon failed on this request")
                .detail("its log says more: journalctl -u edge-router")
        }
        Err(_) => {
            Failure::new(FailureKind::Timeout, format_args!("no answer within {} s; the work goes on", ANSWER_WITHIN.as_secs()))
        }
    };
    refused(failure)
}

/// The content type is not asked for: `curl -d` sends a form's.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|error| {
        Failure::new(FailureKind::Invalid, "the request is not the JSON object wanted").detail(error.to_string())
    })
}

fn parse_or_default<T: DeserializeOwned + Default>(bytes: &[u8]) -> Result<T, Failure> {
    if bytes.is_empty() { Ok(T::default()) } else { parse(bytes) }
}
