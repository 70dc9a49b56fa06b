use std::hash::{BuildHasher, Hasher, RandomState};

/// Not to be guessed by others on the link: a hash with a key that the system drew.
pub fn chance() -> u32 {
    RandomState::new().build_hasher().finish() as u32
}
