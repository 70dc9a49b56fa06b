//! `/proc/sys`, as the calling thread's network namespace has it.

pub(crate) mod flow_table;

use crate::{Error, message::Settings};
use edge_host::memory;
use edge_plan::{FlowTable, Loosening, Sysctl};
use flow_table::FlowTableFiles;
use netlink_packet_route::link::In6AddrGenMode;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// Where a setting is, below `/proc/sys`.
pub fn setting_files(sysctl: Sysctl) -> Vec<String> {
    let path = sysctl.name().replace('.', "/");
    match sysctl {
        Sysctl::BridgeNetfilter => ["iptables", "ip6tables", "arptables"].map(|table| path.replace('*', table)).into(),
        Sysctl::IpForward | Sysctl::FlowTable | Sysctl::All(_) => vec![path],
    }
}

/// A setting whose files are not there is left out.
pub(crate) fn observe() -> io::Result<BTreeMap<Sysctl, bool>> {
    let mut found = BTreeMap::new();
    for sysctl in [Sysctl::IpForward, Sysctl::BridgeNetfilter].into_iter().chain(Loosening::EACH.map(Sysctl::All)) {
        for file in setting_files(sysctl) {
            match read(&file) {
                Ok(value) => *found.entry(sysctl).or_default() |= value != "0",
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    let flow_table = FlowTableFiles::own().observe(FlowTable::of_memory(memory::total()));
    found.extend(flow_table.map(|is_large| (Sysctl::FlowTable, is_large)));
    Ok(found)
}

/// Writes the files that say otherwise; how many.
pub(crate) fn set(sysctl: Sysctl, to: bool) -> Result<u64, Error> {
    if sysctl == Sysctl::FlowTable {
        return FlowTableFiles::own().enlarge(FlowTable::of_memory(memory::total()));
    }
    let mut writes = 0;
    for file in setting_files(sysctl) {
        let failed = |source| Error::Sysctl { path: path(&file), source };
        if (read(&file).map_err(failed)? != "0") != to {
            fs::write(path(&file), if to { "1" } else { "0" }).map_err(failed)?;
            writes += 1;
        }
    }
    Ok(writes)
}

/// What the namespace gives a new link: so that a device that was lent is given back as it would be without us.
pub(crate) fn defaults(ipv6: bool) -> io::Result<Settings> {
    let value = |key: &str| read(&format!("net/ipv4/conf/default/{key}")).map(|text| text.parse().unwrap_or(0));
    let forwarding = Some(value("forwarding")?);
    let addr_gen = ipv6.then_some(In6AddrGenMode::Eui64);
    let (arp_ignore, send_redirects, rp_filter) = (value("arp_ignore")?, value("send_redirects")?, value("rp_filter")?);
    Ok(Settings { addr_gen, arp_ignore, send_redirects, rp_filter, forwarding })
}

fn read(file: &str) -> io::Result<String> {
    fs::read_to_string(path(file)).map(|text| text.trim().to_owned())
}

fn path(file: &str) -> PathBuf {
    Path::new("/proc/sys").join(file)
}
