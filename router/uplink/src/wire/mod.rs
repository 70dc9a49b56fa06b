//! The link of an uplink and the sockets on it, in whichever network namespace it lives.

mod arp;
mod echo;
mod link;
mod packet;

pub use arp::Arp;
pub use echo::Echo;
pub use link::{Link, LinkState};
pub use packet::DhcpSocket;

use std::{io, os::fd::AsRawFd, time::Duration};
use tokio::io::{Interest, unix::AsyncFd};

/// How often to look at a link though nothing is heard of it: nobody tells when its namespace goes.
pub const LOOK: Duration = Duration::from_secs(2);

/// A socket for tokio to wait on.
fn watched<T: AsRawFd + Owns>(socket: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    // SAFETY: the socket owns its descriptor, which therefore stays open until the `AsyncFd` is dropped.
    unsafe { AsyncFd::register_with_interest(socket, interest) }.map_err(Into::into)
}

/// What keeps its descriptor open for as long as it lives.
trait Owns {}

impl Owns for std::os::fd::OwnedFd {}
impl Owns for socket2::Socket {}
