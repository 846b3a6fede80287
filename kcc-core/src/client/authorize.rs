use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode, Uri};
use kube::client::Body;
use tower::{BoxError, Service};
use tracing::Span;

use super::counts::Counters;
use super::credentials::{Credential, CredentialSource, UnsentCredential};
use super::transport::{ResponseBody, Transport, try_clone};
use crate::kubeconfig::Impersonation;

const IMPERSONATE_USER: &str = "impersonate-user";

/// Sends each request with the user's credential, and once more with a new one where the server
/// answers 401.
#[derive(Clone)]
pub(super) struct Authorize {
    pub(super) credentials: Arc<CredentialSource>,
    pub(super) transport: Arc<Transport>,
    pub(super) unsent: Option<Arc<UnsentCredential>>,
    /// For the name and password of the server's URL.
    pub(super) url_authorization: Option<HeaderValue>,
    pub(super) impersonation: HeaderMap,
    pub(super) counters: Arc<Counters>,
    pub(super) server: Uri,
}

impl Authorize {
    async fn send(self, mut request: Request<Body>) -> Result<Response<ResponseBody>, BoxError> {
        self.impersonate(request.headers_mut());
        if let (false, Some(authorization)) = (is_authorized(&request), &self.url_authorization) {
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        match &self.unsent {
            Some(unsent) if !is_authorized(&request) => {
                let unsent = Arc::clone(unsent);
                Ok(unsent.explain(self.exchange(request).await?).await)
            }
            _ => self.exchange(request).await,
        }
    }

    async fn exchange(self, request: Request<Body>) -> Result<Response<ResponseBody>, BoxError> {
        // Where the caller authorizes the request, no plugin runs (client-go's exec.go,
        // `roundTripper`).
        if is_authorized(&request) {
            let certificate = self.credentials.own_certificate().await;
            return self.transport.send(certificate.as_ref(), request).await;
        }
        let credential = self.credentials.current().await?;
        let again = try_clone(&request);
        let response = self.send_as(&credential, request).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        match (self.credentials.instead_of(&credential).await, again) {
            (Ok(fresh), Some(again)) if !fresh.proves_the_same(&credential) => {
                Span::current().record("http.request.resend_count", 1);
                self.send_as(&fresh, again).await
            }
            // The source has said why; the server's own response is for the caller.
            _ => Ok(response),
        }
    }

    async fn send_as(
        &self,
        credential: &Credential,
        mut request: Request<Body>,
    ) -> Result<Response<ResponseBody>, BoxError> {
        if let Some(authorization) = credential.authorization() {
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let sent = self.transport.send(credential.certificate(), request);
        let response = sent.await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            self.counters.unauthorized.add(1);
        } else {
            credential.accept();
        }
        Ok(response)
    }

    /// client-go's `transport/round_trippers.go`, `impersonatingRoundTripper`.
    fn impersonate(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(IMPERSONATE_USER) {
            headers.extend(self.impersonation.clone());
        }
    }
}

impl Service<Request<Body>> for Authorize {
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // Whoever has a span for the request may not know where it goes.
        let span = Span::current();
        span.record("server.address", self.server.host());
        span.record("server.port", self.server.port_u16());
        Box::pin(self.clone().send(request))
    }
}

fn is_authorized(request: &Request<Body>) -> bool {
    request.headers().contains_key(AUTHORIZATION)
}

/// The headers of `as` and its relatives; `None` where one of them cannot be sent.
pub(super) fn impersonation(who: &Impersonation) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, value: &str| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value).ok()?);
        Some(())
    };
    if let Some(user) = &who.user {
        add(IMPERSONATE_USER, user)?;
    }
    if let Some(uid) = &who.uid {
        add("impersonate-uid", uid)?;
    }
    for group in &who.groups {
        add("impersonate-group", group)?;
    }
    for (key, values) in &who.extra {
        for value in values {
            add(&format!("impersonate-extra-{}", escaped(key)), value)?;
        }
    }
    Some(headers)
}

/// What no header name may hold is percent-encoded (`round_trippers.go`, `headerKeyEscape`).
fn escaped(key: &str) -> String {
    use std::fmt::Write as _;

    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte);
    let mut escaped = String::with_capacity(key.len());
    for byte in key.bytes() {
        if is_plain(byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_to_impersonate_stands_in_headers() {
        let who = Impersonation {
            user: Some("jane".to_owned()),
            uid: None,
            groups: vec!["a".to_owned(), "b".to_owned()],
            extra: [("example.com/x y".to_owned(), vec!["1".to_owned()])].into(),
        };
        let headers = impersonation(&who).unwrap();
        assert_eq!(headers[IMPERSONATE_USER], "jane");
        let groups: Vec<_> = headers.get_all("impersonate-group").iter().collect();
        assert_eq!(groups, ["a", "b"]);
        assert_eq!(headers["impersonate-extra-example.com%2fx%20y"], "1");
    }
}
