//! The API of the daemon: its types, its server and client (HTTP over a unix socket), and its answers as text.
//!
//! Every command has one JSON object, stable: fields are added, never renamed or given another meaning. Keys are `snake_case`, so that
//! `jq .applied_at` needs no quotes; values that name a choice are `kebab-case`, as in `edge-router.toml`. A time is unix seconds.
//! What is not known is `null`.
//!
//! | route | asks | answers |
//! |---|---|---|
//! | `GET /v1/status` | | [`Status`] |
//! | `GET /v1/leases` | | [`Leases`] |
//! | `GET /v1/leases/export` | | [`LeaseFile`] |
//! | `POST /v1/leases/import` | [`LeaseFile`] | [`Imported`] |
//! | `POST /v1/plan` | [`ConfigRequest`] or nothing | [`PlanReport`] |
//! | `GET /v1/diff` | | [`DriftReport`] |
//! | `POST /v1/apply` | [`ApplyRequest`] or nothing | [`ApplyReport`] |
//! | `POST /v1/confirm` | | [`Confirmed`] |
//! | `POST /v1/revert` | | [`ApplyReport`] |
//! | `POST /v1/attach` | [`AttachRequest`] | [`Attached`] |
//! | `POST /v1/detach` | [`DetachRequest`] | [`Detached`] |
//! | `GET /v1/reachability` | | [`Reachability`] |
//!
//! An error is an HTTP status of 400 or more with an [`ErrorBody`].

mod api;
pub mod client;
mod model;
pub mod render;
pub mod server;

pub use api::Api;
pub use client::{Client, ClientError};
pub use model::*;

use std::path::{Path, PathBuf};

/// Where the daemon listens, below its run directory.
pub fn socket(run_dir: &Path) -> PathBuf {
    run_dir.join("control.sock")
}
