//! Streaming lists and watches.

use std::time::Duration;

use tokio::time::Instant;

use super::check::{Answer, Check, NoVersion, Verdict};
use super::decoder::{self, Kind, Read};
use super::silence::{self, LONGEST_SILENCE};
use super::watching::{WatchSignal, Watching};
use super::{Interrupt, Reflector, Step, backoff};
use crate::codec::{Codec, DecodeError, Header, Raw};
use crate::error::Error;
use crate::failure::{Cause, Failure, Operation};
use crate::feed::Input;
use crate::object::{Key, Object};
use crate::wire::{EventKind, Frame, WatchBody, WireError};

/// How much longer than the requested time an open watch is waited for.
const GRACE: Duration = Duration::from_secs(15);
/// What marks the bookmark after a streaming list (KEP-3157).
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// How an open watch ended.
enum WatchEnd {
    /// It was closed, cut or given up.
    Over,
    /// The server said that something is wrong, or something that is no watch.
    Failed(Failure),
    /// Another shard is asked for.
    Resharded,
}

/// What follows from a frame.
enum FrameOutcome {
    Continue,
    /// The initial list is complete, and of this version.
    Synced(Option<String>),
    End(Failure),
}

impl<V: Object, C: Codec<V>> Reflector<V, C> {
    pub(super) async fn stream(&mut self) -> Result<Step, Error> {
        self.sink.put(Input::Restart);
        self.sharding.begin_list(true);
        let failure = match self.open_watch(true).await {
            Err(Interrupt::Ended(error)) => return Err(error),
            Err(Interrupt::Resharded) => return Ok(Step::Stream),
            Err(Interrupt::Failed(failure)) => failure,
            Ok(mut watching) => match self.follow(&mut watching).await? {
                end if !watching.initial => return self.after(watching, end).await,
                WatchEnd::Resharded => return Ok(Step::Stream),
                WatchEnd::Failed(failure) => failure,
                WatchEnd::Over => {
                    tracing::debug!("the streaming list ended before it was complete");
                    return Ok(Step::List);
                }
            },
        };
        if failure.is_refused() {
            self.back_off(Operation::StreamingList, &failure).await?;
            return Ok(Step::Stream);
        }
        if self.goes_on_with_json(&failure) {
            self.report(Operation::StreamingList, &failure, Duration::ZERO)?;
            return Ok(Step::Stream);
        }
        // Without a version there is nothing to expire, so it is not requested twice.
        let again = self.versions.of_list().is_some();
        if failure.is_expired() || failure.is_too_large() {
            self.versions.unavailable();
            if again {
                return Ok(Step::Stream);
            }
        }
        tracing::debug!(%failure, "the server does not stream the list");
        Ok(Step::List)
    }

    pub(super) async fn watch(&mut self) -> Result<Step, Error> {
        if self.versions.seen().is_none() {
            // A watch without a version would begin with what there is and not say what is gone.
            self.back_off(Operation::Watch, &Failure::new(Cause::Unversioned))
                .await?;
            return Ok(Step::Stream);
        }
        match self.open_watch(false).await {
            Ok(mut watching) => {
                let end = self.follow(&mut watching).await?;
                self.after(watching, end).await
            }
            Err(Interrupt::Ended(error)) => Err(error),
            Err(Interrupt::Resharded) => Ok(Step::Watch),
            Err(Interrupt::Failed(failure)) => {
                self.back_off(Operation::Watch, &failure).await?;
                Ok(if failure.is_unanswered() {
                    Step::Watch
                } else {
                    Step::Stream
                })
            }
        }
    }

