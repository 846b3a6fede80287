//! All that is logged on one thread.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};

/// Collects what is logged until it is ended.
pub(crate) struct Logs {
    text: Arc<Mutex<String>>,
    _guard: DefaultGuard,
}

impl Logs {
    /// Begins, for this thread.
    pub(crate) fn start() -> Self {
        let text = Arc::<Mutex<String>>::default();
        let guard = tracing::subscriber::set_default(Collect(text.clone()));
        // What another thread is just about to log for the first time may have found nobody who listens, and
        // is not told of us before it is in tracing's list.
        std::thread::sleep(std::time::Duration::from_millis(100));
        tracing::callsite::rebuild_interest_cache();
        Self {
            text,
            _guard: guard,
        }
    }

    pub(crate) fn end(self) -> String {
        self.text.lock().expect("no panic").clone()
    }
}

struct Collect(Arc<Mutex<String>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

impl Subscriber for Collect {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = self.0.lock().expect("no panic");
        span.record(&mut Line(&mut text));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut self.0.lock().expect("no panic")));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = self.0.lock().expect("no panic");
        event.record(&mut Line(&mut text));
        text.push('\n');
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
