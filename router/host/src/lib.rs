//! The machine: what every part of the router needs of the box it runs on, each once.
//!
//! Entering a network namespace ([`netns`]) and finding links by name in it ([`links`]), files that outlive a power cut ([`durable`]) and are
//! known when they are damaged ([`sealed_text`], [`sealed_json`], [`aside`], [`own_directory`]), ARP packets ([`arp`]), its memory ([`memory`]), telling this boot
//! from every other ([`BootId`]) and the clock that begins with it ([`clock`]).

#![warn(missing_docs)]

pub mod arp;
pub mod aside;
mod boot;
pub mod clock;
pub mod durable;
pub mod links;
pub mod memory;
pub mod netns;
pub mod own_directory;
mod seal;
pub mod sealed_json;
pub mod sealed_text;

pub use boot::{BadBootId, BootId};
