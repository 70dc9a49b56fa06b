//! What the router does for its networks beside the data plane. A new one is a file here and a line in [`all`].

mod attachments;
mod dhcp;
mod hostname;
mod resolvers;
mod ssh_keys;
mod sweep;
mod uplink_rows;
mod uplinks;

use super::files::Files;
use edge_attach::Attach;
use edge_engine::Services;
use edge_plan::Space;
use std::{path::PathBuf, sync::Arc};

/// Each can rely on what those before it did.
pub fn all(files: &Arc<Files>, dhcp: &edge_dhcp::Server, attach: &Arc<Attach>) -> Services {
    Services::new(vec![
        Arc::new(uplinks::Uplinks::open(files.clone())),
        Arc::new(dhcp::Dhcp::new(dhcp.clone())),
        Arc::new(attachments::Attachments::new(attach.clone())),
        Arc::new(sweep::Sweep::default()),
        Arc::new(ssh_keys::SshKeys::new(files.clone())),
        Arc::new(hostname::Hostname),
    ])
}

/// Where the router's addresses live, as a path; none for the daemon's own namespace.
fn netns(space: &Space) -> Option<PathBuf> {
    match space {
        Space::Host => None,
        Space::Named(name) => Some(edge_host::netns::path(name)),
    }
}
