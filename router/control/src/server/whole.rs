use super::{answering::Answering, refused::refused};
use axum::{
    Extension,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    middleware::Next,
    response::Response,
};
use edge_api::{Failure, FailureKind};
use std::time::Duration;
use tokio::time::timeout;

/// Bytes: the longest configuration (1 MiB) as a JSON string, where each quote and line end takes two.
const LONGEST_REQUEST: usize = 4 << 20;
const READ_WITHIN: Duration = Duration::from_secs(5);

/// Nothing is done about a request that is not there to its end.
pub(super) async fn whole(Extension(answering): Extension<Answering>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    match read(body).await {
        Ok(bytes) => {
            let _answer = answering.begin();
            next.run(Request::from_parts(head, Body::from(bytes))).await
        }
        Err(failure) => refused(failure),
    }
}

async fn read(body: Body) -> Result<Bytes, Failure> {
    let too_long = || Failure::new(FailureKind::TooLong, format_args!("a request has at most {LONGEST_REQUEST} bytes"));
    let late =
        |_| Failure::new(FailureKind::Timeout, format_args!("the request did not come within {} s", READ_WITHIN.as_secs()));
    let bytes = timeout(READ_WITHIN, to_bytes(body, LONGEST_REQUEST)).await.map_err(late)?;
    bytes.map_err(|_| too_long())
}
