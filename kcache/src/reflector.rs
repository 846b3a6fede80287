//! Follows one resource of an API server: lists, watches, and starts over where it has to.
//!
//! The rules are those of client-go's reflector (`tools/cache/reflector.go`, 1.37) where nothing
//! else is said; `docs/engine.md` draws the states and says why.

mod classify;
mod backoff;
mod spans;
mod connection;
mod read;
mod decoder;
mod kinds;
mod pages;
mod versions;
mod names;
mod sharding;
mod sink;
mod silence;
mod doubts;
mod check;
mod watching;
mod outside;
mod list;
mod watch;
mod reshard;
mod live;

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use kube::Client;
use kube::client::Body;
use tokio::time::{Instant, sleep};
use tracing::{Instrument as _, Span};

use self::backoff::Backoff;
pub(crate) use self::classify::chain;
use self::connection::Incoming;
use self::decoder::Decoder;
use self::doubts::Doubts;
use self::kinds::Kinds;
pub(crate) use self::live::{LiveError, live_list};
use self::pages::Paging;
pub(crate) use self::read::read;
use self::sharding::{Asked, Sharding};
use self::sink::Sink;
use self::versions::Versions;
use self::watching::Watching;
use crate::codec::Codec;
use crate::counts::{Relist, SourceCounts};
use crate::error::Error;
use crate::failure::{Cause, Failure, Operation};
use crate::feed::{Feed, Input};
use crate::object::Object;
use crate::request::{Target, TooLong};
use crate::reshard::Requests;

/// What the reflector does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Requests a streaming list, and follows it as a watch when it is complete. What the server
    /// sent of a list before is thrown away.
    Stream,
    /// Requests the list in pages, because the server would not stream it.
    List,
    /// Opens a watch at the version that was seen last, and follows it.
    Watch,
    /// Requests nothing, because nothing matches, until another shard is asked for.
    Rest,
}

/// Lists and watches one resource, and fills a feed.
pub(crate) struct Reflector<V: Object, C> {
    client: Client,
    target: Target,
    decoder: Decoder<C>,
    kinds: Kinds,
    sink: Sink<V>,
    backoff: Backoff,
    versions: Versions,
    paging: Paging,
    doubts: Doubts,
    counts: Arc<SourceCounts>,
    /// As what the next list counts, after something went wrong.
    trouble: Option<Relist>,
    /// There has been a complete list.
    listed: bool,
    sharding: Sharding,
    /// What is waited before the next step.
    pause: Duration,
}

/// What came of a streaming list.
enum Streamed {
    /// The list is complete, and this is the watch.
    Complete(Box<Watching>),
    Next(Step),
}

/// Why a list was not completed.
enum Interrupt {
    /// It failed and is tried again.
    Failed(Failure),
    /// The publisher is closed, or a codec panicked: there is no going on.
    Ended(Error),
    /// Another shard is asked for.
    Resharded,
}

impl From<Asked> for Interrupt {
    fn from(Asked: Asked) -> Self {
        Self::Resharded
    }
}

impl From<Error> for Interrupt {
    fn from(error: Error) -> Self {
        Self::Ended(error)
    }
}

impl From<Failure> for Interrupt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// How often one request is sent again because the server said when (client-go's `rest.Request`).
const WAITS: u32 = 10;

impl<V: Object, C: Codec<V>> Reflector<V, C> {
    pub(crate) fn new(
        client: Client,
        target: Target,
        page_size: Option<u32>,
        codec: C,
        feed: Feed<V>,
        requests: Requests,
    ) -> Self {
        let counts = feed.core().counters.source.clone();
        let sharding = Sharding::new(&target, requests);
        Self {
            client,
            decoder: Decoder::new(codec, &target, counts.clone()),
            kinds: Kinds::new(&target),
            target,
            sink: Sink::new(feed),
            backoff: Backoff::default(),
            versions: Versions::default(),
            paging: Paging::new(page_size),
            doubts: Doubts::default(),
            counts,
            trouble: None,
            listed: false,
            sharding,
            pause: Duration::ZERO,
        }
    }

    /// Goes on until the publisher is closed.
    pub(crate) async fn run(mut self) {
        let mut step = Step::Stream;
        if self.target.is_nothing() {
            step = Step::Rest;
            self.complete();
        }
        let error = loop {
            let resource = || self.target.resource_name();
            tracing::debug!(
                k8s.resource = resource(),
                ?step,
                version = self.versions.seen(),
                "next"
            );
            let next = match step {
                Step::Stream => self.stream_and_watch().await,
                Step::List => {
                    let span = self.list_span();
                    self.list().instrument(span).await
                }
                Step::Watch => {
                    let span = spans::watch(&self.target);
                    self.watch().instrument(span).await
                }
                Step::Rest => self.rest().await,
            };
            let next = match next {
                Ok(next) => self.pause_before(next).await,
                error => error,
            };
            match next {
                Ok(next) => step = next,
                Err(error) => break error,
            }
        };
        self.sink.fail(&error);
    }

