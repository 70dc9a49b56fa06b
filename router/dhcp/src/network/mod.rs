//! What is known of each network, and what its messages lead to. Free of clocks, tasks and sockets: time is an argument, and what is
//! to be written, sent or asked for comes back as an [`Answer`].

mod answer;
mod counters;
mod events;
mod limit;
mod networks;
mod probes;
mod reach;
pub mod relay;
mod response;
mod state;

pub use answer::Answer;
pub use counters::Counters;
pub use networks::Networks;
pub use probes::{Probes, Step};
pub use state::NetworkState;