    async fn open_watch(&mut self, initial: bool) -> Result<Watching, Interrupt> {
        let version = if initial {
            self.versions.of_list()
        } else {
            self.versions.seen()
        };
        let version = version.map(str::to_owned);
        let (mut sent, mut deadline) = (Instant::now(), Instant::now());
        let doing = if initial {
            Operation::StreamingList
        } else {
            Operation::Watch
        };
        let incoming = self.open(doing, |target| {
            let timeout = backoff::watch_timeout();
            sent = Instant::now();
            deadline = sent + timeout + GRACE;
            let request = if initial {
                target.stream(version.as_deref(), timeout)
            } else {
                target.watch(version.as_deref(), timeout)
            };
            // Something in between may hold the head of a watch back until there is an event.
            let longest = if initial {
                LONGEST_SILENCE
            } else {
                timeout + GRACE
            };
            (request, sent + longest)
        });
        let incoming = incoming.await?;
        self.counts.watches.add(1);
        let frames = WatchBody::new(incoming.encoding(), self.target.largest);
        let mut watching = Watching::new(incoming, frames, sent, deadline);
        watching.initial = initial;
        self.kinds.open();
        Ok(watching)
    }

    /// What comes after a watch that was open.
    async fn after(&mut self, watching: Watching, end: WatchEnd) -> Result<Step, Error> {
        let (short, events) = (watching.was_short(), watching.events);
        drop(watching);
        match end {
            WatchEnd::Resharded => Ok(Step::Watch),
            WatchEnd::Over if !short => Ok(Step::Watch),
            WatchEnd::Over => {
                self.back_off(Operation::Watch, &Failure::new(Cause::Short))
                    .await?;
                Ok(if events > 0 {
                    Step::Watch
                } else {
                    Step::Stream
                })
            }
            WatchEnd::Failed(failure) => {
                self.back_off(Operation::Watch, &failure).await?;
                Ok(if failure.is_refused() {
                    Step::Watch
                } else {
                    Step::Stream
                })
            }
        }
    }

    /// Reads a watch to its end. What is there is one commit; nothing waits for more.
    async fn follow(&mut self, watching: &mut Watching) -> Result<WatchEnd, Error> {
        let mut check = Check::default();
        loop {
            if let Some(failure) = self.frames(watching).await? {
                self.sink.flush()?;
                return Ok(WatchEnd::Failed(failure));
            }
            if self.sharding.requests.is_asked() {
                return Ok(WatchEnd::Resharded);
            }
            let signal = if let Some(signal) = watching.poll().await {
                signal
            } else {
                self.sink.flush()?;
                if self.versions.doubted().is_none() {
                    check.stop();
                }
                tokio::select! {
                    biased;
                    () = self.sharding.requests.asked() => return Ok(WatchEnd::Resharded),
                    signal = watching.wait() => signal,
                    answer = check.answer() => {
                        if let Some(failure) = self.answered(answer, &mut check, watching)? {
                            return Ok(WatchEnd::Failed(failure));
                        }
                        continue;
                    }
                }
            };
            match signal {
                WatchSignal::Bytes => {}
                WatchSignal::Quiet(time) => {
                    if let Some(failure) = self.quiet(time)? {
                        return Ok(WatchEnd::Failed(failure));
                    }
                }
                WatchSignal::Settled => self.settled(&mut check, watching)?,
                WatchSignal::End => {
                    self.versions.broke(watching.broke);
                    self.sink.flush()?;
                    return Ok(WatchEnd::Over);
                }
            }
        }
    }

    /// A streaming list has brought nothing new for some time. That is reported, and at last a failure.
    fn quiet(&mut self, time: Duration) -> Result<Option<Failure>, Error> {
        let failure = Failure::unfinished(time);
        silence::report(&mut self.sink, Operation::StreamingList, failure.clone())?;
        Ok((time >= LONGEST_SILENCE).then_some(failure))
    }

    /// A watch stays open. After a failure it is checked whether the versions go on; else it is fresh.
    fn settled(&mut self, check: &mut Check, watching: &Watching) -> Result<(), Error> {
        match self.versions.doubted() {
            Some(known) if !watching.initial => {
                check.request(&self.client, &self.target, known);
                Ok(())
            }
            _ => self.is_fresh(watching),
        }
    }

