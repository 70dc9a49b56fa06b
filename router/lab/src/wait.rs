//! Waiting for something to become true.

use anyhow::{Result, bail};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

/// Asks until `done` says yes. An error or running out of time names `what` was waited for.
pub fn wait_until(what: &str, within: Duration, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !done()? {
        if start.elapsed() > within {
            bail!("waited {} s in vain for {what}", within.as_secs());
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
}
