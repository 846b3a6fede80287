//! The locks of this crate, which loom replaces by its own.

#[cfg(kcache_loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard};
#[cfg(not(kcache_loom))]
pub(crate) use std::sync::{Mutex, MutexGuard};

/// Locks, also after a panic: no lock here is held while a state is half changed by code that can
/// panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