    /// Takes the newest list's answer; a failure ends the watch.
    fn answered(
        &mut self,
        answer: Answer,
        check: &mut Check,
        watching: &Watching,
    ) -> Result<Option<Failure>, Error> {
        let newest = answer.map_err(|none| match none {
            NoVersion::Failed(failure) => failure,
            NoVersion::Unread(error, said) => self.doubts.failure(error, said),
        });
        if let Err(failure) = &newest
            && self.goes_on_with_json(failure)
        {
            self.report(Operation::List, failure, Duration::ZERO)?;
            check.request_again(&self.client, &self.target);
            return Ok(None);
        }
        match check.verdict(&newest, &self.client, &self.target) {
            Verdict::Behind => {
                self.versions.unavailable();
                return Ok(Some(Failure::new(Cause::Behind)));
            }
            Verdict::GoesOn(newest) => self.versions.confirmed(&newest.unwrap_or_default()),
            Verdict::Unknown { passes } => self.versions.doubt(passes),
        }
        self.is_fresh(watching)?;
        Ok(None)
    }

    /// A watch that stays open has nothing newer than what is known: the state is fresh again.
    fn is_fresh(&mut self, watching: &Watching) -> Result<(), Error> {
        if !watching.initial && !self.report_wrong_kind() {
            self.trouble = None;
            self.sink.put(match self.versions.seen() {
                Some(version) => Input::Bookmark(version.to_owned()),
                None => Input::Synced(None),
            });
        }
        self.sink.flush()
    }

    /// Takes all frames that have come; a failure ends the watch.
    async fn frames(&mut self, watching: &mut Watching) -> Result<Option<Failure>, Error> {
        loop {
            let frame = match watching.frames.next() {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(None),
                Err(error) => return Ok(Some(self.doubts.failure(error, watching.said()))),
            };
            let bytes = frame.object.bytes().len();
            watching.events += 1;
            watching.list.brought(frame.kind);
            match self.frame(&frame, watching.initial)? {
                FrameOutcome::Continue => {}
                FrameOutcome::End(failure) => return Ok(Some(failure)),
                FrameOutcome::Synced(version) => {
                    if let Err(failure) = self.refuse_older(version.as_deref()) {
                        return Ok(Some(failure));
                    }
                    self.synced(version).await?;
                    watching.initial = false;
                }
            }
            self.sink.spent(bytes).await?;
        }
    }

    fn frame(&mut self, frame: &Frame<'_>, initial: bool) -> Result<FrameOutcome, Error> {
        if let Some(names) = self.outside(frame) {
            let missed = self.pass_by(&names, frame.kind, initial);
            return Ok(missed.map_or(FrameOutcome::Continue, FrameOutcome::End));
        }
        match frame.kind {
            EventKind::Added if initial && self.is_kept(frame)? => {
                self.kinds.ours();
                Ok(FrameOutcome::Continue)
            }
            EventKind::Added | EventKind::Modified | EventKind::Deleted => {
                let deleted = frame.kind == EventKind::Deleted;
                self.event(frame, deleted, initial)
            }
            EventKind::Bookmark => Ok(self.bookmark(frame, initial)),
            EventKind::Error => Ok(FrameOutcome::End(Failure::event(frame.object))),
            EventKind::Unknown => {
                // Whatever it says of the object, it is not known any longer.
                let error = DecodeError::new("its event is of an unknown type");
                self.sink.put(Input::Bad(None, error));
                Ok(FrameOutcome::End(WireError::NotAnEvent.into()))
            }
        }
    }

    /// True if an object of a streaming list is there already, as it is.
    fn is_kept(&mut self, frame: &Frame<'_>) -> Result<bool, Error> {
        if !self.sink.has_objects() {
            return Ok(false);
        }
        let ours = !matches!(self.decoder.kind(&frame.own_types()), Kind::Other(_));
        Ok(ours && frame.whole && self.keeps(frame.object)?)
    }

