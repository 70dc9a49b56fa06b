use std::{io, path::Path};

/// Runs `f` on a throw-away thread that has entered the network namespace at `netns` (`None`: the caller's own).
/// Sockets it opens stay in that namespace wherever they are used later.
pub fn run_in<T: Send + 'static>(_netns: Option<&Path>, _f: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    unimplemented!()
}
