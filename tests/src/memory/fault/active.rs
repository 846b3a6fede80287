//! Faults that wait for their requests, and what they do to one.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::what::{
    Before, Bookmarks, Fault, Kind, Lasting, NoProtobuf, NoShards, NoStreaming, NoVersions,
};
use crate::memory::frame::{Effect, without};
use crate::memory::request::RequestInfo;
use crate::memory::status::Status;

/// A fault that waits for its requests. Dropping this leaves it there.
#[derive(Debug, Clone)]
pub struct Injected {
    active: Arc<Active>,
    list: Weak<Mutex<Vec<Arc<Active>>>>,
}

impl Injected {
    /// How many requests it has met.
    pub fn hits(&self) -> u64 {
        self.active.hits.load(Ordering::SeqCst)
    }

    /// Takes it away.
    pub fn remove(&self) {
        if let Some(list) = self.list.upgrade() {
            lock(&list).retain(|active| !Arc::ptr_eq(active, &self.active));
        }
    }
}

#[derive(Debug)]
struct Active {
    fault: Fault,
    until: Option<Instant>,
    hits: AtomicU64,
}

impl Active {
    fn is_spent(&self) -> bool {
        match self.fault.lasting {
            Lasting::Times(count) => self.hits.load(Ordering::SeqCst) >= count,
            Lasting::For(_) => self.until.is_some_and(|until| Instant::now() >= until),
            Lasting::Forever => false,
        }
    }
}

/// The faults that wait.
#[derive(Debug, Default)]
pub(in crate::memory) struct Faults {
    active: Arc<Mutex<Vec<Arc<Active>>>>,
}

/// What goes wrong with one request.
#[derive(Debug, Default)]
pub(in crate::memory) struct Mishap {
    pub(in crate::memory) delay: Option<Duration>,
    pub(in crate::memory) before: Option<Before>,
    pub(in crate::memory) effect: Option<Effect>,
    pub(in crate::memory) stale_by: u64,
    pub(in crate::memory) bookmarks: Option<Bookmarks>,
    pub(in crate::memory) silent: bool,
    pub(in crate::memory) repeats_token: bool,
    pub(in crate::memory) no_versions: Option<NoVersions>,
    pub(in crate::memory) no_metadata: bool,
    pub(in crate::memory) no_protobuf: Option<NoProtobuf>,
    pub(in crate::memory) no_streaming: Option<NoStreaming>,
    pub(in crate::memory) no_shards: Option<NoShards>,
}

impl Faults {
    pub(in crate::memory) fn inject(&self, fault: Fault) -> Injected {
        let until = match fault.lasting {
            Lasting::For(time) => Some(Instant::now() + time),
            _ => None,
        };
        let active = Arc::new(Active {
            fault,
            until,
            hits: AtomicU64::new(0),
        });
        lock(&self.active).push(active.clone());
        Injected {
            active,
            list: Arc::downgrade(&self.active),
        }
    }

    pub(in crate::memory) fn clear(&self) {
        lock(&self.active).clear();
    }

    /// Takes what meets a request: the oldest fault of each sort, and where one of them is instead
    /// of an answer, no other sort but a delay.
    pub(in crate::memory) fn meet(&self, info: &RequestInfo) -> Mishap {
        let mut list = lock(&self.active);
        list.retain(|active| !active.is_spent());
        let matching: Vec<_> = list
            .iter()
            .filter(|active| active.fault.matches(info))
            .collect();
        let mut mishap = Mishap::default();
        let instead = |active: &&&Arc<Active>| matches!(active.fault.kind, Kind::Before(_));
        let no_answer = matching.iter().find(instead).copied();
        for active in matching {
            let other = !matches!(active.fault.kind, Kind::Before(_) | Kind::Delay(_));
            if other && no_answer.is_some() {
                continue;
            }
            if mishap.take(&active.fault.kind) {
                active.hits.fetch_add(1, Ordering::SeqCst);
            }
        }
        list.retain(|active| !active.is_spent());
        mishap
    }
}

impl Mishap {
    /// An object, or an event of one, with its version or without.
    pub(in crate::memory) fn versioned(&self, frame: Bytes) -> Bytes {
        match self.no_versions {
            Some(NoVersions::Everywhere) => without(&frame, "resourceVersion").into(),
            _ => frame,
        }
    }

    /// A request as a server understands it that need not know shards.
    pub(in crate::memory) fn without_shard<'a>(
        &self,
        info: &'a RequestInfo,
    ) -> Result<Cow<'a, RequestInfo>, Status> {
        match self.no_shards {
            None | Some(NoShards::Unconfirmed) => Ok(Cow::Borrowed(info)),
            Some(NoShards::Ignored) => {
                let mut info = info.clone();
                info.query.remove("shardSelector");
                Ok(Cow::Owned(info))
            }
            Some(NoShards::BadRequest) => {
                Err(Status::bad_request("unknown parameter: shardSelector"))
            }
        }
    }

    /// Whether there was room for it.
    fn take(&mut self, kind: &Kind) -> bool {
        match kind {
            Kind::Before(before) if self.before.is_none() => self.before = Some(before.clone()),
            Kind::Delay(time) if self.delay.is_none() => self.delay = Some(*time),
            Kind::Stream(effect) if self.effect.is_none() => self.effect = Some(effect.clone()),
            Kind::StaleList(versions) if self.stale_by == 0 => self.stale_by = *versions,
            Kind::Bookmarks(how) if self.bookmarks.is_none() => self.bookmarks = Some(*how),
            Kind::Silent if !self.silent => self.silent = true,
            Kind::RepeatedToken if !self.repeats_token => self.repeats_token = true,
            Kind::NoVersions(place) if self.no_versions.is_none() => {
                self.no_versions = Some(*place);
            }
            Kind::NoMetadata if !self.no_metadata => self.no_metadata = true,
            Kind::NoProtobuf(how) if self.no_protobuf.is_none() => self.no_protobuf = Some(*how),
            Kind::NoStreamingList(how) if self.no_streaming.is_none() => {
                self.no_streaming = Some(*how);
            }
            Kind::NoShards(how) if self.no_shards.is_none() => self.no_shards = Some(*how),
            _ => return false,
        }
        true
    }
}

fn lock(list: &Mutex<Vec<Arc<Active>>>) -> MutexGuard<'_, Vec<Arc<Active>>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}
