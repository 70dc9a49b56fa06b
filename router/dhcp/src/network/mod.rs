//! What is known of each network, and what its messages lead to. Free of clocks, tasks and sockets: time is an argument, and what is
//! to be written, sent or asked for comes back as an [`Answer`].

mod answer;
mod counters;
mod events;
mod known;
mod limit;
mod networks;
mod probes;
mod reach;
pub mod relay;
mod response;

pub use answer::Answer;
pub use counters::Counters;
pub use known::KnownNetwork;
pub use networks::Networks;
pub use probes::{Probes, Step};
