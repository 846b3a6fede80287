//! Follows one resource of an API server: lists, watches, and starts over where it has to.
//!
//! The rules are those of client-go's reflector (`tools/cache/reflector.go`, 1.37) where nothing
//! else is said; `docs/engine.md` draws the states and says why.

mod backoff;
mod check;
mod connection;
mod decoder;
mod failure;
mod kinds;
mod list;
mod patience;
mod sink;
mod watch;
mod watching;

use std::cmp::Ordering;
use std::time::Duration;

use http::Request;
use kube::Client;
use kube::client::Body;
use tokio::time::{Instant, sleep};

use self::backoff::Backoff;
use self::connection::Incoming;
use self::decoder::Decoder;
use self::failure::Failure;
use self::kinds::Kinds;
use self::sink::Sink;
use crate::codec::Codec;
use crate::error::Error;
use crate::failure::Operation;
use crate::feed::{Feed, Input};
use crate::object::Object;
use crate::request::{Target, TooLong};
use crate::version;

/// What the reflector does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Asks for a streaming list, and follows it as a watch when it is complete. What the server
    /// sent of a list before is thrown away.
    Stream,
    /// Asks for the list in pages, because the server would not stream it.
    List,
    /// Opens a watch at the version that was seen last, and follows it.
    Watch,
}

/// Lists and watches one resource, and tells a feed.
pub(crate) struct Reflector<V: Object, C> {
    client: Client,
    target: Target,
    /// How many objects a page holds, if the user said so.
    page_size: Option<u32>,
    decoder: Decoder<C>,
    kinds: Kinds,
    sink: Sink<V>,
    backoff: Backoff,
    /// The newest version that was seen.
    version: Option<String>,
    /// The server could not give a list at that version, so the next asks for none.
    unavailable: bool,
    /// Something went wrong since the server has last shown that its versions go on.
    doubt: bool,
    /// There has been a complete list: any other may be older than it.
    listed: bool,
    /// The server has answered with pages.
    paginated: bool,
    /// Its pages led nowhere, so it is asked for none.
    whole: bool,
}

/// Why a list was not completed.
enum Halt {
    /// It failed and is tried again.
    Failed(Failure),
    /// The publisher is closed, or a codec panicked: there is no going on.
    Ended(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Ended(error)
    }
}

impl From<Failure> for Halt {
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
    ) -> Self {
        Self {
            client,
            decoder: Decoder::new(codec, &target),
            kinds: Kinds::new(&target),
            target,
            page_size,
            sink: Sink::new(feed),
            backoff: Backoff::default(),
            version: None,
            unavailable: false,
            doubt: false,
            listed: false,
            paginated: false,
            whole: false,
        }
    }

    /// Goes on until the publisher is closed.
    pub(crate) async fn run(mut self) {
        let mut step = Step::Stream;
        let error = loop {
            tracing::debug!(?step, version = self.version, "next");
            let next = match step {
                Step::Stream => self.stream().await,
                Step::List => self.list().await,
                Step::Watch => self.watch().await,
            };
            match next {
                Ok(next) => step = next,
                Err(error) => break error,
            }
        };
        self.sink.fail(&error);
    }

    /// Sends what `ask` makes, and again as often as the server says when.
    async fn open(
        &mut self,
        doing: Operation,
        mut ask: impl FnMut(&Target) -> (Result<Request<Body>, TooLong>, Instant),
    ) -> Result<Incoming, Halt> {
        let mut waits = 0;
        loop {
            let (request, deadline) = ask(&self.target);
            let request = request.map_err(Failure::from)?;
            let sent = connection::send(&self.client, request, deadline);
            let sent = patience::waited(&mut self.sink, doing, Failure::waiting, sent);
            let failure = match sent.await? {
                Ok(incoming) => return Ok(incoming),
                Err(failure) => failure,
            };
            match failure.wait_asked_for() {
                Some(wait) if waits < WAITS => {
                    waits += 1;
                    self.tell(doing, &failure, wait)?;
                    sleep(wait).await;
                }
                _ => return Err(failure.into()),
            }
        }
    }

    /// Says that something failed, and waits before anything is tried again.
    async fn back_off(&mut self, doing: Operation, failure: &Failure) -> Result<(), Error> {
        let wait = self.backoff.next();
        let wait = wait.max(failure.retry_after().unwrap_or_default());
        self.tell(doing, failure, wait)?;
        sleep(wait).await;
        Ok(())
    }

    fn tell(&mut self, doing: Operation, failure: &Failure, wait: Duration) -> Result<(), Error> {
        tracing::warn!(%failure, ?wait, "{doing} failed");
        self.doubt |= !failure.is_short();
        let failure = failure.clone().during(doing);
        self.sink.put(Input::Failed(failure));
        self.sink.flush()
    }

    /// Says that what comes is of another kind, if that is so.
    fn complain(&mut self) -> bool {
        let failure = self.kinds.complaint();
        if let Some(failure) = &failure {
            self.sink
                .put(Input::Failed(failure.clone().during(Operation::Watch)));
        }
        failure.is_some()
    }

    /// Notes a version that was seen: an older one than before says nothing new.
    fn saw(&mut self, seen: &str) {
        if !version::is_one(seen) {
            return;
        }
        match version::compare(seen, self.version.as_deref().unwrap_or_default()) {
            Some(Ordering::Less) => return,
            Some(Ordering::Greater) => self.doubt = false,
            _ => {}
        }
        self.version = Some(seen.to_owned());
    }

    /// Commits the list that has come in; it says from where on to watch.
    async fn synced(&mut self, version: Option<String>) -> Result<(), Error> {
        tracing::debug!(version, "listed");
        self.sink.synced(version.clone()).await?;
        self.version = version.filter(|version| version::is_one(version));
        self.unavailable = false;
        self.doubt = false;
        self.listed = true;
        Ok(())
    }

    /// A list that is older than what it was asked for is thrown away.
    fn refuse_older(&mut self, listed: Option<&str>) -> Result<(), Failure> {
        let order = listed
            .zip(self.list_version())
            .and_then(|(listed, asked)| version::compare(listed, asked));
        if order != Some(Ordering::Less) {
            return Ok(());
        }
        tracing::warn!("a list is older than what was asked for");
        self.sink.refused();
        Err(Failure::older())
    }

    /// The version that a list must not be older than.
    fn list_version(&self) -> Option<&str> {
        self.version.as_deref().filter(|_| !self.unavailable)
    }
}
