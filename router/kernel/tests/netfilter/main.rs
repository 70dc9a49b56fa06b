//! nf_tables and conntrack against the real kernel, with the `nft` program as the judge. Needs root; everything happens in
//! network namespaces that end with the test.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "the helpers of a test are test code")]

mod atomic;
mod bridge;
mod foreign;
mod generated;
mod listing;
mod sample;
mod size;
mod space;
mod sweep;
mod update;
