//! A bench of test machines: hosts, switches, an uplink and an Internet as network namespaces, real DHCP clients, and a probe that
//! tells isolation from a dead cable. For tests only, and only as root.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use edge_lab::{Client, Lab, Outcome, probe};
//! let lab = Lab::new()?;
//! let edge = lab.host("edge")?;
//! let device1 = lab.host("device1")?;
//! let switch = lab.switch("switch")?;
//! switch.trunk(&edge, "enp2s0", &[1, 2])?;
//! switch.access(1, &device1, "eth0", "02:00:00:00:01:05")?;
//! let internet = lab.internet(&edge, "wlp3s0f0", "192.168.50.1/24")?;
//! // ... start the router under test in `edge` ...
//! let lease = device1.dhcp(Client::Udhcpc, "eth0")?;
//! assert_eq!(probe(&device1, &internet, [8, 8, 8, 8].into())?.outcome(), Outcome::Reached);
//! # Ok(()) }
//! ```
//!
//! Nothing has a name on the machine: every namespace lives by its file descriptors, so it ends with the test however that ends.

mod apart;
mod cable;
mod daemon;
mod dhcp;
mod echo;
mod flood;
mod flow;
pub mod generate;
mod host;
mod lab;
mod leftovers;
mod listing;
mod observer;
mod pings;
mod probe;
mod provider;
mod rig;
mod same;
mod scenario;
mod space;
mod stopwatch;
mod switch;
mod table;
mod wait;

pub use apart::{in_a_box, ip};
pub use daemon::Daemon;
pub use dhcp::{AcquiredLease, Client};
pub use flood::{Flood, Member, Receipt, Way};
pub use flow::{Count, Flow, Stream, StreamCount};
pub use host::Host;
pub use lab::Lab;
pub use listing::without_filled_sets;
pub use pings::{Answer, Pings, longest_gap, lost_in_a_row, pinging};
pub use probe::{Outcome, Probe, Seen, probe, probe_all};
pub use provider::Provider;
pub use rig::{Disk, Rig, is_late, snapshot};
pub use same::same;
pub use scenario::{Needs, run_scenarios};
pub use stopwatch::Stopwatch;
pub use switch::Switch;
pub use table::{Place, Row, Table, TableReport};
pub use wait::wait_until;
