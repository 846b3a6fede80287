//! From what a source says to what a cache commits.

mod fingerprints;
mod places;
mod listing;

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

pub(crate) use self::fingerprints::Fingerprint;
use self::fingerprints::Fingerprints;
use self::listing::{ListDiff, Listing};
use crate::bad_objects::BadObjects;
use crate::codec::{DecodeError, Identity, Raw};
use crate::core::Core;
use crate::counts::SourceCounts;
use crate::error::Error;
use crate::failure::Failure;
use crate::object::{Key, KeyRef, Object};
use crate::publisher::{Publisher, publisher_counting};
use crate::updates::{Entry, Updates};
use crate::version::{self, raise};
use crate::wait::Origin;
use crate::writer::Writer;

/// One thing that a source of changes says.
///
/// A source first lists: [`Restart`](Self::Restart), an [`Item`](Self::Item) for each object, and
/// [`Synced`](Self::Synced). Then it watches: [`Apply`](Self::Apply) and [`Remove`](Self::Remove).
/// It may list again at any time. While it lists, the cache keeps the state it had, and everything
/// that comes belongs to the list, which at its end becomes one commit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input<V> {
    /// A list begins; one that was not finished is thrown away. A new feed is in a list already.
    Restart,
    /// An object of the list.
    Item(V),
    /// The list is complete, and is of this version, if that is known. The source vouches for a
    /// consistent list that replaces what is there: a version lower than one seen before begins a
    /// new incarnation, and so does an object that is older than what is there under its name.
    Synced(Option<String>),
    /// An object is there, new or changed.
    Apply(V),
    /// An object is gone; this is its last content, with the version of its removal.
    Remove(V),
    /// An object that could not be read is gone; with the version of its removal, if that is known.
    Gone(Key, Option<String>),
    /// Nothing changed up to this version.
    Bookmark(String),
    /// An object could not be read. What the cache has under the key stays; if the key of one in a
    /// list is not known then all that the cache has and the list lacks stays.
    Bad(Option<Key>, DecodeError),
    /// The source cannot say what there is, until it says something else than this. A text that
    /// makes such a failure must not contain secrets.
    Failed(Failure),
}

impl<V> Input<V> {
    /// What became of bytes: the object as such an input, or the report that it is bad.
    pub fn decoded(make: fn(V) -> Self, result: Result<V, DecodeError>) -> Self {
        result.map_or_else(|error| Self::Bad(error.key().cloned(), error), make)
    }
}

/// A publisher, and the feed that fills it.
///
/// Every source of changes goes through a feed: a list/watch engine, another watcher's stream, or a
/// test.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// use kcache::Input;
/// let (maps, mut feed) = kcache::feed::<ConfigMap>();
/// feed.send(Input::Item(serde_json::from_str(r#"{"metadata": {"name": "a"}}"#)?))?;
/// assert!(maps.cache().is_empty());
/// feed.send(Input::Synced(Some("17".into())))?;
/// assert_eq!(maps.cache().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn feed<V: Object>() -> (Publisher<V>, Feed<V>) {
    feed_counting(Arc::default())
}

/// The same, where what it does is counted here.
pub(crate) fn feed_counting<V: Object>(counts: Arc<SourceCounts>) -> (Publisher<V>, Feed<V>) {
    let (publisher, writer) = publisher_counting(counts);
    writer.core().progress.set_origin(Origin::Source);
    let feed = Feed {
        mode: Mode::Listing(Listing::new(writer.state())),
        writer,
        updates: Updates::new(),
        seen: None,
        fingerprints: Fingerprints::default(),
        old_incarnation: HashSet::new(),
        heard: false,
    };
    (publisher, feed)
}

