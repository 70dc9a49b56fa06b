//! What every edge router does whatever it serves: from one configuration to another wholly or not at all, the kernel kept at what is in
//! force, and what is in force published to the services that follow it.
//!
//! [`transaction`] and the rounds of converging decide, without a look at the world: the one is pure, the others write a line to the
//! log. [`Datapath`], [`Store`] and [`Service`] are what the engine needs of the world, so that all of it is tested without root.

#![warn(missing_docs)]

mod announce;
mod condition;
mod converge;
mod datapath;
mod decision;
mod drive;
mod engine;
mod fights;
mod guard;
mod history;
mod in_force;
pub mod journal;
mod ledger;
mod moment;
mod parse;
mod patience;
mod problem;
mod reconcile;
mod recovery;
mod requests;
mod rounds;
mod service;
mod stop;
mod store;
pub mod transaction;
mod window;

pub use condition::Condition;
pub use converge::{Before, Done, Hooks, Mode};
pub use datapath::{Datapath, Look, Refusal};
pub use decision::{Decision, Fingerprint, Outcome};
pub use engine::{Engine, Guard};
pub use fights::Fights;
pub use in_force::InForce;
pub use journal::{Entry, Journal, Kept, Text};
pub use ledger::Ledger;
pub use moment::{Moment, Now};
pub use parse::parse;
pub use problem::{Known, problem};
pub use requests::Back;
pub use service::{EngineHandle, Service, Services, StatusContext, Task};
pub use stop::{Stop, Stopper, stop};
pub use store::{ConfigFile, Generations, Left, Store, Write, fingerprint};
pub use transaction::{Effect, Event, Transaction};
