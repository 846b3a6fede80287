//! Watches: changes from a version on, initial events, bookmarks.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::fault::{Bookmarks, Mishap, NoStreaming};
use super::form::Form;
use super::frame::{cut, error_frame, frame, without};
use super::list::{parse_version, prefix, selector};
use super::object::Stored;
use super::request::RequestInfo;
use super::resource::Resource;
use super::selector::Selector;
use super::shared::Shared;
use super::status::{Cause, Status};
use super::store::{Change, Signal, Store};
use super::table::Columns;

/// How many events are encoded at once.
const BATCH: usize = 256;
/// A watch gets a bookmark this long before it ends.
const BEFORE_END: Duration = Duration::from_secs(2);

/// An open watch.
pub(super) struct Watch {
    shared: Arc<Shared>,
    index: usize,
    prefix: String,
    selector: Selector,
    form: Form,
    columns: Columns,
    /// Whether a table's header was sent.
    headed: bool,
    /// What is left of the initial events.
    initial: VecDeque<Arc<Stored>>,
    /// The version of the bookmark that ends the initial events, until it is sent; empty where it
    /// says none.
    end_of_initial: Option<String>,
    /// Changes up to this version were sent or do not concern the watch.
    cursor: u64,
    /// The version that the client has seen before any event.
    began_at: u64,
    bookmarks: bool,
    next_bookmark: Instant,
    deadline: Instant,
    signal: watch::Receiver<Signal>,
    opened_at: Signal,
    /// What keeps it from starting, told in the stream.
    refusal: Option<Status>,
    over: bool,
    manner: Manner,
    _open: OpenWatch,
}

/// What faults make of a watch.
struct Manner {
    /// Nothing is told.
    silent: bool,
    /// Events have no versions.
    unversioned: bool,
}

/// Counts the watches that are open.
struct OpenWatch(Arc<Shared>);

impl Drop for OpenWatch {
    fn drop(&mut self) {
        self.0.log.watch_ended();
    }
}

/// What wakes a watch.
enum Wake {
    News,
    Bookmark,
    End,
}

impl Watch {
    pub(super) fn open(
        shared: &Arc<Shared>,
        info: &RequestInfo,
        index: usize,
        form: Form,
        mishap: &Mishap,
    ) -> Result<Self, Status> {
        let resource = &shared.resources[index];
        let streaming = check_options(info, mishap.no_streaming)?;
        let selector = selector(info, resource)?;
        let prefix = prefix(resource, &info.namespace);
        let timeout = info
            .number("timeoutSeconds")?
            .filter(|seconds| *seconds > 0);
        let timeout = timeout.map_or(shared.options.watch_timeout, Duration::from_secs);

        let store = shared.store();
        let start = Start::of(info, streaming, &store)?;
        let mut initial = VecDeque::new();
        if start.lists {
            let found = store.range_at(index, store.version, "", &prefix);
            initial.extend(found.into_iter().filter(|object| selector.matches(object)));
        }
        let (signal, floor) = (store.subscribe(index), store.floor(index));
        drop(store);
        let too_old = || (start.cursor < floor).then(|| Status::too_old(start.cursor, floor));
        let refusal = start.refusal.or_else(too_old);
        shared.log.watch_opened();
        let (now, opened_at) = (Instant::now(), *signal.borrow());
        let mut watch = Self {
            index,
            prefix,
            selector,
            columns: Columns::of(resource),
            form,
            headed: false,
            initial,
            end_of_initial: last_bookmark(start.end_of_initial, mishap),
            cursor: start.cursor,
            began_at: start.cursor,
            bookmarks: info.is_true("allowWatchBookmarks")
                && mishap.bookmarks != Some(Bookmarks::None),
            next_bookmark: now,
            deadline: now + timeout,
            opened_at,
            signal,
            refusal,
            over: false,
            manner: Manner {
                silent: mishap.silent,
                unversioned: mishap.no_versions.is_some(),
            },
            _open: OpenWatch(shared.clone()),
            shared: shared.clone(),
        };
        watch.plan_bookmark();
        Ok(watch)
    }

