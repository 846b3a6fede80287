use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use http::{Request, Response};
use hyper::body::Incoming;
use kube::client::Body;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceExt};

use super::error::ClientError;
use super::streams::{Answer, Dial, Streams};
use super::verb;

/// A pool of HTTP/1.1 connections.
pub(super) type Http1 = BoxCloneSyncService<Request<Body>, Response<Incoming>, BoxError>;

/// Connections to one server that prove one client certificate.
pub(super) struct Connections {
    http1: Http1,
    /// For what becomes another protocol.
    upgrades: Http1,
    http2: Option<Http2>,
}

/// Watches have connections of their own: each keeps a stream for minutes, and the server allows a
/// connection so many.
struct Http2 {
    watches: Streams,
    requests: Streams,
    /// The server has chosen HTTP/1.1.
    is_refused: AtomicBool,
}

impl Connections {
    /// `dial` makes connections for HTTP/2, where that may be tried, and `closing` is said of a server
    /// that closes each of them at once.
    pub(super) fn new(http1: Http1, dial: Option<Dial>, closing: &ClientError) -> Self {
        let http2 = dial.map(|dial| Http2 {
            watches: Streams::new(dial.clone(), closing.clone()),
            requests: Streams::new(dial, closing.clone()),
            is_refused: AtomicBool::new(false),
        });
        Self {
            upgrades: http1.clone(),
            http1,
            http2,
        }
    }

    /// Upgrades go by the connections of another.
    pub(super) fn with_upgrades(self, other: Self) -> Self {
        let upgrades = other.http1;
        Self { upgrades, ..self }
    }

    pub(super) async fn send(
        &self,
        mut request: Request<Body>,
    ) -> Result<Response<Answer>, BoxError> {
        if let Some(http2) = self.http2.as_ref().filter(|http2| http2.may_have(&request)) {
            let streams = if verb::is_stream(&request) {
                &http2.watches
            } else {
                &http2.requests
            };
            request = match streams.send(request).await? {
                Ok(response) => return Ok(response),
                Err(request) => {
                    http2.is_refused.store(true, Relaxed);
                    request
                }
            };
        }
        let http1 = if verb::is_upgrade(&request) {
            &self.upgrades
        } else {
            &self.http1
        };
        let response = http1.clone().oneshot(request).await?;
        Ok(response.map(Answer::from))
    }
}

impl Http2 {
    fn may_have(&self, request: &Request<Body>) -> bool {
        !self.is_refused.load(Relaxed) && !verb::is_upgrade(request)
    }
}
