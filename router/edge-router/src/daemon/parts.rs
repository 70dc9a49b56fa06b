use super::{Options, files::Files, lent::Lent};
use anyhow::Context;
use edge_attach::Attach;
use edge_host::aside::set_aside;
use edge_kernel::Kernel;
use std::sync::Arc;

/// What the engine, the services and the API are made of. A service takes what it needs of it.
pub struct Parts {
    pub files: Arc<Files>,
    pub kernel: Kernel,
    pub dhcp: edge_dhcp::Server,
    pub attach: Arc<Attach>,
    pub lent: Arc<Lent>,
}

impl Parts {
    pub async fn open(options: &Options) -> anyhow::Result<Self> {
        let files = Files::open(&options.config, &options.state_dir, &options.run_dir)?;
        let kernel = Kernel::open().await.context("cannot talk to the kernel over netlink (is this root?)")?;
        let (files, dhcp) = open_leases(files)?;
        let attach = Arc::new(open_attachments(&files, &dhcp)?);
        let lent = Arc::new(Lent::new(&options.run_dir));
        Ok(Self { files: Arc::new(files), kernel, dhcp, attach, lent })
    }
}

fn open_leases(files: Files) -> anyhow::Result<(Files, edge_dhcp::Server)> {
    match edge_dhcp::Server::open(files.state_dir()) {
        // It needs more room than all else.
        Err(error @ edge_dhcp::OpenError::Log { .. }) if files.problem().is_none() => {
            let files = files.in_memory(&error)?;
            let dhcp = edge_dhcp::Server::open(files.state_dir())?;
            Ok((files, dhcp))
        }
        opened => Ok((files, opened?)),
    }
}

fn open_attachments(files: &Files, dhcp: &edge_dhcp::Server) -> anyhow::Result<Attach> {
    match Attach::open(files.state_dir(), dhcp.clone()) {
        Ok(attach) => Ok(attach),
        Err(error) => {
            let why = format!("{error}; who is attached is read from the kernel");
            set_aside(files.state_dir(), "attachments.json", &why)?;
            Ok(Attach::open(files.state_dir(), dhcp.clone())?)
        }
    }
}
