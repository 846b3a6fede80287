use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use http::{Request, Response};
use hyper::body::Incoming;
use kube::client::Body;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceExt};

use super::body::ResponseBody;
use super::http2::{Http2Connect, Http2Pool};
use super::request;
use crate::client::error::ClientError;

/// A pool of HTTP/1.1 connections.
pub(super) type Http1Pool = BoxCloneSyncService<Request<Body>, Response<Incoming>, BoxError>;

/// Connections to one server that prove one client certificate.
pub(super) struct Connections {
    http1: Http1Pool,
    /// For what becomes another protocol.
    upgrades: Http1Pool,
    http2: Option<Http2>,
}

/// Watches have connections of their own: each keeps a stream for minutes, and the server allows a
/// connection so many.
struct Http2 {
    watches: Http2Pool,
    requests: Http2Pool,
    /// The server has chosen HTTP/1.1.
    is_refused: AtomicBool,
}

impl Connections {
    /// `connect` makes connections for HTTP/2, where that may be tried; `closing` is the error for a
    /// server that closes each of them at once.
    pub(super) fn new(
        http1: Http1Pool,
        connect: Option<Http2Connect>,
        closing: &ClientError,
    ) -> Self {
        let http2 = connect.map(|connect| Http2 {
            watches: Http2Pool::new(connect.clone(), closing.clone()),
            requests: Http2Pool::new(connect, closing.clone()),
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
    ) -> Result<Response<ResponseBody>, BoxError> {
        if let Some(http2) = self.http2.as_ref().filter(|http2| http2.may_have(&request)) {
            let pool = if request::is_stream(&request) {
                &http2.watches
            } else {
                &http2.requests
            };
            request = match pool.send(request).await? {
                Ok(response) => return Ok(response),
                Err(request) => {
                    http2.is_refused.store(true, Relaxed);
                    request
                }
            };
        }
        let http1 = if request::is_upgrade(&request) {
            &self.upgrades
        } else {
            &self.http1
        };
        let response = http1.clone().oneshot(request).await?;
        Ok(response.map(ResponseBody::from))
    }
}

impl Http2 {
    fn may_have(&self, request: &Request<Body>) -> bool {
        !self.is_refused.load(Relaxed) && !request::is_upgrade(request)
    }
}