    fn event(
        &mut self,
        frame: &Frame<'_>,
        deleted: bool,
        initial: bool,
    ) -> Result<FrameOutcome, Error> {
        let read = self.decoder.event(frame)?;
        if deleted && self.is_unnamed(&read, frame.object) {
            // Whatever it was, it would stay here as a ghost.
            let error = DecodeError::new("it is deleted and has no name");
            self.sink.put(Input::Bad(None, error));
            return Ok(FrameOutcome::End(Failure::new(Cause::Nameless)));
        }
        let (input, version) = match read {
            Read::Garbled => {
                let encoding = frame.object.encoding();
                let failure = self.doubts.failure(WireError::garbled(encoding), None);
                return Ok(FrameOutcome::End(failure));
            }
            Read::NoObject => {
                self.sink.put(read.item(frame.object.encoding()));
                return Ok(FrameOutcome::End(WireError::NotAnEvent.into()));
            }
            Read::Other { key, kind } => return Ok(self.other(key, kind)),
            Read::Object(object, version) => {
                if deleted {
                    self.sharding.gone(|| Key::of(&object), initial);
                } else {
                    self.sharding.note(&object, frame.object, initial);
                }
                let make = if deleted { Input::Remove } else { Input::Apply };
                (Some(make(object)), Some(version))
            }
            Read::Bad {
                key,
                version,
                error,
            } => {
                let gone = key.clone().filter(|_| deleted);
                if let Some(key) = &gone {
                    self.sharding.gone(|| key.clone(), initial);
                }
                self.sink.put(Input::Bad(key, error));
                (gone.map(|key| Input::Gone(key, version.clone())), version)
            }
        };
        let missed = self.kinds.ours();
        if let Some(input) = input {
            self.sink.put_decoded(input, frame.object);
        }
        // The events of a streaming list are not in the order of their versions.
        if let (false, Some(version)) = (initial, version) {
            self.versions.saw(&version);
        }
        // A list has what there is, whatever else came.
        let missed = missed.filter(|_| !initial);
        Ok(missed.map_or(FrameOutcome::Continue, FrameOutcome::End))
    }

    /// An object of another kind is passed by; if there is nothing else, that is reported.
    fn other(&mut self, key: Option<Key>, kind: String) -> FrameOutcome {
        self.kinds.other(kind);
        let error = DecodeError::new(decoder::OTHER);
        self.sink.put(Input::Bad(key, error));
        self.report_wrong_kind();
        FrameOutcome::Continue
    }

    /// True if it is not said which object this is.
    fn is_unnamed(&self, read: &Read<V>, raw: Raw<'_>) -> bool {
        let is_bare = |namespace: &str| self.target.namespace.is_some() && namespace.is_empty();
        match read {
            Read::Object(object, _) => {
                // A stored form need not know its namespace.
                object.name().is_empty()
                    || is_bare(object.namespace().unwrap_or_default())
                        && Header::read(raw)
                            .and_then(|header| header.key())
                            .is_none_or(|key| is_bare(key.namespace()))
            }
            Read::Bad { key, .. } => key.as_ref().is_none_or(|key| is_bare(key.namespace())),
            Read::Other { .. } | Read::NoObject | Read::Garbled => false,
        }
    }

    fn bookmark(&mut self, frame: &Frame<'_>, initial: bool) -> FrameOutcome {
        let header = Header::read(frame.object).unwrap_or_default();
        let version = header.version();
        self.kinds.bookmark(&self.decoder.kind(&frame.own_types()));
        if initial {
            let ends = header.annotation(INITIAL_EVENTS_END) == Some("true");
            // OpenShift's ends it without a version: what follows brings one.
            return match ends.then(|| self.kinds.streamed()) {
                None => FrameOutcome::Continue,
                Some(None) => FrameOutcome::Synced(version.map(str::to_owned)),
                Some(Some(failure)) => FrameOutcome::End(failure),
            };
        }
        if let Some(version) = version {
            self.versions.saw(version);
            if !self.report_wrong_kind() {
                self.sink.put(Input::Bookmark(version.to_owned()));
            }
        }
        FrameOutcome::Continue
    }
}
