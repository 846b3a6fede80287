//! From the reflector to the feed, in portions.

use tokio::task::yield_now;

use crate::codec::Raw;
use crate::encoding::Encoding;
use crate::error::Error;
use crate::feed::{Feed, Fingerprint, Input};
use crate::object::{Key, Object};
use crate::offload::offload;

/// Collects what has come in and makes it one commit, and lets other tasks have their turn in
/// between.
pub(super) struct Sink<V: Object> {
    /// Away only while a big list is being committed.
    feed: Option<Feed<V>>,
    batch: Vec<(Input<V>, Option<Fingerprint>)>,
    /// How many bytes were decoded since other tasks had their turn.
    bytes: usize,
}

/// About half a millisecond's worth of decoding.
const TURN: usize = 128 << 10;

impl<V: Object> Sink<V> {
    pub(super) fn new(feed: Feed<V>) -> Self {
        Self {
            feed: Some(feed),
            batch: Vec::new(),
            bytes: 0,
        }
    }

    /// Takes an input, to be committed with the next [`flush`](Self::flush).
    pub(super) fn put(&mut self, input: Input<V>) {
        self.batch.push((input, None));
    }

    /// The same for an object that was made of these bytes.
    pub(super) fn put_decoded(&mut self, input: Input<V>, raw: Raw<'_>) {
        self.batch.push((input, Some(Fingerprint::of(raw))));
    }

    /// True if anything is there that an object of a list can be compared with.
    pub(super) fn has_objects(&self) -> bool {
        self.feed.as_ref().is_some_and(|feed| !feed.is_empty())
    }

    /// True if an object of a list is there already, as it is: then there is nothing to be decoded.
    pub(super) fn keeps(&mut self, raw: Raw<'_>) -> Result<bool, Error> {
        if !self.has_objects() {
            return Ok(false);
        }
        // What came before it has been said before it.
        self.flush()?;
        Ok(self.feed.as_mut().is_some_and(|feed| feed.keeps(raw)))
    }

    /// Notes what the server writes.
    pub(super) fn spoken(&self, encoding: Encoding) {
        if let Some(feed) = &self.feed {
            feed.core().counters.encoding.set(encoding);
        }
    }

    /// Notes whether the server sends no more than a shard; `None` if that is not known.
    pub(super) fn sharded(&self, known: Option<bool>) {
        if let Some(feed) = &self.feed {
            feed.core().counters.sharded.set(known);
        }
    }

    /// True if something is bad.
    pub(super) fn has_bad(&self) -> bool {
        self.feed.as_ref().is_some_and(|feed| feed.core().has_bad())
    }

    /// True if there is an object of this key.
    pub(super) fn has(&self, key: &Key) -> bool {
        let feed = self.feed.as_ref();
        feed.is_some_and(|feed| feed.core().state.load().at(key.parts()).is_some())
    }

    /// Commits that of what is there only this stays, and throws a list away that is not complete.
    pub(super) async fn keep_only(
        &mut self,
        keeps: impl Fn(&V) -> bool + Send + 'static,
    ) -> Result<(), Error> {
        self.flush()?;
        let Some(mut feed) = self.feed.take() else {
            return Err(Error::FeedEnded);
        };
        let count = feed.core().state.load().len();
        let commit = move || {
            let kept = feed.keep_only(keeps);
            (feed, kept)
        };
        let (feed, kept) = offload(count, commit).await.ok_or(Error::FeedEnded)?;
        self.feed = Some(feed);
        kept
    }

    /// Notes that a list was older than what was requested.
    pub(super) fn refused(&mut self) {
        if let Some(feed) = &mut self.feed {
            feed.refused();
        }
    }

    /// How many objects the list that comes in has so far.
    pub(super) fn listed(&mut self) -> Result<usize, Error> {
        self.flush()?;
        Ok(self.feed.as_ref().map_or(0, Feed::listed))
    }

    /// Commits what was put in.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        match &mut self.feed {
            Some(feed) if !self.batch.is_empty() => feed.send_fingerprinted(self.batch.drain(..)),
            Some(_) => Ok(()),
            None => Err(Error::FeedEnded),
        }
    }

    /// Notes that so many bytes were decoded; after enough of them, commits and lets others run.
    pub(super) async fn spent(&mut self, bytes: usize) -> Result<(), Error> {
        if let Some(feed) = &self.feed {
            feed.core().counters.source.received.add(bytes as u64);
        }
        self.bytes += bytes;
        if self.bytes >= TURN {
            self.bytes = 0;
            self.flush()?;
            yield_now().await;
        }
        Ok(())
    }

    /// Commits the list that has come in.
    pub(super) async fn synced(&mut self, version: Option<String>) -> Result<(), Error> {
        self.flush()?;
        let Some(mut feed) = self.feed.take() else {
            return Err(Error::FeedEnded);
        };
        let end = Input::Synced(version);
        // What is gone takes as long as what is there.
        let count = feed.listed().max(feed.core().state.load().len());
        let commit = move || {
            let sent = feed.send(end);
            (feed, sent)
        };
        let (feed, sent) = offload(count, commit).await.ok_or(Error::FeedEnded)?;
        self.feed = Some(feed);
        sent
    }

    /// Closes the publisher for a reason of our own.
    pub(super) fn fail(self, error: &Error) {
        if let Some(feed) = self.feed {
            feed.fail(error);
        }
    }
}