    /// Some frames; `None` at the end.
    ///
    /// # Errors
    /// Where the connection is to be cut.
    pub(super) async fn next(&mut self) -> io::Result<Option<Vec<Bytes>>> {
        if self.manner.silent {
            return self.silence().await;
        }
        if let Some(status) = self.refusal.take() {
            self.over = true;
            return Ok(Some(vec![error_frame(&status)]));
        }
        if let Some(frames) = self.initial_frames() {
            return Ok(Some(frames));
        }
        while !self.over {
            let signal = *self.signal.borrow_and_update();
            if signal.cuts != self.opened_at.cuts {
                return Err(cut());
            }
            let frames = self.changes();
            if !frames.is_empty() {
                return Ok(Some(frames));
            }
            if signal.ends != self.opened_at.ends {
                break;
            }
            match self.wait().await {
                Wake::News => {}
                Wake::Bookmark => {
                    if let Some(frame) = self.bookmark() {
                        return Ok(Some(vec![frame]));
                    }
                }
                Wake::End => break,
            }
        }
        Ok(None)
    }

    /// Nothing, until the end.
    async fn silence(&mut self) -> io::Result<Option<Vec<Bytes>>> {
        self.bookmarks = false;
        loop {
            let signal = *self.signal.borrow_and_update();
            if signal.cuts != self.opened_at.cuts {
                return Err(cut());
            }
            if signal.ends != self.opened_at.ends {
                return Ok(None);
            }
            if let Wake::End = self.wait().await {
                return Ok(None);
            }
        }
    }

    fn initial_frames(&mut self) -> Option<Vec<Bytes>> {
        let count = self.initial.len().min(BATCH);
        let objects: Vec<_> = self.initial.drain(..count).collect();
        let mut frames: Vec<Bytes> = objects
            .iter()
            .map(|object| self.event("ADDED", object))
            .collect();
        if self.initial.is_empty()
            && let Some(version) = self.end_of_initial.take()
        {
            frames.push(self.bookmark_frame(&version, true));
        }
        (!frames.is_empty()).then_some(frames)
    }

    /// The events after the cursor; an `ERROR` event where they are compacted.
    fn changes(&mut self) -> Vec<Bytes> {
        loop {
            let changes = self
                .shared
                .store()
                .changes_after(self.index, self.cursor, BATCH);
            let changes = match changes {
                Ok(changes) => changes,
                Err(status) => {
                    self.over = true;
                    return vec![error_frame(&status)];
                }
            };
            let Some(last) = changes.last() else {
                return Vec::new();
            };
            self.cursor = last.version;
            let frames: Vec<Bytes> = changes
                .iter()
                .filter_map(|change| self.event_of(change))
                .collect();
            if !frames.is_empty() {
                return frames;
            }
        }
    }

    async fn wait(&mut self) -> Wake {
        let bookmark = self.next_bookmark;
        tokio::select! {
            biased;
            changed = self.signal.changed() => match changed {
                Ok(()) => Wake::News,
                Err(_) => Wake::End,
            },
            () = sleep_until(self.deadline) => Wake::End,
            () = sleep_until(bookmark), if self.bookmarks => Wake::Bookmark,
        }
    }

    /// A bookmark, unless changes have come that it must not overtake, or it would say no more than
    /// the client knew at the start.
    fn bookmark(&mut self) -> Option<Bytes> {
        self.plan_bookmark();
        let store = self.shared.store();
        let later = store.changes_after(self.index, self.cursor, 1).ok()?;
        if !later.is_empty() || store.version <= self.began_at {
            return None;
        }
        self.cursor = store.version;
        drop(store);
        Some(self.bookmark_frame(&self.cursor.to_string(), false))
    }

    /// One each period, and one shortly before the end.
    fn plan_bookmark(&mut self) {
        let now = Instant::now();
        self.next_bookmark = now + self.shared.options.bookmark_period;
        if let Some(late) = self.deadline.checked_sub(BEFORE_END)
            && late > now
            && late < self.next_bookmark
        {
            self.next_bookmark = late;
        }
    }

    /// What a change is for this watch, by apiserver's `convertToWatchEvent`.
    fn event_of(&mut self, change: &Change) -> Option<Bytes> {
        let concerns =
            |object: &Stored| object.key.starts_with(&self.prefix) && self.selector.matches(object);
        let now = !change.deleted && concerns(&change.object);
        let before = change
            .previous
            .as_ref()
            .is_some_and(|object| concerns(object));
        match (before, now) {
            (false, false) => None,
            (false, true) => Some(self.event("ADDED", &change.object)),
            (true, true) => Some(self.event("MODIFIED", &change.object)),
            (true, false) if change.deleted => Some(self.event("DELETED", &change.object)),
            (true, false) => {
                let previous = change.previous.as_ref()?;
                let gone = previous.at_version(self.resource(), change.version);
                Some(self.event("DELETED", &gone))
            }
        }
    }

