use super::{files::Files, lent::Lent};
use edge_api::{Failure, FailureKind};
use edge_engine::{Datapath, Look, Refusal};
use edge_kernel::{ExecuteError, Kernel, setting_files};
use edge_plan::{Address, Op, Space, State, Sysctl, guard::Session};
use nix::errno::Errno;
use std::sync::Arc;

/// The kernel of this machine, and the names that it knows us by.
pub struct Linux {
    pub kernel: Kernel,
    pub files: Arc<Files>,
    pub lent: Arc<Lent>,
}

impl Datapath for Linux {
    async fn trust(&self, space: &Space) {
        if let Space::Named(name) = space
            && let Err(error) = self.files.remember_namespace(name)
        {
            log::warn!("a restart may not know the namespace {name} again: {error}");
        }
        self.kernel.trust(self.files.namespaces()).await;
    }

    async fn observe(&self, look: Look) -> Result<State, Failure> {
        let observed = match look {
            Look::Whole => self.kernel.observe().await,
            Look::Changes => self.kernel.observe_changes().await,
        };
        observed.map_err(|error| Failure::from_error(FailureKind::Internal, &error))
    }

    async fn sessions(&self) -> Result<Vec<Session>, Failure> {
        self.kernel.sessions().await.map_err(|error| Failure::from_error(FailureKind::Internal, &error))
    }

    async fn execute(&self, ops: &[Op]) -> Result<(), Refusal> {
        self.remember_settings(ops);
        self.kernel.execute(ops).await.map_err(|error| refusal(&error))
    }

    async fn announce(&self, addresses: Vec<(Space, Address)>) {
        self.kernel.announce(addresses).await;
    }

    fn writes(&self) -> u64 {
        self.kernel.writes()
    }
}

impl Linux {
    /// Before they are ours.
    fn remember_settings(&self, ops: &[Op]) {
        let files = ops.iter().filter_map(|op| match op {
            // The table of flows is only made larger, and what is in it stays.
            Op::SetSysctl { sysctl: Sysctl::FlowTable, .. } => None,
            Op::SetSysctl { space: Space::Host, sysctl, .. } => Some(setting_files(*sysctl)),
            _ => None,
        });
        let files: Vec<String> = files.flatten().collect();
        if !files.is_empty()
            && let Err(error) = self.lent.remember(&files)
        {
            log::warn!("what {} were before is not known later: {error}", files.join(", "));
        }
    }
}

fn refusal(error: &ExecuteError) -> Refusal {
    let gone = error.source.errno() == Some(Errno::ENODEV);
    Refusal { index: error.index, gone, failure: Failure::from_error(FailureKind::Internal, error) }
}
