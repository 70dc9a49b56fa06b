use super::{Output, Refusal, ask::wait};
use clap::Args;
use edge_api::{AttachRequest, DetachRequest};
use edge_control::Client;
use edge_report::render;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct AttachOptions {
    /// The network namespace: /run/netns/NAME, /proc/PID/ns/net
    #[arg(long, value_name = "PATH")]
    netns: PathBuf,
    /// Who it is: the address belongs to this name
    #[arg(long)]
    name: String,
    /// The [[network]] to be in
    #[allow(rustdoc::broken_intra_doc_links, reason = "help is shown as it is written")]
    #[arg(long)]
    network: String,
    /// What the interface is called inside
    #[arg(long, default_value = "eth0")]
    ifname: String,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct DetachOptions {
    /// By its network namespace
    #[arg(long, value_name = "PATH")]
    netns: Option<PathBuf>,
    /// By the name it was attached under
    #[arg(long)]
    name: Option<String>,
}

pub fn attach(client: &Client, options: AttachOptions, out: &Output) -> Result<(), Refusal> {
    let AttachOptions { netns, name, network, ifname } = options;
    let request = AttachRequest { netns: absolute(&netns)?, name, network, ifname };
    out.show(&wait(client.attach(&request))?, |attached, _| render::attached(attached))
}

pub fn detach(client: &Client, options: DetachOptions, out: &Output) -> Result<(), Refusal> {
    let request = match (options.netns, options.name) {
        (Some(netns), _) => DetachRequest::Netns(absolute(&netns)?),
        (None, name) => DetachRequest::Name(name.unwrap_or_default()),
    };
    out.show(&wait(client.detach(&request))?, |detached, _| render::detached(detached))
}

/// The daemon's current directory is another.
fn absolute(path: &Path) -> Result<String, Refusal> {
    let whole = std::path::absolute(path).map_err(|error| Refusal::no(format!("{}: {error}", path.display())))?;
    whole.into_os_string().into_string().map_err(|_| Refusal::no(format!("{} is not UTF-8", path.display())))
}
