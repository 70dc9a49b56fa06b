//! Faults on order, for tests: the feature `faults`, which the shipped executable is built without.
//!
//! The file that the environment variable [`VARIABLE`] names says `KIND N`, and operation number N from then on, counted from 0, meets
//! that fault. When it has, `FILE.met` is there. Without the file nothing is counted and nothing fails.

use crate::{Error, socket::NetlinkError};
use edge_plan::{Op, Space};
use nix::{
    errno::Errno,
    sys::signal::{Signal, raise},
};
use std::{
    fs, io,
    path::Path,
    sync::{Mutex, PoisonError},
    thread::sleep,
    time::Duration,
};

pub const VARIABLE: &str = "EDGE_FAULTS";

/// How long a request hangs here. The netlink sockets wait 5 s; what comes of it is the same.
const TIMEOUT: Duration = Duration::from_millis(20);
/// Longer than a daemon waits, and then waits again on its way back, that is told to have four seconds' patience.
const STALL: Duration = Duration::from_secs(16);

#[derive(Clone, Copy, PartialEq, Eq)]
enum FaultKind {
    /// The kernel refuses it once.
    Refuse,
    /// The kernel refuses it whenever it is asked for, until the file is gone.
    RefuseAlways,
    /// No answer comes, and it was not done.
    Hang,
    /// No answer comes, but it was done.
    Lose,
    /// The answer comes when nobody waits for it any longer.
    Stall,
    /// The daemon dies before it.
    KillBefore,
    /// The daemon dies after it.
    KillAfter,
}

/// What was ordered, and how far the count is.
struct Order {
    text: String,
    left: Option<usize>,
    /// What is always refused.
    stuck: Option<Op>,
}

static ORDER: Mutex<Order> = Mutex::new(Order { text: String::new(), left: None, stuck: None });

/// Carries one operation out by `carry_out`, or lets it meet its fault.
pub(crate) fn inject(op: &Op, carry_out: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
    match due(op) {
        None => carry_out(),
        Some(FaultKind::Refuse | FaultKind::RefuseAlways) => {
            let text = Some("refused by order of a test".to_owned());
            Err(failed(NetlinkError::Refused { errno: Errno::EBUSY, text }))
        }
        Some(FaultKind::Hang) => Err(timed_out()),
        Some(FaultKind::Lose) => carry_out().and_then(|()| Err(timed_out())),
        Some(FaultKind::Stall) => {
            sleep(STALL);
            carry_out()
        }
        Some(FaultKind::KillBefore) => {
            let _ = raise(Signal::SIGKILL);
            Ok(())
        }
        Some(FaultKind::KillAfter) => {
            let done = carry_out();
            let _ = raise(Signal::SIGKILL);
            done
        }
    }
}

/// The fault that this operation is to meet.
fn due(op: &Op) -> Option<FaultKind> {
    let file = std::env::var_os(VARIABLE)?;
    let text = fs::read_to_string(&file).unwrap_or_default();
    let (kind, number) = parse(&text)?;
    let mut order = ORDER.lock().unwrap_or_else(PoisonError::into_inner);
    if order.text != text {
        *order = Order { text, left: Some(number), stuck: None };
    }
    if order.stuck.as_ref() == Some(op) {
        return Some(kind);
    }
    let left = order.left?;
    order.left = left.checked_sub(1);
    if left > 0 {
        return None;
    }
    if kind == FaultKind::RefuseAlways {
        order.stuck = Some(op.clone());
    }
    let _ = fs::write(Path::new(&file).with_extension("met"), format!("{op:?}\n"));
    Some(kind)
}

fn parse(text: &str) -> Option<(FaultKind, usize)> {
    let mut words = text.split_whitespace();
    let kind = match words.next()? {
        "refuse" => FaultKind::Refuse,
        "refuse-always" => FaultKind::RefuseAlways,
        "hang" => FaultKind::Hang,
        "lose" => FaultKind::Lose,
        "stall" => FaultKind::Stall,
        "kill-before" => FaultKind::KillBefore,
        "kill-after" => FaultKind::KillAfter,
        _ => return None,
    };
    Some((kind, words.next()?.parse().ok()?))
}

/// What a socket says whose receive timeout has run out.
fn timed_out() -> Error {
    sleep(TIMEOUT);
    failed(NetlinkError::Io(io::ErrorKind::WouldBlock.into()))
}

fn failed(source: NetlinkError) -> Error {
    Error::netlink("do what the test has chosen", Space::Host, source)
}
