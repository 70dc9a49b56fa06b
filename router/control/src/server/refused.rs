use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use edge_api::Failure;

/// The status says which kind of failure it is, the body what was wrong.
pub(super) fn refused(failure: Failure) -> Response {
    let status = StatusCode::from_u16(failure.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(failure.body)).into_response()
}
