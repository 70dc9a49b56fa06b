//! The core against a world of numbers: every step fails once, and nothing is lost or left behind.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helper functions too")]

mod calls;
mod damage;
mod steps;
mod world;
