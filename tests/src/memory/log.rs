//! The requests to the server, and how they went.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::request::{RequestInfo, Verb};

/// How many requests are remembered one by one.
const KEPT: usize = 100_000;

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// What was requested.
    pub info: RequestInfo,
    /// The HTTP code; 0 where a fault left none.
    pub code: u16,
}

/// How often something was requested, and answered so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Counted {
    /// What requests did.
    pub verb: Verb,
    /// The resource, as in `pods`; empty for discovery and `/version`.
    pub resource: String,
    /// The HTTP code; 0 where a fault left none.
    pub code: u16,
}

#[derive(Debug, Default)]
pub(super) struct RequestLog {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    requests: VecDeque<Request>,
    counts: BTreeMap<Counted, u64>,
    open_watches: usize,
    connections: u64,
    open_connections: usize,
}

impl RequestLog {
    pub(super) fn record(&self, info: RequestInfo, code: u16) {
        let mut state = self.lock();
        let counted = Counted {
            verb: info.verb,
            resource: info.resource.clone(),
            code,
        };
        *state.counts.entry(counted).or_default() += 1;
        if state.requests.len() == KEPT {
            state.requests.pop_front();
        }
        state.requests.push_back(Request { info, code });
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.lock().requests.iter().cloned().collect()
    }

    pub(super) fn counts(&self) -> BTreeMap<Counted, u64> {
        self.lock().counts.clone()
    }

    pub(super) fn clear(&self) {
        let mut state = self.lock();
        state.requests.clear();
        state.counts.clear();
    }

    pub(super) fn watch_opened(&self) {
        self.lock().open_watches += 1;
    }

    pub(super) fn watch_ended(&self) {
        self.lock().open_watches -= 1;
    }

    pub(super) fn open_watches(&self) -> usize {
        self.lock().open_watches
    }

    pub(super) fn connection_opened(&self) {
        let mut state = self.lock();
        state.connections += 1;
        state.open_connections += 1;
    }

    pub(super) fn connection_closed(&self) {
        self.lock().open_connections -= 1;
    }

    /// All since the start, and those open now.
    pub(super) fn connections(&self) -> (u64, usize) {
        let state = self.lock();
        (state.connections, state.open_connections)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
