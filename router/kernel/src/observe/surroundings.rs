//! What others have in a space that gets into the way there: addresses on links that are not ours, and what drops on the way through.

use super::dump_links;
use crate::{
    Error, address,
    socket::NetlinkError,
    space::{OpenSpace, Spaces},
};
use edge_host::netns;
use edge_net::IfName;
use edge_plan::{Space, Surroundings};
use ipnet::{IpNet, Ipv4Net};
use netlink_packet_route::RouteNetlinkMessage;
use std::{
    fs::File,
    io::{self, Read},
    os::fd::AsFd,
};

/// Names of tables, a line each; there are five.
const MAX_BYTES: u64 = 4096;

/// Of a space that is not there: nothing.
pub(crate) fn surroundings(spaces: &mut Spaces, space: &Space) -> Result<Surroundings, Error> {
    spaces.refresh()?;
    let Ok(space) = spaces.get(space) else { return Ok(Surroundings::default()) };
    let addresses = addresses(space).map_err(|error| space.error("list addresses", error))?;
    Ok(Surroundings { addresses, droppers: space.droppers()?, old_iptables: has_old_iptables(space) })
}

fn addresses(space: &mut OpenSpace) -> Result<Vec<(IfName, Ipv4Net)>, NetlinkError> {
    let links = dump_links(space)?;
    let listed = space.route.dump(&address::get())?;
    let foreign = listed.iter().filter_map(|message| match message {
        RouteNetlinkMessage::NewAddress(message) if !address::is_ours(message) => {
            let IpNet::V4(net) = address::read(message)? else { return None };
            Some((links.get(&message.header.index)?.name?, net))
        }
        _ => None,
    });
    Ok(foreign.collect())
}

/// The table is there once somebody has used it.
fn has_old_iptables(space: &OpenSpace) -> bool {
    let read = || {
        let mut names = String::new();
        File::open("/proc/thread-self/net/ip_tables_names")?.take(MAX_BYTES).read_to_string(&mut names)?;
        Ok::<_, io::Error>(names.lines().any(|name| name == "filter"))
    };
    netns::inside(space.netns.as_fd(), read).unwrap_or(false)
}
