//! What the router does for its networks beside the data plane. A new one is a file here and a line in [`all`].

mod attachments;
mod claims;
mod dhcp;
mod flows;
mod hostname;
mod lent_settings;
mod miswired;
mod resolvers;
mod ssh_keys;
mod sweep;
mod uplink_rows;
mod uplinks;

use super::parts::Parts;
use edge_engine::Services;
use edge_plan::Space;
use std::{path::PathBuf, sync::Arc};

/// Each can rely on what those before it did.
pub fn all(parts: &Parts) -> Services {
    Services::new(vec![
        Arc::new(uplinks::Uplinks::open(parts.files.clone())),
        Arc::new(dhcp::Dhcp::new(parts.dhcp.clone())),
        Arc::new(attachments::Attachments::new(parts.attach.clone())),
        Arc::new(sweep::Sweep::default()),
        Arc::new(flows::Flows),
        Arc::new(claims::Claims),
        Arc::new(ssh_keys::SshKeys::new(parts.files.clone())),
        Arc::new(hostname::Hostname::new(parts.lent.clone())),
        Arc::new(lent_settings::LentSettings::new(parts.lent.clone())),
    ])
}

/// Where the router's addresses live, as a path; none for the daemon's own namespace.
fn netns(space: &Space) -> Option<PathBuf> {
    match space {
        Space::Host => None,
        Space::Named(name) => Some(edge_host::netns::path(name)),
    }
}
