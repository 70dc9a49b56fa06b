//! A cable between two machines.

use crate::host::Host;
use anyhow::{Context, Result};

/// A veth pair. Both ends are born in their namespaces under their final names, so names need not be unique on the machine.
pub(crate) fn cable(left: &Host, left_device: &str, right: &Host, right_device: &str) -> Result<()> {
    let peer = right.space().net_path();
    left.ip(&format!("link add {left_device} type veth peer name {right_device} netns {peer}"))
        .with_context(|| format!("cannot wire {left_device} of {} to {right_device} of {}", left.name(), right.name()))?;
    left.ip(&format!("link set {left_device} up"))?;
    right.ip(&format!("link set {right_device} up"))?;
    Ok(())
}
