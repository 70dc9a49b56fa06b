//! Operations that fail on order: of a program with `edge_kernel`'s feature `faults`.

use super::Rig;
use anyhow::Result;
use std::{fs, path::PathBuf};

impl Rig {
    pub(super) fn faults(&self) -> PathBuf {
        self.path("faults")
    }

    /// From now on operation `number` meets this fault.
    pub fn order_fault(&mut self, kind: &str, number: usize) -> Result<()> {
        self.orders += 1;
        Ok(fs::write(self.faults(), format!("{kind} {number} {}", self.orders))?)
    }

    /// Nothing fails any longer. Which operation met its fault, if one did.
    pub fn take_fault(&self) -> Result<Option<String>> {
        let _ = fs::remove_file(self.faults());
        let met = self.faults().with_extension("met");
        let op = fs::read_to_string(&met).ok();
        let _ = fs::remove_file(met);
        Ok(op)
    }
}
