//! What a publisher or a subscription is doing, and what it has to report besides events.

use std::fmt;
use std::sync::Arc;

use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::encoding::Encoding;
use crate::error::Error;
use crate::failure::Failure;
use crate::object::Key;
use crate::sync::{Mutex, lock};

/// What a publisher or a subscription is doing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Phase {
    /// No complete state yet: the cache is empty because nothing is known, not because nothing is
    /// there.
    Syncing {
        /// What went wrong so far, if anything did.
        failure: Option<Failure>,
    },
    /// Complete, and following its source.
    Live,
    /// The state is the last known one and may be stale.
    Degraded {
        /// Since when.
        since: Instant,
        /// Why.
        reason: Failure,
    },
    /// Ended; what is in the cache is the last known state.
    Closed(Error),
}

impl Phase {
    /// True once there has been a complete state, until it is closed.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Live | Self::Degraded { .. })
    }

    /// True while there is no complete state yet, and still may be.
    pub(crate) fn is_syncing(&self) -> bool {
        matches!(self, Self::Syncing { .. })
    }

    /// What went wrong, if anything did.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Syncing { failure } => failure.as_ref(),
            Self::Degraded { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// The reason of a closed one.
    pub fn closed(&self) -> Option<&Error> {
        match self {
            Self::Closed(error) => Some(error),
            _ => None,
        }
    }
}

/// What a publisher or a subscription is doing, and its counters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// What it is doing.
    pub phase: Phase,
    /// The number of the newest commit.
    pub commit: u64,
    /// The server incarnation: 1, and one more each time that the server was restored from a backup,
    /// so that its versions start over.
    pub incarnation: u64,
    /// How many objects are there that could not be taken in, as it stands now: one that becomes
    /// good or goes away is no longer among them. [`Publisher::bad_objects`] names them.
    ///
    /// [`Publisher::bad_objects`]: crate::Publisher::bad_objects
    pub bad_objects: u64,
    /// How often an object could not be taken in, so far: the same one counts each time.
    pub bad_reports: u64,
    /// Lists that were refused, because they were older than what was requested.
    pub stale_inputs: u64,
    /// How often it fell behind, so that waiting changes were merged. Zero for a publisher.
    pub lags: u64,
    /// How many changes wait to be taken. Zero for a publisher.
    pub waiting: usize,
    /// In which encoding the server of an informer answered last; also of a subscription to one. `None`
    /// before its first answer, and for all that has no server.
    pub encoding: Option<Encoding>,
    /// Whether the server of an informer with a [shard](crate::InformerBuilder::shard) leaves out what is not in
    /// it: `true` once a list has said so (`metadata.shardInfo`), `false` once anything came that should not have,
    /// or the server refused to be asked. `None` while neither is known, as of a streaming list that
    /// brought nothing else: it cannot say so, and neither can lists of custom resources and of metadata. It costs
    /// bytes, nothing else; what comes too much is left out here.
    pub sharded_by_server: Option<bool>,
}

impl Status {
    /// Of what is no longer there.
    pub(crate) fn ended(error: Error) -> Self {
        Self {
            phase: Phase::Closed(error),
            commit: 0,
            incarnation: 0,
            bad_objects: 0,
            bad_reports: 0,
            stale_inputs: 0,
            lags: 0,
            waiting: 0,
            encoding: None,
            sharded_by_server: None,
        }
    }
}

/// Something worth knowing that is not an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A subscription fell behind: from here until it catches up it gets the net change of each
    /// object instead of every change.
    Lagged {
        /// How many changes were waiting.
        waiting: usize,
    },
    /// A new server incarnation began (it was restored from a backup): versions start over. A list
    /// shows it, by a lower version, or by an object that is older than what was there.
    NewIncarnation {
        /// The number of the new incarnation.
        incarnation: u64,
    },
    /// An object could not be taken in; the others were. It is said once, and again only if the
    /// reason is another one, or if the object was good or away in between.
    BadObject {
        /// Which one, as far as that is known.
        key: Option<Key>,
        /// Why, without anything of its content.
        reason: Arc<str>,
    },
    /// Notices were not read in time, and this many were dropped.
    Missed(u64),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lagged { waiting } => write!(f, "lagging with {waiting} changes waiting"),
            Self::NewIncarnation { incarnation } => {
                write!(f, "server incarnation {incarnation} begins")
            }
            Self::BadObject {
                key: Some(key),
                reason,
            } => write!(f, "bad object {key}: {reason}"),
            Self::BadObject { key: None, reason } => write!(f, "bad object: {reason}"),
            Self::Missed(count) => write!(f, "{count} notices were dropped"),
        }
    }
}

/// How many notices wait for a reader before the oldest are dropped.
const NOTICES: usize = 64;

/// Sends notices to all readers; nothing is allocated until there is one.
#[derive(Default)]
pub(crate) struct NoticeSender(Mutex<Readers>);

#[derive(Default)]
enum Readers {
    #[default]
    Unread,
    Read(broadcast::Sender<Notice>),
    Closed,
}

impl NoticeSender {
    pub(crate) fn send(&self, notice: Notice) {
        if let Readers::Read(readers) = &*lock(&self.0) {
            let _ = readers.send(notice);
        }
    }

    /// A reader of what is sent from now on, which ends when this is closed.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Notice> {
        let state = &mut *lock(&self.0);
        if matches!(state, Readers::Unread) {
            *state = Readers::Read(broadcast::channel(NOTICES).0);
        }
        match state {
            Readers::Read(readers) => readers.subscribe(),
            Readers::Unread | Readers::Closed => broadcast::channel(1).1,
        }
    }

    /// Nothing will be sent any longer.
    pub(crate) fn close(&self) {
        let state = std::mem::replace(&mut *lock(&self.0), Readers::Closed);
        drop(state);
    }
}

/// A stream of [`Notice`]s, from when it was made.
///
/// A reader that falls behind loses the oldest and gets their number.
pub struct Notices {
    receivers: Vec<broadcast::Receiver<Notice>>,
}

impl Notices {
    pub(crate) fn new(receivers: Vec<broadcast::Receiver<Notice>>) -> Self {
        Self { receivers }
    }

    /// The next notice, or `None` when there will be no more: what they are of was closed, and all
    /// that it had to report was read.
    pub async fn next(&mut self) -> Option<Notice> {
        loop {
            let (received, ended) = match self.receivers.as_mut_slice() {
                [] => return None,
                [only] => (only.recv().await, 0),
                [first, second, ..] => tokio::select! {
                    received = first.recv() => (received, 0),
                    received = second.recv() => (received, 1),
                },
            };
            match received {
                Ok(notice) => return Some(notice),
                Err(broadcast::error::RecvError::Lagged(count)) => {
                    return Some(Notice::Missed(count));
                }
                Err(broadcast::error::RecvError::Closed) => drop(self.receivers.remove(ended)),
            }
        }
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").finish_non_exhaustive()
    }
}