/// Fills a publisher with what a source says.
///
/// What the source said last is true: a list replaces what was there, and what comes after it is
/// applied in the order in which it comes, whatever the versions of objects say. A list that cannot
/// follow on what was there begins a new incarnation. Dropping the feed without
/// [`close`](Self::close) closes the publisher with [`Error::FeedEnded`].
pub struct Feed<V: Object> {
    writer: Writer<V>,
    mode: Mode<V>,
    /// Room for the updates of a commit.
    updates: Updates<V>,
    /// The newest version seen in this incarnation.
    seen: Option<String>,
    /// The content of what is there, as far as it is known.
    fingerprints: Fingerprints,
    /// What is there of an earlier incarnation, kept because it could not be read in this one: its
    /// version says nothing.
    old_incarnation: HashSet<Key>,
    /// Something that came makes the state up to date.
    heard: bool,
}

/// What the source is doing.
enum Mode<V> {
    /// It lists; nothing is committed before the end.
    Listing(Listing<V>),
    /// It watches; every input is news.
    Watching,
}

impl<V: Object> Feed<V> {
    /// Takes one input; what it changes is one commit.
    ///
    /// # Errors
    ///
    /// Why the publisher is closed, if it is: nobody listens, and the source can stop.
    pub fn send(&mut self, input: Input<V>) -> Result<(), Error> {
        self.send_all([input])
    }

