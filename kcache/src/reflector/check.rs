//! Whether the versions of a server go on where they were.
//!
//! A server that was restored from a backup without a bumped revision takes a version from its future:
//! a watch from there on opens well, and is silent until the server has come as far again. What it
//! says meanwhile is lost, and what it has lost stays here. Its newest list shows it: a consistent read,
//! which does not lag behind on any of several servers.

use std::cmp::Ordering;
use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use http::Request;
use kube::Client;
use kube::client::Body;
use tokio::time::{Instant, sleep, timeout};

use super::backoff::{self, Backoff};
use super::connection::{self, Part};
use crate::encoding::Encoding;
use crate::failure::{Cause, Failure};
use crate::request::Target;
use crate::version;
use crate::wire::{ListBody, WireError};

/// How long an answer is waited for.
const LIMIT: Duration = Duration::from_secs(10);
/// Clients that were cut off together do not send their requests together.
const SPREAD: Duration = Duration::from_secs(1);
/// How many requests are sent while a watch is open.
const TRIES: u32 = 5;

/// The version of the newest list, if it has one.
pub(super) type NewestVersion = Result<Option<String>, Failure>;

/// The same, of a body that is not judged yet.
pub(super) type Answer = Result<Option<String>, NoVersion>;

/// Why there is no version.
pub(super) enum NoVersion {
    Failed(Failure),
    /// What the body is, and what its head says it is written in.
    Unread(WireError, Option<Encoding>),
}

impl From<Failure> for NoVersion {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A list of one object that is requested beside a watch.
#[derive(Default)]
pub(super) struct Check {
    pending: Option<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    /// The newest version that was known when it was requested.
    known: String,
    tries: u32,
    backoff: Backoff,
}

/// What follows from an answer.
pub(super) enum Verdict {
    /// The versions go on, as far as can be known: up to this one, if it has an order.
    GoesOn(Option<String>),
    /// The server is behind what it has sent before.
    Behind,
    /// There was no answer; whether another time may bring one.
    Unknown { passes: bool },
}

impl Check {
    /// Checks, after a moment.
    pub(super) fn request(&mut self, client: &Client, target: &Target, known: &str) {
        known.clone_into(&mut self.known);
        self.request_after(backoff::up_to(SPREAD), client, target);
    }

    /// Checks once more, at once: something else is requested.
    pub(super) fn request_again(&mut self, client: &Client, target: &Target) {
        self.request_after(Duration::ZERO, client, target);
    }

    fn request_after(&mut self, wait: Duration, client: &Client, target: &Target) {
        let (client, request) = (client.clone(), target.newest());
        let largest = target.largest;
        self.tries += 1;
        self.pending = Some(Box::pin(async move {
            sleep(wait).await;
            let request = request.map_err(Failure::from)?;
            let answer = timeout(LIMIT, version_of(&client, request, largest)).await;
            answer.unwrap_or_else(|_| Err(Failure::new(Cause::Silent).into()))
        }));
    }

    /// Nobody needs to know any longer.
    pub(super) fn stop(&mut self) {
        self.pending = None;
    }

    /// The answer, once there is one. This can be dropped and called again.
    pub(super) async fn answer(&mut self) -> Answer {
        let Some(pending) = &mut self.pending else {
            return pending().await;
        };
        let answer = pending.await;
        self.pending = None;
        answer
    }

    /// What an answer says; without one it is requested again, after a wait.
    pub(super) fn verdict(
        &mut self,
        answer: &NewestVersion,
        client: &Client,
        target: &Target,
    ) -> Verdict {
        match answer {
            Ok(Some(newest)) if version::compare(newest, &self.known) == Some(Ordering::Less) => {
                Verdict::Behind
            }
            Ok(newest) => Verdict::GoesOn(newest.clone()),
            Err(failure) => {
                tracing::debug!(%failure, "it is not known whether the versions go on");
                let passes = failure.passes();
                if passes && self.tries < TRIES {
                    let wait = self.backoff.next();
                    let wait = wait.max(failure.retry_after().unwrap_or_default());
                    self.request_after(wait, client, target);
                }
                Verdict::Unknown { passes }
            }
        }
    }
}

async fn version_of(client: &Client, request: Request<Body>, largest: usize) -> Answer {
    let mut incoming = connection::send_once(client, request, Instant::now() + LIMIT).await?;
    let said = incoming.said();
    let unread = |error| NoVersion::Unread(error, said);
    let mut body = ListBody::new(incoming.encoding(), largest);
    loop {
        // The object is of no use.
        while body.next().map_err(unread)?.is_some() {}
        match incoming.part().await {
            Part::Chunk(chunk) => body.push(chunk),
            Part::End(Some(failure)) => return Err(failure.into()),
            Part::End(None) => return Ok(body.finish().map_err(unread)?.resource_version),
        }
    }
}
