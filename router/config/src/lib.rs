//! `/etc/edge-router.toml` → [`Config`]: schema, validation, diagnostics.
//!
//! Pure: no sockets, no clock, no files. What comes out of [`parse()`] cannot be wrong, so nobody checks again.

#![warn(missing_docs)]

mod diagnostics;
mod mistake;
mod model;
mod parse;
mod place;
mod span;
mod spot;
mod suggest;
mod warning;

pub use diagnostics::{Diagnostic, Diagnostics, Related};
pub use mistake::MAX_SHOWN;
pub use model::*;
pub use parse::{MAX_METRIC, MAX_SIZE, parse};
pub use place::Place;
pub use spot::Spot;
pub use suggest::nearest;
pub use warning::Warning;
