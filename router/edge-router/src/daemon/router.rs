use super::{Options, boot, files::Files, linux::Linux, service};
use anyhow::Context;
use edge_attach::Attach;
use edge_engine::{Engine, Generations, damaged, set_aside};
use edge_kernel::Kernel;
use std::{sync::Arc, time::Duration};

/// The engine on this machine.
pub type Machine = Engine<Linux, Generations>;

/// The engine, and what the API reads beside it.
pub struct Router {
    pub engine: Arc<Machine>,
    pub files: Arc<Files>,
    pub kernel: Kernel,
    pub dhcp: edge_dhcp::Server,
    pub attach: Arc<Attach>,
}

impl Router {
    pub async fn open(options: &Options) -> anyhow::Result<Self> {
        let files = Files::open(&options.config, &options.state_dir, &options.run_dir)?;
        let kernel = Kernel::open().await.context("cannot talk to the kernel over netlink (is this root?)")?;
        let (files, dhcp) = open_leases(files)?;
        let attach = Arc::new(open_attachments(&files, &dhcp)?);
        let (machine, patience) = (files.machine_id()?, Duration::from_secs(options.patience));
        let files = Arc::new(files);
        let services = service::all(&files, &dhcp, &attach);
        let linux = Linux { kernel: kernel.clone(), files: files.clone() };
        let store = Generations::new(files.config(), files.state_dir());
        let engine = Arc::new(Engine::new(linux, store, services, machine, patience, boot::now));
        Ok(Self { engine, files, kernel, dhcp, attach })
    }

    /// Somebody has to look at it: the log tells it at each start, the status until it is gone.
    pub fn report_damage(&self) {
        for name in damaged(self.files.state_dir()) {
            log::error!("{} is set aside: remove it when you have seen it", self.files.state_dir().join(name).display());
        }
    }

    /// An upgrade may mark what it makes otherwise than the release before; what that made is taken over first.
    pub async fn adopt_older_marks(&self) {
        self.kernel.trust(self.files.namespaces()).await;
        match self.kernel.adopt().await {
            Ok(0) => {}
            Ok(count) => log::info!("took over {count} objects that an older release made"),
            Err(error) => log::error!("what an older release made may be in the way: {error}"),
        }
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
            let why = format!("{error}; containers that are attached now have to be attached again");
            set_aside(files.state_dir(), "attachments.json", &why)?;
            Ok(Attach::open(files.state_dir(), dhcp.clone())?)
        }
    }
}
