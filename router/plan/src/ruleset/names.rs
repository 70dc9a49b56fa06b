//! Names of chains. Each has a prefix or an infix of ours, so that no name a user gives is a word of the `nft` language.

use std::fmt::Display;

pub fn source(network: &impl Display) -> String {
    format!("source-{network}")
}

pub fn input(from: &impl Display) -> String {
    format!("input-{from}")
}

pub fn crossing(from: &impl Display, to: &impl Display) -> String {
    // A dot is in no name, so no two pairs come to the same.
    format!("from-{from}.to-{to}")
}
