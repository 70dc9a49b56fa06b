use super::{
    Output, Refusal,
    ask::{now, wait},
};
use clap::{Args, ValueEnum};
use edge_control::{Client, Node, NodeKind, render};

#[derive(Args)]
pub struct LeasesOptions {
    /// Only of this [[network]]
    #[arg(long, value_name = "NET")]
    network: Option<String>,
    /// Only devices, or only containers
    #[arg(long)]
    kind: Option<Kind>,
    /// Only what has this in its name, address or MAC address
    #[arg(long, value_name = "TEXT")]
    find: Option<String>,
    /// Only what is there now: attached, or with a lease that runs
    #[arg(long)]
    online: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Device,
    Container,
}

/// Sorted by network, as the file has them, and address.
pub fn leases(client: &Client, options: &LeasesOptions, out: &Output) -> Result<(), Refusal> {
    let mut leases = wait(client.leases())?;
    leases.leases.retain(|node| options.want(node));
    out.show(&leases, |leases, color| render::leases(leases, now(), color))
}

impl LeasesOptions {
    fn want(&self, node: &Node) -> bool {
        let of_kind = |kind| match kind {
            Kind::Device => node.kind == NodeKind::Device,
            Kind::Container => node.kind == NodeKind::Container,
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
