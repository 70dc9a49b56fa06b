//! How long until a machine is answered.

use crate::{echo::Marker, host::Host, observer::Event, observer::Observer};
use anyhow::{Result, bail};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};
use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// Asks every millisecond, so that is how exact it is.
pub struct Stopwatch {
    observer: Observer,
}

impl Stopwatch {
    /// For pings from this machine; its network cards may come and go.
    pub fn open(from: &Host) -> Result<Self> {
        Ok(Self { observer: Observer::open(from)? })
    }

    /// Pings until the first answer and returns how long after `start` it came.
    pub fn until_answered(&self, start: Instant, address: Ipv4Addr, within: Duration) -> Result<Duration> {
        // Apart from the numbers that probes count up from zero.
        static NEXT: AtomicU32 = AtomicU32::new(1 << 31);
        let marker = Marker { process: std::process::id(), probe: NEXT.fetch_add(1, Ordering::Relaxed) };
        for sequence in (0..=u16::MAX).cycle() {
            // Without a card or a route there is no sending yet.
            let _ = self.observer.send(marker, sequence, address);
            self.wait()?;
            let mut answered = false;
            self.observer.drain(|of, event| answered |= of == marker && event == Event::Replied)?;
            if answered {
                break;
            }
            if start.elapsed() > within {
                bail!("{address} did not answer within {} s", within.as_secs());
            }
        }
        Ok(start.elapsed())
    }

    fn wait(&self) -> Result<()> {
        let [_, delivered] = self.observer.sockets();
        match poll(&mut [PollFd::new(delivered, PollFlags::POLLIN)], PollTimeout::from(1_u8)) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}