    fn event(&mut self, kind: &str, object: &Stored) -> Bytes {
        let mut frame = BytesMut::new();
        frame.put_slice(b"{\"type\":\"");
        frame.put_slice(kind.as_bytes());
        frame.put_slice(b"\",\"object\":");
        let headed = !self.headed;
        self.headed = true;
        let resource = &self.shared.resources[self.index];
        self.form
            .write_single(resource, &self.columns, object, headed, &mut frame);
        frame.put_slice(b"}");
        if self.manner.unversioned {
            return without(&frame, "resourceVersion").into();
        }
        frame.freeze()
    }

    fn bookmark_frame(&mut self, version: &str, ends_initial: bool) -> Bytes {
        let mut metadata = json!({});
        if !version.is_empty() {
            metadata["resourceVersion"] = version.into();
        }
        if ends_initial {
            metadata["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        let resource = self.resource();
        let object = match &self.form {
            Form::Whole => json!({
                "kind": resource.kind,
                "apiVersion": resource.api_version(),
                "metadata": metadata,
            }),
            Form::Metadata => super::object::metadata_of(&json!({ "metadata": metadata })),
            Form::Table(include) => {
                let row = self.columns.empty_row(
                    &json!({
                        "kind": resource.kind,
                        "apiVersion": resource.api_version(),
                        "metadata": metadata,
                    }),
                    *include,
                );
                let version = json!({ "resourceVersion": version });
                self.columns.table(!self.headed, &version, &[row])
            }
        };
        self.headed = true;
        frame("BOOKMARK", &object)
    }

    fn resource(&self) -> &Resource {
        &self.shared.resources[self.index]
    }
}

/// What the bookmark that ends the initial events says, if there is one.
fn last_bookmark(version: Option<u64>, mishap: &Mishap) -> Option<String> {
    let version = version?;
    match mishap.bookmarks {
        None => Some(version.to_string()),
        Some(Bookmarks::UnversionedLast) => Some(String::new()),
        Some(Bookmarks::None | Bookmarks::WithoutLast) => None,
    }
}

/// Where a watch begins.
struct Start {
    lists: bool,
    end_of_initial: Option<u64>,
    cursor: u64,
    /// The stream is this error.
    refusal: Option<Status>,
}

impl Start {
    fn of(info: &RequestInfo, streaming: Option<bool>, store: &Store) -> Result<Self, Status> {
        let text = info.parameter("resourceVersion");
        let version = match text {
            "" | "0" => None,
            text => Some(parse_version(text)?),
        };
        let newest = store.version;
        let start = |cursor| Self {
            lists: false,
            end_of_initial: None,
            cursor,
            refusal: None,
        };
        Ok(match (streaming, version) {
            (Some(true), Some(version)) if version > newest => Self {
                refusal: Some(Status::too_large(version, newest)),
                ..start(newest)
            },
            (Some(true), _) => Self {
                lists: true,
                end_of_initial: Some(newest).filter(|_| info.is_true("allowWatchBookmarks")),
                ..start(newest)
            },
            (_, Some(version)) => start(version),
            (streaming, None) => Self {
                lists: streaming.is_none(),
                ..start(newest)
            },
        })
    }
}

/// The rules of apimachinery's `validateWatchOptions`; gives `sendInitialEvents`.
fn check_options(info: &RequestInfo, fault: Option<NoStreaming>) -> Result<Option<bool>, Status> {
    const MATCH: &str = "resourceVersionMatch";
    const SEND: &str = "sendInitialEvents";
    let (streaming, wanted) = (info.switch(SEND), info.parameter(MATCH));
    let mut causes = Vec::new();
    match fault.filter(|_| streaming.is_some()) {
        Some(NoStreaming::Ignored) => return Ok(None),
        Some(NoStreaming::BadRequest) => {
            return Err(Status::bad_request("unknown parameter: sendInitialEvents"));
        }
        Some(NoStreaming::Invalid) => {
            let why = "sendInitialEvents is forbidden for watch unless the WatchList feature gate \
                       is enabled";
            causes.push(Cause::forbidden(SEND, why));
        }
        None => {}
    }
    if streaming.is_some() && wanted != "NotOlderThan" {
        let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        causes.insert(0, Cause::forbidden(MATCH, why));
    }
    if !wanted.is_empty() {
        if streaming.is_none() {
            let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is \
                       provided";
            causes.push(Cause::forbidden(MATCH, why));
        }
        if wanted != "NotOlderThan" {
            causes.push(Cause::unsupported(MATCH, wanted, "\"NotOlderThan\""));
        }
    }
    if causes.is_empty() {
        Ok(streaming)
    } else {
        Err(Status::invalid_options(&causes))
    }
}
