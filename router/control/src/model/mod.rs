mod attach;
mod change;
mod confirm;
mod drift;
mod failure;
mod node;
mod reachability;
mod status;
mod verdict;

pub use attach::{AttachRequest, Attached, DetachRequest, Detached};
pub use change::{Action, ApplyReport, Change, ConfigRequest, ConfigText, PlanReport};
pub use confirm::{ApplyRequest, CONFIRM_WITHIN, Confirmed};
pub use drift::{Deviation, Drift, DriftReport, DriftedObject, DriftedPart, ForeignObject};
pub use failure::{ErrorBody, Failure, FailureKind};
pub use node::{Leases, Node, NodeKind};
pub use reachability::{Reachability, ReachabilityRow};
pub use status::{Applied, NetworkState, NetworkStatus, Problem, Status, UplinkState, UplinkStatus, Waiting};
pub use verdict::{Effect, Judgement, ObjectVerdict, Part, PartKind};
