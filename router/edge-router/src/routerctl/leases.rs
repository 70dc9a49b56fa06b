use super::{
    Output, Refusal,
    ask::{now, wait},
    lease_file,
};
use clap::{Args, ValueEnum};
use edge_api::{Imported, LeaseFile, Node, NodeKind};
use edge_control::Client;
use edge_report::{bounded, render};
use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

#[derive(Args)]
pub struct LeasesOptions {
    /// Only of this [[network]]
    #[allow(rustdoc::broken_intra_doc_links, reason = "help is shown as it is written")]
    #[arg(long, value_name = "NET")]
    network: Option<String>,
    /// Only devices, or only containers
    #[arg(long)]
    kind: Option<KindFilter>,
    /// Only what has this in its name, address or MAC address
    #[arg(long, value_name = "TEXT")]
    find: Option<String>,
    /// Only what is there now: attached, or with a lease that runs
    #[arg(long)]
    online: bool,
    /// Write all of them as JSON to this file, for another box; `-` is standard output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["network", "kind", "find", "online", "import"])]
    export: Option<PathBuf>,
    /// Take over the leases of such a file, of dnsmasq's, ISC dhcpd's, Kea's or networkd's
    #[arg(long, value_name = "FILE", conflicts_with_all = ["network", "kind", "find", "online"])]
    import: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum KindFilter {
    Device,
    Container,
}

/// Sorted by network, as the file has them, and address.
pub fn leases(client: &Client, options: &LeasesOptions, out: &Output) -> Result<(), Refusal> {
    if let Some(file) = &options.export {
        return export(client, file);
    }
    if let Some(file) = &options.import {
        return import(client, file, out);
    }
    let mut leases = wait(client.leases())?;
    leases.leases.retain(|node| options.want(node));
    out.show(&leases, |leases, color| render::leases(leases, now(), color))
}

fn export(client: &Client, file: &Path) -> Result<(), Refusal> {
    let leases = wait(client.export_leases())?;
    let text = serde_json::to_string_pretty(&leases).map_err(|error| Refusal::no(format!("cannot write JSON: {error}")))?;
    let written = if file == Path::new("-") { writeln!(io::stdout().lock(), "{text}") } else { fs::write(file, text + "\n") };
    written.map_err(|error| Refusal::no(format!("cannot write {}: {error}", file.display())))
}

/// Leases asked for at once: the API takes 4 MiB.
const AT_ONCE: usize = 5_000;
/// Bytes; a hundred thousand leases of ISC dhcpd are less.
const LONGEST: u64 = 64 << 20;

fn import(client: &Client, file: &Path, out: &Output) -> Result<(), Refusal> {
    let failed = |error: io::Error| Refusal::no(format!("cannot read {}: {error}", file.display()));
    let mut bytes = Vec::new();
    fs::File::open(file).map_err(failed)?.take(LONGEST).read_to_end(&mut bytes).map_err(failed)?;
    let found = lease_file::parse(&String::from_utf8_lossy(&bytes));
    let found = found.ok_or_else(|| {
        let help =
            "it must be of `routerctl leases --export`, dnsmasq's, ISC dhcpd's, Kea's or networkd's, with at least one lease";
        Refusal::no(format!("{} holds no leases that can be read", file.display())).detail(help)
    })?;
    if !found.unread.is_empty() {
        eprintln!("left out, as it was not understood: {}", bounded(&found.unread));
    }
    let mut all = Imported::default();
    for leases in found.file.leases.chunks(AT_ONCE) {
        let done = wait(client.import_leases(&LeaseFile { leases: leases.to_vec() }))?;
        all.taken += done.taken;
        all.left_out.extend(done.left_out);
    }
    out.show(&all, |all, _| render::imported(all))
}

impl LeasesOptions {
    fn want(&self, node: &Node) -> bool {
        let of_kind = |kind| match kind {
            KindFilter::Device => node.kind == NodeKind::Device,
            KindFilter::Container => node.kind == NodeKind::Container,
        };
        let has = |text: &String| {
            let text = text.to_ascii_lowercase();
            let address = node.address.to_string();
            let words = [node.name.as_deref(), Some(&address), node.mac.as_deref()];
            words.into_iter().flatten().any(|word| word.to_ascii_lowercase().contains(&text))
        };
        self.network.as_ref().is_none_or(|network| *network == node.network)
            && self.kind.is_none_or(of_kind)
            && self.find.as_ref().is_none_or(has)
            && (!self.online || node.online)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: LeasesOptions,
    }

    #[test]
    fn the_options_choose() {
        let node = |name: Option<&str>, network: &str, address: [u8; 4], mac: Option<&str>, kind, online| Node {
            name: name.map(str::to_owned),
            network: network.to_owned(),
            address: address.into(),
            kind,
            mac: mac.map(str::to_owned),
            netns: None,
            permanent: false,
            expires: None,
            online,
        };
        let nodes = [
            node(Some("Camera"), "lan", [10, 0, 1, 5], Some("02:00:00:00:00:05"), NodeKind::Device, true),
            node(None, "lan", [10, 0, 1, 6], Some("02:00:00:00:00:06"), NodeKind::Device, false),
            node(Some("web"), "dmz", [10, 0, 2, 5], None, NodeKind::Container, true),
        ];
        let chosen = |arguments: &[&str]| {
            let line = Line::try_parse_from(["leases"].iter().chain(arguments)).expect("options");
            nodes.iter().filter(|node| line.options.want(node)).map(|node| node.address.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(chosen(&[]), ["10.0.1.5", "10.0.1.6", "10.0.2.5"]);
        assert_eq!(chosen(&["--network", "lan"]), ["10.0.1.5", "10.0.1.6"]);
        assert_eq!(chosen(&["--kind", "container"]), ["10.0.2.5"]);
        assert_eq!(chosen(&["--online"]), ["10.0.1.5", "10.0.2.5"]);
        assert_eq!(chosen(&["--find", "cAMe"]), ["10.0.1.5"]);
        assert_eq!(chosen(&["--find", "00:06"]), ["10.0.1.6"]);
        assert_eq!(chosen(&["--find", "0.2."]), ["10.0.2.5"]);
        assert_eq!(chosen(&["--kind", "device", "--online", "--find", "10"]), ["10.0.1.5"]);
    }
}
