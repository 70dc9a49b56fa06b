//! [`Config`](edge_config::Config) → desired kernel [`State`], the [`Op`]s that lead there from what is observed, and the policy as data.
//!
//! Pure: no sockets, no clock, no files.

#![warn(missing_docs)]

mod announce;
mod desired;
mod diff;
mod difference;
mod drawing;
mod effect;
mod facts;
mod flow_table;
pub mod guard;
mod leg;
pub mod link;
pub mod nft;
mod op;
mod part;
pub mod policy;
mod reachability;
mod ruleset;
mod section;
mod space;
mod state;
mod stranger;
mod surroundings;
mod unnamed;
mod urgent;
mod verdict;
mod warning;

pub use announce::announced;
pub use desired::{desired, router_space, settings};
pub use diff::{Conflict, Diff, Waiting, diff, loosened};
pub use difference::{Attribute, Difference};
pub use drawing::drawing;
pub use effect::Effect;
pub use facts::{Facts, UplinkLease, addressing};
pub use flow_table::{FlowTable, Lanes, Shares};
pub use leg::{Leg, gateway_link, leg_of};
pub use link::{Link, LinkConf, LinkKind, Owner, RpFilter};
pub use op::Op;
pub use part::{PartId, needed_by};
pub use policy::{Grant, Input, Label, Match, Policy, Reach, Zone, grants};
pub use reachability::{Row, reachability};
pub use ruleset::{CLAIMANTS, CLAIMANTS_KNOWN, FAST_PATH, LATELY, LIMITED, LIMITED_SOURCES, TABLE};
pub use section::{Group, Section, grouped};
pub use space::Space;
pub use state::{Address, Loosening, Route, Settings, SpaceState, State, Sysctl};
pub use stranger::{Strange, Stranger, strange_links};
pub use surroundings::{Dropper, Surroundings};
pub use unnamed::unnamed;
pub use urgent::urgent;
pub use verdict::{Fate, Object, Reason, Verdict, verdicts};
pub use warning::warnings;
