//! The server as a `tower::Service`.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;

use super::answer::{Body, refuse};
use super::call::Call;
use super::fault::{Before, Mishap};
use super::form::Agreed;
use super::frame::cut;
use super::handler;
use super::request::RequestInfo;
use super::server::ApiServer;
use super::shared::Shared;
use super::status::Status;
use super::users::{Fingerprint, User, bearer};

/// The server as a service that `kube::Client::new` takes: no socket, no task, and on tokio's
/// clock, so that a test can pause it. A connection that is cut is an error of the call or of the
/// body.
///
/// Who sends no credentials is an administrator, unless [`ApiService::authenticated`] says
/// otherwise.
#[derive(Debug, Clone)]
pub struct ApiService {
    shared: Arc<Shared>,
    trusting: bool,
    certificate: Option<Fingerprint>,
}

impl ApiServer {
    /// The server as a service for `kube::Client::new`.
    pub fn service(&self) -> ApiService {
        ApiService::new(self.shared.clone())
    }
}

impl ApiService {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            trusting: true,
            certificate: None,
        }
    }

    /// Who sends no credentials is anonymous, and gets a 403.
    #[must_use]
    pub fn authenticated(mut self) -> Self {
        self.trusting = false;
        self
    }

    pub(super) fn with_certificate(mut self, certificate: Option<Fingerprint>) -> Self {
        self.certificate = certificate;
        self
    }

    fn identify(&self, headers: &HeaderMap) -> Result<User, Status> {
        if self.trusting && bearer(headers).is_none() {
            return Ok(User::admin());
        }
        self.shared.users.identify(headers, self.certificate)
    }

    async fn answer(self, head: http::request::Parts, body: Bytes) -> io::Result<Response<Body>> {
        let query = head.uri.query().unwrap_or_default();
        let mut info = RequestInfo::parse(&head.method, head.uri.path(), query);
        let user = self.identify(&head.headers);
        if let Ok(user) = &user {
            info.user.clone_from(&user.name);
        }
        let mishap = self.shared.faults.meet(&info);
        let protobuf = Agreed::writes_refusals_in_protobuf(&head.headers);
        if let Some(time) = mishap.delay {
            tokio::time::sleep(time).await;
        }
        if let Some(before) = &mishap.before {
            return self.instead(before.clone(), info, protobuf).await;
        }
        let answered = match user {
            Ok(user) => self.handle(&info, &user, &head.headers, &body, mishap),
            Err(status) => refuse(&status, protobuf),
        };
        self.shared.log.record(info, answered.status().as_u16());
        Ok(answered)
    }

    fn handle(
        &self,
        info: &RequestInfo,
        user: &User,
        headers: &HeaderMap,
        body: &[u8],
        mishap: Mishap,
    ) -> Response<Body> {
        let call = Call {
            shared: &self.shared,
            info,
            user,
            headers,
            body,
            mishap: &mishap,
        };
        match handler::answer(&call) {
            Ok(answer) => answer.into_response(mishap),
            Err(status) => {
                let protobuf = Agreed::writes_refusals_in_protobuf(headers);
                refuse(&status, protobuf)
            }
        }
    }

    async fn instead(
        &self,
        before: Before,
        info: RequestInfo,
        protobuf: bool,
    ) -> io::Result<Response<Body>> {
        match before {
            Before::Cut => {
                self.shared.log.record(info, 0);
                Err(cut())
            }
            Before::Stall => {
                self.shared.log.record(info, 0);
                std::future::pending().await
            }
            Before::Answer(status) => {
                self.shared.log.record(info, status.code());
                Ok(refuse(&status, protobuf))
            }
        }
    }
}

impl<B> tower::Service<Request<B>> for ApiService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Response<Body>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
            service.answer(head, body).await
        })
    }
}
