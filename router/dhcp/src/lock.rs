use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic of somebody who held it must not stop every lease: what is behind a lock here is only changed by whole steps.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
