//! The API of the daemon: what can be asked, and the types of questions and answers. They are data: how they go over the socket is
//! `edge-control`, how they come from a plan and read on a screen `edge-report`.
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
//! | `POST /v1/revert` | [`RevertRequest`] or nothing | [`ApplyReport`] |
//! | `GET /v1/history` | | [`History`] |
//! | `GET /v1/history/{number}` | | [`HistoryText`] |
//! | `GET /v1/history/{number}/diff` | | [`HistoryDiff`] |
//! | `GET /v1/history/{number}/diff/{other}` | | [`HistoryDiff`] |
//! | `POST /v1/attach` | [`AttachRequest`] | [`Attached`] |
//! | `POST /v1/detach` | [`DetachRequest`] | [`Detached`] |
//! | `GET /v1/reachability` | | [`Reachability`] |
//!
//! An error is an HTTP status of 400 or more with an [`ErrorBody`].

#![warn(missing_docs)]

mod api;
mod attach;
mod change;
mod confirm;
mod dhcp;
mod drift;
mod effect;
mod failure;
mod guarded;
mod history;
mod node;
mod reachability;
mod status;
mod transfer;
mod unnamed;
mod verdict;
mod warning;

pub use api::Api;
pub use attach::{AttachRequest, Attached, DetachRequest, Detached};
pub use change::{Action, ApplyReport, Change, ConfigRequest, ConfigText, PlanReport};
pub use confirm::{ApplyRequest, CONFIRM_WITHIN, Confirmed, RevertRequest};
pub use dhcp::DhcpCounters;
pub use drift::{Deviation, Drift, DriftReport, DriftedObject, DriftedPart, ForeignObject};
pub use effect::FileEffect;
pub use failure::{ErrorBody, Failure, FailureKind};
pub use guarded::{EndedSession, Guarded};
pub use history::{By, History, HistoryDiff, HistoryEntry, HistoryText, How, Standing, Which};
pub use node::{Leases, Node, NodeKind};
pub use reachability::{Reachability, ReachabilityRow};
pub use status::*;
pub use transfer::{Imported, LeaseFile, LeaseRecord, LeftOut};
pub use unnamed::{Treatment, UnnamedDevices};
pub use verdict::{Effect, Judgement, ObjectVerdict, Part, PartKind};
pub use warning::Warning;
