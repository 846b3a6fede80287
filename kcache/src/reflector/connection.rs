//! Requests, and bodies while they come in.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument as _, Span};

use super::spans;
use crate::encoding::Encoding;
use crate::failure::{Cause, Failure};

/// A body that is being read; dropping it ends the request.
pub(super) struct Incoming {
    body: Body,
    /// What its head says it is written in; `None` if that is something else than an API server writes.
    said: Option<Encoding>,
}

/// What comes of a body.
pub(super) enum Part {
    Chunk(Bytes),
    /// It has ended; with a failure if it broke off.
    End(Option<Failure>),
}

/// [`send`] for who has rules of its own for a refusal: the loader's client does not send it again.
pub(super) async fn send_once(
    client: &Client,
    request: Request<Body>,
    deadline: Instant,
) -> Result<Incoming, Failure> {
    #[cfg(feature = "client")]
    let request = {
        let mut request = request;
        request.extensions_mut().insert(kcc_core::client::NoRetry);
        request
    };
    send(client, request, deadline).await
}

/// Sends a request and waits for the head of a successful answer, at most until then.
pub(super) async fn send(
    client: &Client,
    request: Request<Body>,
    deadline: Instant,
) -> Result<Incoming, Failure> {
    let span = spans::request(&request);
    let sent = send_in(&span, client, request, deadline);
    let sent = sent.instrument(span.clone()).await;
    if let Err(failure) = &sent {
        spans::failed(&span, failure);
    }
    sent
}

async fn send_in(
    span: &Span,
    client: &Client,
    request: Request<Body>,
    deadline: Instant,
) -> Result<Incoming, Failure> {
    let answered = timeout_at(deadline, client.send(request)).await;
    let response = answered
        .map_err(|_| Failure::new(Cause::Silent))?
        .map_err(|error| Failure::unreachable(&error))?;
    span.record("http.response.status_code", response.status().as_u16());
    if response.status().is_success() {
        let said = encoding_of(response.headers());
        let body = response.into_body();
        Ok(Incoming { body, said })
    } else {
        Err(Failure::refusal(response).await)
    }
}

/// An answer without a head for it is JSON.
fn encoding_of(headers: &HeaderMap) -> Option<Encoding> {
    match headers.get(CONTENT_TYPE) {
        None => Some(Encoding::Json),
        Some(value) => Encoding::of_content_type(value.to_str().ok()?),
    }
}

impl Incoming {
    /// What its head says it is written in; `None` if that is something else than an API server writes.
    pub(super) fn said(&self) -> Option<Encoding> {
        self.said
    }

    /// What it is read as. Not every server says `application/json` of JSON.
    pub(super) fn encoding(&self) -> Encoding {
        self.said.unwrap_or(Encoding::Json)
    }

    /// The next part.
    pub(super) async fn part(&mut self) -> Part {
        loop {
            match self.body.frame().await {
                None => return Part::End(None),
                Some(Err(error)) => return Part::End(Some(Failure::cut(&error))),
                Some(Ok(frame)) => {
                    // Trailers are of no use.
                    if let Ok(chunk) = frame.into_data() {
                        return Part::Chunk(chunk);
                    }
                }
            }
        }
    }

    /// The next part, if it is there already.
    pub(super) async fn ready_part(&mut self) -> Option<Part> {
        let mut part = pin!(self.part());
        poll_fn(|cx| match part.as_mut().poll(cx) {
            Poll::Ready(part) => Poll::Ready(Some(part)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    /// The next part, unless nothing comes for a time.
    pub(super) async fn part_within(&mut self, time: Duration) -> Part {
        let part = tokio::time::timeout(time, self.part()).await;
        part.unwrap_or_else(|_| Part::End(Some(Failure::new(Cause::Silent))))
    }
}
