use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

/// What an HTTP/2 connection is used for.
#[derive(Clone, Default)]
pub(super) struct Usage(Arc<Counts>);

#[derive(Default)]
struct Counts {
    streams: AtomicUsize,
    has_responded: AtomicBool,
}

/// One stream of a connection, free again when this is dropped.
pub(super) struct StreamPermit(Usage);

impl Usage {
    pub(super) fn permit(&self) -> StreamPermit {
        self.0.streams.fetch_add(1, SeqCst);
        StreamPermit(self.clone())
    }

    /// How many streams it has.
    pub(super) fn streams(&self) -> usize {
        self.0.streams.load(SeqCst)
    }

    /// Whether the server ever sent a response over it.
    pub(super) fn has_responded(&self) -> bool {
        self.0.has_responded.load(SeqCst)
    }
}

impl StreamPermit {
    /// The server has sent a response.
    pub(super) fn responded(&self) {
        self.0.0.has_responded.store(true, SeqCst);
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        self.0.0.streams.fetch_sub(1, SeqCst);
    }
}
