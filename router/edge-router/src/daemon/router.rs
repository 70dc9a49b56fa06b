use super::{Options, boot, lent::FORWARDING, linux::Linux, machine_id::machine_id, os_release, parts::Parts, service};
use edge_engine::{Engine, Generations};
use edge_host::aside::damaged;
use edge_plan::Facts;
use std::{sync::Arc, time::Duration};

/// The engine on this machine.
pub type Machine = Engine<Linux, Generations>;

/// What a plan depends on that stays as long as the daemon runs.
fn of_the_box(parts: &Parts) -> anyhow::Result<Facts> {
    let machine = machine_id(parts.files.state_dir())?;
    let was_gateway = parts.lent.before(FORWARDING).is_some_and(|before| before != "0");
    Ok(Facts { machine, was_gateway, unnamed: os_release::unnamed(), ..Facts::default() })
}

/// The engine, and what the API reads beside it.
pub struct Router {
    pub engine: Arc<Machine>,
    pub parts: Parts,
}

impl Router {
    pub async fn open(options: &Options) -> anyhow::Result<Self> {
        let parts = Parts::open(options).await?;
        let (facts, patience) = (of_the_box(&parts)?, Duration::from_secs(options.patience));
        let linux = Linux { kernel: parts.kernel.clone(), files: parts.files.clone(), lent: parts.lent.clone() };
        let store = Generations::new(parts.files.config(), parts.files.state_dir()).with_note(parts.files.import_note());
        let engine = Arc::new(Engine::new(linux, store, service::all(&parts), facts, patience, boot::now));
        Ok(Self { engine, parts })
    }

    /// Somebody has to look at it: the log tells it at each start, the status until it is gone.
    pub fn report_damage(&self) {
        for name in damaged(self.parts.files.state_dir()) {
            log::error!("{} is set aside: remove it when you have seen it", self.parts.files.state_dir().join(name).display());
        }
    }

    /// An upgrade may mark what it makes otherwise than the release before; what that made is taken over first.
    pub async fn adopt_older_marks(&self) {
        self.parts.kernel.trust(self.parts.files.namespaces()).await;
        match self.parts.kernel.adopt().await {
            Ok(0) => {}
            Ok(count) => log::info!("took over {count} objects that an older release made"),
            Err(error) => log::error!("what an older release made may be in the way: {error}"),
        }
    }
}
