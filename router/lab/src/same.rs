//! Comparing where a test returns its failure.

use anyhow::{Result, ensure};

/// `ensure!` with both sides shown.
pub fn same<T: PartialEq + std::fmt::Debug>(found: T, wanted: T) -> Result<()> {
    ensure!(found == wanted, "found {found:#?}, wanted {wanted:#?}");
    Ok(())
}
