//! A stack for what is nested deep.

use std::panic::resume_unwind;
use std::thread;

/// How deep an object is read on the thread that reads it. What is made of it takes a part of the stack
/// for each level, in builds without optimisation up to 14 KB (`JSONSchemaProps`), and threads have
/// 2 MiB.
pub(crate) const SHALLOW: usize = 32;
/// How deep what is made of an object may be. Whoever clones, compares, prints or drops it recurses
/// as deep on a stack of his own: up to 1.9 KB a level, in builds without optimisation.
pub(crate) const DEEPEST: usize = 1000;
/// How much stack a level of a deeper one has, on a thread of its own.
const LEVEL_STACK: usize = 64 << 10;

/// Runs it on a thread whose stack is enough for [`DEEPEST`] levels; `None` if there is no memory for
/// that.
pub(crate) fn on_a_deep_stack<T: Send>(make: impl FnOnce() -> T + Send) -> Option<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size((DEEPEST + SHALLOW) * LEVEL_STACK);
        match thread.spawn_scoped(scope, make).ok()?.join() {
            Ok(made) => Some(made),
            Err(panic) => resume_unwind(panic),
        }
    })
}
