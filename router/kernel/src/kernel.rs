use crate::{
    Error, Events, ExecuteError, adopt, announce, events::Watcher, execute, observe, session, space::Spaces, written::Written,
};
use edge_net::{IfName, Name};
use edge_plan::{Address, Op, Settings, Space, State, Stranger, Surroundings, guard::Session};
use std::{
    collections::BTreeMap,
    panic,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{runtime::Handle, task};

/// A long-lived handle on the kernel: cheap to clone, calls take their turn. Netlink answers inside the request, so
/// the work is plain blocking code, done on tokio's threads for such; once begun it goes on even if the future is dropped.
#[derive(Clone)]
pub struct Kernel {
    spaces: Arc<Mutex<Spaces>>,
    written: Arc<Written>,
    watcher: Watcher,
}

impl Kernel {
    /// Looks at the caller's network namespace as the host space. Must be called inside a tokio runtime.
    pub async fn open() -> Result<Kernel, Error> {
        let written = Arc::new(Written::default());
        let watcher = Watcher::new(Handle::current());
        let spaces = Spaces::open(Arc::clone(&written), watcher.clone())?;
        Ok(Self { spaces: Arc::new(Mutex::new(spaces)), written, watcher })
    }

    /// From now on a namespace of this name that carries our mark is taken for ours. Those made by [`Kernel::execute`] are anyway.
    /// Without it the mark says nothing: root inside a container's namespace can set it too.
    pub async fn trust(&self, names: Vec<Name>) {
        self.blocking(move |spaces| spaces.trusted.extend(names)).await
    }

    /// Takes over what an older generation of this program made: each object gets today's mark by one change while it lives, and keeps
    /// all else. How many there were. For a start, after [`Kernel::trust`].
    pub async fn adopt(&self) -> Result<usize, Error> {
        self.blocking(adopt::adopt).await
    }

    /// The host space, and every trusted namespace that carries our mark, read whole. The loopbacks are left out.
    pub async fn observe(&self) -> Result<State, Error> {
        self.blocking(observe::observe).await
    }

    /// As [`Kernel::observe`], but of links and addresses only what the kernel's events name is read, while none of them was lost and
    /// the last look at all is less than a minute ago. Of a link's settings the kernel tells when others change `forwarding` or
    /// `rp_filter` in `/proc/sys`; `arp_ignore`, `send_redirects` and IPv6's `addr_gen_mode` change there without an event, and so does the
    /// group of a link that is down.
    pub async fn observe_changes(&self) -> Result<State, Error> {
        self.blocking(observe::observe_changes).await
    }

    /// What `/proc/sys` says in each of these spaces that is there: cheaper than [`Kernel::observe`], for what the kernel tells no event of.
    pub async fn settings(&self) -> Result<BTreeMap<Space, Settings>, Error> {
        self.blocking(observe::settings).await
    }

    /// Addresses and routes that others have put on links of ours or lent to us.
    pub async fn strangers(&self) -> Result<Vec<Stranger>, Error> {
        self.blocking(observe::strangers).await
    }

    /// What others have in this space that gets into the way of what we do there; of one that is not there, nothing.
    pub async fn surroundings(&self, space: Space) -> Result<Surroundings, Error> {
        self.blocking(move |spaces| observe::surroundings(spaces, &space)).await
    }

    /// Pairs of ports of one bridge that lead to one switch, as far as somebody's frames go round there now. Takes some 20 ms.
    pub async fn loops(&self) -> Result<Vec<(IfName, IfName)>, Error> {
        self.blocking(observe::loops).await
    }

    /// Who is connected to an ssh server of the box, in the host space and in every trusted namespace that carries our mark.
    pub async fn sessions(&self) -> Result<Vec<Session>, Error> {
        self.blocking(session::sessions).await
    }

    /// Carries the operations out in order and stops at the first that fails.
    pub async fn execute(&self, ops: &[Op]) -> Result<(), ExecuteError> {
        let ops = ops.to_vec();
        self.blocking(move |spaces| execute::execute(spaces, &ops)).await
    }

    /// Tells the neighbours of these addresses' links where we are, and asks again for those that were asked for in vain: a question
    /// that was lost with a link would be repeated by the kernel a second later. Writes nothing; what cannot be sent is only logged.
    pub async fn announce(&self, addresses: Vec<(Space, Address)>) {
        self.blocking(move |spaces| announce::announce(spaces, &addresses)).await
    }

    /// How many requests to change something the kernel was ever sent through this handle; each message of a transaction is one.
    pub fn writes(&self) -> u64 {
        self.written.requests()
    }

    /// How many bytes of netlink these were.
    pub fn bytes_written(&self) -> u64 {
        self.written.bytes()
    }

    /// Changes from now on, in the host space and in those named ones that [`Kernel::observe`] has found.
    pub fn events(&self) -> Events {
        self.watcher.events()
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&mut Spaces) -> T + Send + 'static) -> T {
        let spaces = Arc::clone(&self.spaces);
        let done = task::spawn_blocking(move || work(&mut spaces.lock().unwrap_or_else(PoisonError::into_inner)));
        match done.await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(payload) => panic::resume_unwind(payload),
                // The runtime is shutting down; nobody will ask for the answer.
                Err(_) => std::future::pending().await,
            },
        }
    }
}