    /// Takes several inputs. What they change is one commit, apart from a list, whose end is a commit
    /// of its own, and apart from an object that changes again: no change is lost in a later one.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_all(&mut self, inputs: impl IntoIterator<Item = Input<V>>) -> Result<(), Error> {
        self.send_fingerprinted(inputs.into_iter().map(|input| (input, None)))
    }

    /// Takes several inputs, each with the fingerprint of the bytes that its object was made of.
    pub(crate) fn send_fingerprinted(
        &mut self,
        inputs: impl IntoIterator<Item = (Input<V>, Option<Fingerprint>)>,
    ) -> Result<(), Error> {
        if let Some(error) = self.writer.error() {
            return Err(error);
        }
        let mut updates = std::mem::take(&mut self.updates);
        for (input, fingerprint) in inputs {
            self.take(input, fingerprint, &mut updates);
        }
        self.flush(&mut updates);
        updates.shrink();
        self.updates = updates;
        self.report_seen();
        Ok(())
    }

    /// Lists these objects: the cache then holds them and nothing else.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn relist(
        &mut self,
        objects: impl IntoIterator<Item = V>,
        version: Option<&str>,
    ) -> Result<(), Error> {
        let items = objects.into_iter().map(Input::Item);
        let end = Input::Synced(version.map(str::to_owned));
        self.send_all(std::iter::once(Input::Restart).chain(items).chain([end]))
    }

    /// An object is there, new or changed.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn apply(&mut self, object: V) -> Result<(), Error> {
        self.send(Input::Apply(object))
    }

    /// An object is gone.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn remove(&mut self, object: V) -> Result<(), Error> {
        self.send(Input::Remove(object))
    }

    /// Closes the publisher: the source ended as it should.
    pub fn close(mut self) {
        self.writer.close(&Error::Closed);
    }

    /// Of what is there only this stays, whatever the source has of the rest. A list that is not complete is
    /// thrown away.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub(crate) fn keep_only(&mut self, keeps: impl Fn(&V) -> bool) -> Result<(), Error> {
        if let Some(error) = self.writer.error() {
            return Err(error);
        }
        let state = self.writer.state();
        let mut updates = Vec::new();
        for lost in state.unordered().filter(|object| !keeps(object)) {
            let key = Key::of(&**lost);
            let hash = key.parts().hash64();
            self.fingerprints.put(hash, None);
            self.old_incarnation.remove(&key);
            self.core().clear_bad(&key, false);
            updates.push(Entry::remove(hash, key));
        }
        let incarnation = state.moment.incarnation;
        drop(state);
        if !updates.is_empty() {
            self.writer
                .commit_entries(incarnation, updates.drain(..), &[]);
        }
        if matches!(self.mode, Mode::Listing(_)) {
            self.core().change_bad(BadObjects::begin_list);
            self.mode = if self.core().phase().is_ready() {
                Mode::Watching
            } else {
                Mode::Listing(Listing::new(self.writer.state()))
            };
        }
        Ok(())
    }

    /// How many objects the list that comes in has so far.
    pub(crate) fn listed(&self) -> usize {
        match &self.mode {
            Mode::Listing(listing) => listing.len(),
            Mode::Watching => 0,
        }
    }

    /// True if nothing is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.core().state.load().len() == 0
    }

    /// A list was older than what was requested, and is thrown away.
    pub(crate) fn refused(&mut self) {
        self.writer.stale_input();
    }

    pub(crate) fn core(&self) -> &Arc<Core<V>> {
        self.writer.core()
    }

    /// Closes the publisher, because the source cannot go on.
    pub(crate) fn fail(mut self, error: &Error) {
        self.writer.close(error);
    }

    /// Waits until the publisher is closed, or nobody reads it any longer.
    pub async fn closed(&self) -> Error {
        self.writer.closed().await
    }

    fn take(
        &mut self,
        input: Input<V>,
        fingerprint: Option<Fingerprint>,
        updates: &mut Updates<V>,
    ) {
        match (input, &mut self.mode) {
            (Input::Restart, _) => {
                self.flush(updates);
                self.mode = Mode::Listing(Listing::new(self.writer.state()));
                self.core().change_bad(BadObjects::begin_list);
            }
            (Input::Synced(version), _) => {
                self.flush(updates);
                self.synced(version.as_deref());
            }
            (Input::Bookmark(version), _) => {
                raise(&mut self.seen, &version);
                self.recovered();
            }
            (Input::Bad(key, error), mode) => {
                let listing = match mode {
                    Mode::Listing(listing) => Some(listing),
                    Mode::Watching => None,
                };
                let lists = listing.is_some();
                if let Some(listing) = listing {
                    listing.keep(key.clone());
                }
                self.core().report_bad(key, &error.to_string(), lists);
            }
            (Input::Failed(failure), _) => self.writer.degraded(failure),
            (Input::Item(object) | Input::Apply(object), _) => {
                self.applied(object, fingerprint, updates);
            }
            (Input::Remove(object), _) => self.gone(Key::of(&object), object.version(), updates),
            (Input::Gone(key, version), _) => {
                self.gone(key, version.as_deref().unwrap_or_default(), updates);
            }
        }
    }

    fn applied(&mut self, object: V, fingerprint: Option<Fingerprint>, updates: &mut Updates<V>) {
        if object.name().is_empty() {
            let error = DecodeError::new("it has no name");
            return self.take(Input::Bad(None, error), None, updates);
        }
        let hash = KeyRef::of(&object).hash64();
        if self.core().has_bad() {
            self.clear_bad(&Key::of(&object));
        }
        if let Mode::Listing(listing) = &mut self.mode {
            let known = self.fingerprints.get(hash);
            return listing.put(hash, object, fingerprint, known);
        }
        self.recovered();
        self.flush_before(hash, KeyRef::of(&object), updates);
        if !self.old_incarnation.is_empty() {
            self.old_incarnation.remove(&Key::of(&object));
        }
        raise(&mut self.seen, object.version());
        let is_repeated = self.is_repeated(hash, &object, fingerprint);
        self.fingerprints.put(hash, fingerprint);
        if !is_repeated {
            updates.push_new(Entry::put(hash, Arc::new(object)));
        }
    }

    /// True if an object that came in a list is there already, the very same: then it is taken, and need
    /// not be decoded. Of the same bytes the same object is made, whatever else the server is by now.
    pub(crate) fn keeps(&mut self, raw: Raw<'_>) -> bool {
        let Mode::Listing(listing) = &mut self.mode else {
            return false;
        };
        let Some(identity) = Identity::read(raw) else {
            return false;
        };
        let key = KeyRef(identity.namespace, identity.name);
        let hash = key.hash64();
        let Some((slot, there)) = listing.there(hash, key) else {
            return false;
        };
        let known = self.fingerprints.get(hash);
        let is_it = there.uid() == identity.uid
            && version::compare(there.version(), identity.version) == Some(Ordering::Equal)
            && known == Some(Fingerprint::of(raw));
        if is_it {
            listing.is_unchanged(slot);
            if self.core().has_bad() {
                self.clear_bad(&Key::new(key.0, key.1));
            }
        }
        is_it
    }

    /// True if the very same is there already.
    fn is_repeated(&self, hash: u64, object: &V, fingerprint: Option<Fingerprint>) -> bool {
        if fingerprint.is_none() || fingerprint != self.fingerprints.get(hash) {
            return false;
        }
        let state = self.writer.state();
        let there = state.at(KeyRef::of(object));
        there.is_some_and(|there| listing::is_same_version(object, &**there))
    }

    fn gone(&mut self, key: Key, version: &str, updates: &mut Updates<V>) {
        self.clear_bad(&key);
        let hash = key.parts().hash64();
        if let Mode::Listing(listing) = &mut self.mode {
            return listing.take(hash, &key, version);
        }
        self.recovered();
        self.flush_before(hash, key.parts(), updates);
        if !self.old_incarnation.is_empty() {
            self.old_incarnation.remove(&key);
        }
        self.fingerprints.put(hash, None);
        raise(&mut self.seen, version);
        // What is not there need not go: of a shard most of what a server sends may be that.
        if self.writer.state().at(key.parts()).is_some() {
            updates.push_new(Entry::remove(hash, key));
        }
    }

    fn clear_bad(&self, key: &Key) {
        let listing = matches!(self.mode, Mode::Listing(_));
        self.core().clear_bad(key, listing);
    }

    /// The list is complete: what it says, against what was there, is one commit.
    fn synced(&mut self, version: Option<&str>) {
        let Mode::Listing(listing) = std::mem::replace(&mut self.mode, Mode::Watching) else {
            return self.writer.live();
        };
        let incarnation = self.writer.state().moment.incarnation;
        let older = matches!((version, &self.seen), (Some(listed), Some(seen))
            if version::compare(listed, seen) == Some(Ordering::Less));
        let newest = listing.newest().map(str::to_owned);
        self.heard = true;
        self.core().counters.source.lists.add(1);
        self.core().change_bad(BadObjects::end_list);
        let ListDiff {
            mut updates,
            new_incarnation,
        } = listing.diff(&mut self.fingerprints, &mut self.old_incarnation, older);
        if new_incarnation {
            self.seen = None;
        }
        for version in [version, newest.as_deref()].into_iter().flatten() {
            raise(&mut self.seen, version);
        }
        let incarnation = incarnation + u64::from(new_incarnation);
        self.writer
            .commit_entries(incarnation, updates.drain(..), &[]);
        self.writer.live();
    }

    /// A watching source that says anything has recovered from whatever it had.
    fn recovered(&mut self) {
        if matches!(self.mode, Mode::Watching) {
            self.heard = true;
            self.writer.live();
        }
    }

    /// Commits what is there if the key is among it.
    fn flush_before(&mut self, hash: u64, key: KeyRef<'_>, updates: &mut Updates<V>) {
        if updates.contains(hash, key) {
            self.flush(updates);
        }
    }

    /// Tells who waits for a version how far the state is.
    fn report_seen(&mut self) {
        if std::mem::take(&mut self.heard) {
            self.core().counters.source.hear();
        }
        if let (Mode::Watching, Some(seen)) = (&self.mode, &self.seen) {
            self.writer.reached(seen);
        }
    }

    fn flush(&mut self, updates: &mut Updates<V>) {
        if !updates.is_empty() {
            let incarnation = self.writer.state().moment.incarnation;
            let updates = updates.take_entries();
            self.writer.commit_entries(incarnation, updates, &[]);
        }
    }
}

impl<V: Object> fmt::Debug for Feed<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed")
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}
