//! Streaming lists and watches.

use std::time::Duration;

use tokio::time::Instant;

use super::decoder::Read;
use super::failure::Failure;
use super::watching::{Happening, Watching};
use super::{Halt, Reflector, Step, backoff};
use crate::codec::{Codec, Header};
use crate::error::Error;
use crate::feed::Input;
use crate::object::Object;
use crate::wire::{EventKind, Frame, WatchBody, WireError};

/// How much longer than the server was asked to keep a watch open it is waited for.
const GRACE: Duration = Duration::from_secs(15);
/// What marks the bookmark after a streaming list (KEP-3157).
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// How an open watch ended.
enum Ending {
    /// It was closed, cut or given up.
    Over,
    /// The server said that something is wrong, or something that is no watch.
    Failed(Failure),
}

/// What a frame asks for.
enum Flow {
    Go,
    /// The initial list is complete, and of this version.
    Synced(Option<String>),
    End(Failure),
}

impl<V: Object, C: Codec<V>> Reflector<V, C> {
    pub(super) async fn stream(&mut self) -> Result<Step, Error> {
        self.sink.put(Input::Restart);
        let failure = match self.open_watch(true).await {
            Err(Halt::Ended(error)) => return Err(error),
            Err(Halt::Failed(failure)) => failure,
            Ok(mut watching) => match self.follow(&mut watching).await? {
                ending if !watching.initial => return self.after(watching, ending).await,
                Ending::Failed(failure) => failure,
                Ending::Over => {
                    tracing::debug!("the streaming list ended before it was complete");
                    return Ok(Step::List);
                }
            },
        };
        if failure.is_refused() {
            self.back_off("streaming list", &failure).await?;
            return Ok(Step::Stream);
        }
        // Without a version there is nothing to expire, so it is not asked twice.
        let again = self.list_version().is_some();
        if failure.is_expired() || failure.is_too_large() {
            self.unavailable = true;
            if again {
                return Ok(Step::Stream);
            }
        }
        tracing::debug!(%failure, "the server does not stream the list");
        Ok(Step::List)
    }

    pub(super) async fn watch(&mut self) -> Result<Step, Error> {
        match self.open_watch(false).await {
            Ok(mut watching) => {
                let ending = self.follow(&mut watching).await?;
                self.after(watching, ending).await
            }
            Err(Halt::Ended(error)) => Err(error),
            Err(Halt::Failed(failure)) => {
                self.back_off("watch", &failure).await?;
                Ok(if failure.is_unanswered() {
                    Step::Watch
                } else {
                    Step::Stream
                })
            }
        }
    }

    async fn open_watch(&mut self, initial: bool) -> Result<Watching, Halt> {
        let version = if initial {
            self.list_version()
        } else {
            self.version.as_deref()
        };
        let version = version.map(str::to_owned);
        let (mut asked, mut deadline) = (Instant::now(), Instant::now());
        let doing = if initial { "streaming list" } else { "watch" };
        let incoming = self.open(doing, |target| {
            let timeout = backoff::watch_timeout();
            asked = Instant::now();
            deadline = asked + timeout + GRACE;
            let request = if initial {
                target.stream(version.as_deref(), timeout)
            } else {
                target.watch(version.as_deref(), timeout)
            };
            (request, deadline)
        });
        let incoming = incoming.await?;
        let frames = WatchBody::new(self.target.largest);
        let mut watching = Watching::new(incoming, frames, asked, deadline);
        watching.initial = initial;
        Ok(watching)
    }

    /// What comes after a watch that was open.
    async fn after(&mut self, watching: Watching, ending: Ending) -> Result<Step, Error> {
        let (short, events) = (watching.was_short(), watching.events);
        drop(watching);
        match ending {
            Ending::Over if !short => Ok(Step::Watch),
            Ending::Over => {
                self.back_off("watch", &Failure::short()).await?;
                Ok(if events > 0 {
                    Step::Watch
                } else {
                    Step::Stream
                })
            }
            Ending::Failed(failure) => {
                self.back_off("watch", &failure).await?;
                Ok(if failure.is_refused() {
                    Step::Watch
                } else {
                    Step::Stream
                })
            }
        }
    }

    /// Reads a watch to its end. What is there is one commit; nothing waits for more.
    async fn follow(&mut self, watching: &mut Watching) -> Result<Ending, Error> {
        loop {
            if let Some(failure) = self.frames(watching).await? {
                self.sink.flush()?;
                return Ok(Ending::Failed(failure));
            }
            let happening = if let Some(happening) = watching.poll().await {
                happening
            } else {
                self.sink.flush()?;
                watching.wait().await
            };
            match happening {
                Happening::Bytes => {}
                Happening::Settled => self.settled(watching)?,
                Happening::End => {
                    self.sink.flush()?;
                    return Ok(Ending::Over);
                }
            }
        }
    }

    /// A watch that stays open has nothing newer than what is known: the state is fresh again.
    fn settled(&mut self, watching: &Watching) -> Result<(), Error> {
        if !watching.initial {
            self.sink.put(match &self.version {
                Some(version) => Input::Bookmark(version.clone()),
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
                Err(error) => return Ok(Some(error.into())),
            };
            let bytes = frame.object.len();
            watching.events += 1;
            match self.frame(frame, watching.initial)? {
                Flow::Go => {}
                Flow::End(failure) => return Ok(Some(failure)),
                Flow::Synced(version) => {
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

    fn frame(&mut self, frame: Frame<'_>, initial: bool) -> Result<Flow, Error> {
        match frame.kind {
            EventKind::Added | EventKind::Modified | EventKind::Deleted => {
                let deleted = frame.kind == EventKind::Deleted;
                self.event(frame, deleted, initial)
            }
            EventKind::Bookmark => Ok(self.bookmark(frame.object, initial)),
            EventKind::Error => Ok(Flow::End(Failure::event(frame.object))),
            EventKind::Unknown => {
                tracing::warn!("an event of an unknown type is left out");
                Ok(Flow::Go)
            }
        }
    }

    fn event(&mut self, frame: Frame<'_>, deleted: bool, initial: bool) -> Result<Flow, Error> {
        let (input, version) = match self.decoder.event(frame)? {
            Read::Garbled => return Ok(Flow::End(WireError::NotJson.into())),
            Read::Object(object, version) => {
                let make = if deleted { Input::Remove } else { Input::Apply };
                (make(object), Some(version))
            }
            Read::Bad {
                key: Some(key),
                version,
                error,
            } if deleted && version.is_some() => {
                self.sink.put(Input::Bad(Some(key.clone()), error));
                (Input::Gone(key, version.clone()), version)
            }
            Read::Bad {
                key,
                version,
                error,
            } => (Input::Bad(key, error), version),
        };
        self.sink.put_made_of(input, frame.object);
        // The events of a streaming list are not in the order of their versions.
        if let (false, Some(version)) = (initial, version) {
            self.saw(&version);
        }
        Ok(Flow::Go)
    }

    fn bookmark(&mut self, json: &[u8], initial: bool) -> Flow {
        let header = Header::read(json).unwrap_or_default();
        let version = header.version();
        if initial {
            let ends = header.annotation(INITIAL_EVENTS_END) == Some("true");
            return match (ends, version) {
                (true, Some(version)) => Flow::Synced(Some(version.to_owned())),
                _ => Flow::Go,
            };
        }
        if let Some(version) = version {
            self.saw(version);
            self.sink.put(Input::Bookmark(version.to_owned()));
        }
        Flow::Go
    }
}
