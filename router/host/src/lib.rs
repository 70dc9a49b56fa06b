//! The machine: what every part of the router needs of the box it runs on, each once.
//!
//! Entering a network namespace ([`netns`]), files that outlive a power cut ([`durable`]), ARP packets ([`arp`]), telling this boot
//! from every other ([`BootId`]) and the clock that begins with it ([`clock`]).

#![warn(missing_docs)]

pub mod arp;
mod boot;
pub mod clock;
pub mod durable;
pub mod netns;

pub use boot::{BadBootId, BootId};
