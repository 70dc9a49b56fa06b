use edge_api::Failure;
use edge_plan::{Address, Op, Space, State, guard::Session};

/// How much of the datapath is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// All of it.
    Whole,
    /// What its events say has changed since the last look; all of it where events were lost, and now and then. It may miss for a while
    /// what changes without an event.
    Changes,
}

/// What packets go through: the kernel, or a double of it. Whatever is done through it is done by who holds the engine's lock.
pub trait Datapath: Send + Sync + 'static {
    /// From now on this space counts as ours. Called before anything is planned for it, so that it can be written down first: after a
    /// restart the name is how it is known.
    fn trust(&self, space: &Space) -> impl Future<Output = ()> + Send;

    /// What there is now.
    fn observe(&self, look: Look) -> impl Future<Output = Result<State, Failure>> + Send;

    /// Who is connected to the box's ssh server now.
    fn sessions(&self) -> impl Future<Output = Result<Vec<Session>, Failure>> + Send;

    /// Carries the operations out in order and stops at the first that is refused.
    fn execute(&self, ops: &[Op]) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Tells the neighbours of these addresses where we are.
    fn announce(&self, addresses: Vec<(Space, Address)>) -> impl Future<Output = ()> + Send;

    /// How many requests to change something were ever sent.
    fn writes(&self) -> u64;
}

/// An operation that the kernel answered with an error. What came before it is done, what comes after it was not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its place among the operations given.
    pub index: usize,
    /// There is no such link (`ENODEV`), which a look had just seen.
    pub gone: bool,
    /// The answer in words.
    pub failure: Failure,
}
