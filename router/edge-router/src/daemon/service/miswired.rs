//! An uplink whose DHCP client was answered by our own server.

use edge_api::Node;
use edge_config::Uplink;
use edge_plan::Link;
use edge_uplink::UplinkReport;

/// Its lease, which is refused for being a network's, is one that we gave to its own MAC address: another site may have the same subnet,
/// and the same router in it, but not that lease.
pub fn miswired(uplink: &Uplink, report: &UplinkReport, link: Option<&Link>, nodes: &[Node]) -> Option<String> {
    report.refused.as_ref()?;
    let (lease, mac) = (report.lease.as_ref()?, link?.mac?.to_string());
    let is_ours = |node: &&Node| node.address == lease.interface.address() && node.mac.as_ref() == Some(&mac);
    let network = &nodes.iter().find(is_ours)?.network;
    let (name, device) = (&uplink.name, &uplink.device);
    Some(format!(
        "{name} hears our own DHCP server of {network}: {device} and a port of {network} are in one switch, or joined by a cable; plug \
         {device} into the way out"
    ))
}
