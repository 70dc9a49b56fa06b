use serde::{Deserialize, Serialize};

/// Devices that are up and that the file does not name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnnamedDevices {
    /// By their names in the kernel, in the host's own space.
    pub devices: Vec<String>,
    /// What becomes of what they open.
    pub treatment: Treatment,
}

/// As `[system] unnamed` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Treatment {
    /// They open nothing, neither towards the box nor through it.
    Closed,
    /// They reach each other and the box, but no network and no uplink of the file.
    Untouched,
}
