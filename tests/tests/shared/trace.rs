//! All spans and events of this project's crates, at every level.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::{self, Debug, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_core::span::Current;

/// Something that was recorded.
#[derive(Clone)]
pub(crate) struct Entry {
    metadata: &'static Metadata<'static>,
    pub(crate) is_span: bool,
    /// The place of the span that it is in.
    pub(crate) parent: Option<usize>,
    pub(crate) fields: BTreeMap<&'static str, String>,
    holders: usize,
}

impl Entry {
    fn new(metadata: &'static Metadata<'static>, is_span: bool, parent: Option<usize>) -> Self {
        Self {
            metadata,
            is_span,
            parent,
            fields: BTreeMap::new(),
            holders: usize::from(is_span),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.metadata.name()
    }

    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }

    pub(crate) fn has(&self, field: &str, value: &str) -> bool {
        self.get(field) == Some(value)
    }

    /// Whether nobody holds it any longer, so that an exporter would have it.
    pub(crate) fn is_closed(&self) -> bool {
        self.holders == 0
    }
}

impl Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            metadata,
            parent,
            fields,
            ..
        } = self;
        let (level, name) = (metadata.level(), metadata.name());
        write!(f, "{level} {name} in {parent:?} {fields:?}")
    }
}

/// Records what this project's crates say; a clone shows the same.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Entry>>>);

thread_local! {
    static ENTERED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

impl Recorder {
    /// All that there was so far.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    /// The spans of a name.
    pub(crate) fn spans(&self, name: &str) -> Vec<Entry> {
        let entries = self.entries().into_iter();
        entries
            .filter(|entry| entry.is_span && entry.name() == name)
            .collect()
    }

    /// Fails where one of these is in anything.
    #[track_caller]
    pub(crate) fn expect_none_of(&self, markers: &[&str]) {
        for entry in self.entries() {
            let mut text = format!("{entry:?}");
            let _ = write!(text, " {}", entry.metadata.target());
            let found = markers.iter().find(|marker| text.contains(**marker));
            assert!(found.is_none(), "{found:?} in {text}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parent(explicit: Option<&Id>, is_contextual: bool) -> Option<usize> {
        match explicit {
            Some(id) => Some(place(id)),
            None if is_contextual => ENTERED.with_borrow(|entered| entered.last().copied()),
            None => None,
        }
    }
}

fn place(id: &Id) -> usize {
    usize::try_from(id.into_u64() - 1).expect("a place")
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Subscriber for Recorder {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("kc")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let parent = Self::parent(span.parent(), span.is_contextual());
        let mut entry = Entry::new(span.metadata(), true, parent);
        span.record(&mut Fields(&mut entry.fields));
        let mut entries = self.lock();
        if let Some(parent) = parent {
            entries[parent].holders += 1;
        }
        entries.push(entry);
        Id::from_u64(entries.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut self.lock()[place(id)].fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let parent = Self::parent(event.parent(), event.is_contextual());
        let mut entry = Entry::new(event.metadata(), false, parent);
        event.record(&mut Fields(&mut entry.fields));
        self.lock().push(entry);
    }

    fn enter(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(place(id)));
    }

    fn exit(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| {
            if let Some(at) = entered.iter().rposition(|entered| *entered == place(id)) {
                entered.remove(at);
            }
        });
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.lock()[place(id)].holders += 1;
        id.clone()
    }

    /// A span lasts as long as those in it, as with `tracing_subscriber`.
    fn try_close(&self, id: Id) -> bool {
        let mut entries = self.lock();
        let (mut at, mut closed) = (Some(place(&id)), false);
        while let Some(place) = at.take() {
            entries[place].holders -= 1;
            if entries[place].holders == 0 {
                closed = true;
                at = entries[place].parent;
            }
        }
        closed
    }

    fn current_span(&self) -> Current {
        let Some(at) = ENTERED.with_borrow(|entered| entered.last().copied()) else {
            return Current::none();
        };
        Current::new(Id::from_u64(at as u64 + 1), self.lock()[at].metadata)
    }
}