    /// Waits as long as is to be waited, or until another shard is asked for, and says what comes next.
    async fn pause_before(&mut self, next: Step) -> Result<Step, Error> {
        let pause = std::mem::take(&mut self.pause);
        if !pause.is_zero() {
            let _ = self.sharding.unless_asked(sleep(pause)).await;
        }
        self.take_shard(next).await
    }

    /// A streaming list, and the watch that it becomes.
    async fn stream_and_watch(&mut self) -> Result<Step, Error> {
        let span = self.list_span();
        match self.stream().instrument(span).await? {
            Streamed::Next(step) => Ok(step),
            Streamed::Complete(watching) => {
                let span = spans::watch(&self.target);
                self.go_on(*watching).instrument(span).await
            }
        }
    }

    fn list_span(&self) -> Span {
        let reason = match self.trouble {
            _ if !self.listed => "first",
            trouble => trouble.unwrap_or(Relist::Other).name(),
        };
        spans::list(&self.target, reason)
    }

    /// Sends what `make_request` makes, and again as often as the server says when.
    async fn open(
        &mut self,
        doing: Operation,
        mut make_request: impl FnMut(&Target) -> (Result<Request<Body>, TooLong>, Instant),
    ) -> Result<Incoming, Interrupt> {
        let mut waits = 0;
        // The shard that was left out of the request, to see whether that is what is wrong with it.
        let mut left_out = None;
        loop {
            let (request, deadline) = make_request(&self.target);
            let request = request.map_err(Failure::from)?;
            let sent = connection::send_once(&self.client, request, deadline);
            let sent = silence::wait_reporting(&mut self.sink, doing, Failure::waiting, sent);
            let failure = match self.sharding.unless_asked(sent).await?? {
                Ok(incoming) => {
                    self.sink.spoken(incoming.encoding());
                    if left_out.is_some() {
                        tracing::warn!("the server refuses to be asked for a shard");
                        self.sink.sharded(self.sharding.refused());
                    }
                    return Ok(incoming);
                }
                Err(failure) => failure,
            };
            if left_out.is_some() {
                self.target.requested_shard = left_out.take();
            } else if failure.is_misunderstood() && self.target.requested_shard.is_some() {
                left_out = self.target.requested_shard.take();
                continue;
            }
            if failure.is_not_acceptable() && self.target.request_less() {
                tracing::debug!(%failure, "less is requested");
                continue;
            }
            match failure.requested_wait() {
                Some(wait) if waits < WAITS => {
                    waits += 1;
                    self.report(doing, &failure, wait)?;
                    self.sharding.unless_asked(sleep(wait)).await?;
                }
                _ => return Err(failure.into()),
            }
        }
    }

    /// Says that something failed, and that is waited before the next step.
    fn back_off(&mut self, doing: Operation, failure: &Failure) -> Result<(), Error> {
        let wait = self.backoff.next();
        self.pause = wait.max(failure.retry_after().unwrap_or_default());
        self.report(doing, failure, self.pause)
    }

    /// True if the same is requested once more at once, as JSON.
    fn goes_on_with_json(&self, failure: &Failure) -> bool {
        self.target.protobuf && failure.is_mangled()
    }

    fn report(&mut self, doing: Operation, failure: &Failure, wait: Duration) -> Result<(), Error> {
        tracing::warn!(%failure, ?wait, "{doing} failed");
        spans::failed(&Span::current(), failure);
        if self.goes_on_with_json(failure) {
            tracing::warn!(
                "something in between changes protobuf, so JSON is requested from now on"
            );
            self.target.protobuf = false;
        }
        self.versions.broke(!failure.is_short());
        self.counts.failures.add(1);
        // A new list is made necessary by the last failure of a watch, whatever comes of lists after it.
        if doing == Operation::Watch || self.trouble.is_none() {
            self.trouble = Some(failure.relist());
        }
        let failure = failure.clone().during(doing);
        self.sink.put(Input::Failed(failure));
        self.sink.flush()
    }

    /// Says that what comes is of another kind, if that is so.
    fn report_wrong_kind(&mut self) -> bool {
        let failure = self.kinds.wrong_kind();
        if let Some(failure) = &failure {
            self.sink
                .put(Input::Failed(failure.clone().during(Operation::Watch)));
        }
        failure.is_some()
    }

    /// Commits the list that has come in; it says from where on to watch.
    async fn synced(&mut self, version: Option<String>) -> Result<(), Error> {
        tracing::debug!(version, "listed");
        // Whoever is ready by the list knows this, too.
        self.sink.sharded(self.sharding.judge());
        self.sink.synced(version.clone()).await?;
        Span::current().record("kcache.objects", self.sink.objects());
        let trouble = self.trouble.take();
        if std::mem::replace(&mut self.listed, true) {
            self.counts.relisted(trouble.unwrap_or(Relist::Other));
        }
        self.versions.synced(version);
        self.doubts.end();
        self.complete();
        Ok(())
    }

    /// A list that is older than what was requested is thrown away.
    fn refuse_older(&mut self, listed: Option<&str>) -> Result<(), Failure> {
        if !self.versions.is_older(listed) {
            return Ok(());
        }
        tracing::warn!("a list is older than what was requested");
        self.sink.refused();
        Err(Failure::new(Cause::Older))
    }
}
