//! What every bench needs to be honest: turns in both orders, and a kernel that has done away with what came before.

mod settled;
mod turns;

pub use settled::settled;
pub use turns::turns;
