//! What makes it happen: messages in, the tables behind their lock, the log, messages out.

mod batch;
mod claims;
mod core;
mod exchange;
mod import;
mod probes;
mod receive;

pub use self::{
    claims::{claim, release},
    core::{Core, State},
    import::import,
    receive::receive,
};
