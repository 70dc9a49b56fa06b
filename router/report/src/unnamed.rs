//! Devices that the file does not name, and what becomes of them.

use edge_api::{Treatment, UnnamedDevices};
use edge_config::{Config, Unnamed};
use edge_plan::{Facts, State};

/// `None`: there is none.
pub fn unnamed(config: &Config, facts: &Facts, observed: &State) -> Option<UnnamedDevices> {
    let devices: Vec<String> = edge_plan::unnamed(config, observed).iter().map(ToString::to_string).collect();
    let treatment = match facts.unnamed(config) {
        Unnamed::Closed => Treatment::Closed,
        Unnamed::Untouched => Treatment::Untouched,
    };
    (!devices.is_empty()).then_some(UnnamedDevices { devices, treatment })
}
