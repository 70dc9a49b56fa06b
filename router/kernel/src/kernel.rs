use crate::{Error, Events, ExecuteError};
use edge_plan::{Op, State};

/// A long-lived handle on the kernel: cheap to clone, calls take their turn.
#[derive(Clone)]
pub struct Kernel {}

impl Kernel {
    /// Looks at the caller's network namespace as the host space. Must be called inside a tokio runtime.
    pub async fn open() -> Result<Kernel, Error> {
        unimplemented!()
    }

    /// The host space, and every named namespace that carries our mark.
    pub async fn observe(&self) -> Result<State, Error> {
        unimplemented!()
    }

    /// Carries the operations out in order and stops at the first that fails.
    pub async fn execute(&self, _ops: &[Op]) -> Result<(), ExecuteError> {
        unimplemented!()
    }

    /// How many write requests the kernel was ever sent through this handle.
    pub fn writes(&self) -> u64 {
        unimplemented!()
    }

    pub fn events(&self) -> Events {
        unimplemented!()
    }
}
