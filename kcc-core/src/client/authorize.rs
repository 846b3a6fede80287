use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};
use kube::client::Body;
use tower::{BoxError, Service};

use super::credential::Credential;
use super::login::Login;
use super::streams::Answer;
use super::transport::Transport;
use super::unsent::Unsent;
use crate::kubeconfig::Impersonation;

const IMPERSONATE_USER: &str = "impersonate-user";

/// Sends each request with the user's credential, and once more with a new one where the server
/// answers 401.
#[derive(Clone)]
pub(super) struct Authorize {
    pub(super) login: Arc<Login>,
    pub(super) transport: Arc<Transport>,
    pub(super) unsent: Option<Arc<Unsent>>,
    /// The name and password of the server's URL.
    pub(super) url_login: Option<HeaderValue>,
    pub(super) impersonation: HeaderMap,
}

impl Authorize {
    async fn send(self, mut request: Request<Body>) -> Result<Response<Answer>, BoxError> {
        self.impersonate(request.headers_mut());
        if let (false, Some(login)) = (says_who(&request), &self.url_login) {
            request.headers_mut().insert(AUTHORIZATION, login.clone());
        }
        match &self.unsent {
            Some(unsent) if !says_who(&request) => {
                let unsent = Arc::clone(unsent);
                Ok(unsent.explain(self.exchange(request).await?).await)
            }
            _ => self.exchange(request).await,
        }
    }

    async fn exchange(self, request: Request<Body>) -> Result<Response<Answer>, BoxError> {
        // A caller who says who they are is not answered for, and no plugin runs (client-go's
        // exec.go, `roundTripper`).
        if says_who(&request) {
            let certificate = self.login.own_certificate().await;
            return self.transport.send(certificate.as_ref(), request).await;
        }
        let credential = self.login.current().await?;
        let again = copy(&request);
        let response = self.send_as(&credential, request).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        match (self.login.instead_of(&credential).await, again) {
            (Ok(fresh), Some(again)) if !fresh.proves_the_same(&credential) => {
                self.send_as(&fresh, again).await
            }
            // The login has said why; the server's own answer is for the caller.
            _ => Ok(response),
        }
    }

    async fn send_as(
        &self,
        credential: &Credential,
        mut request: Request<Body>,
    ) -> Result<Response<Answer>, BoxError> {
        if let Some(authorization) = credential.authorization() {
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let sent = self.transport.send(credential.certificate(), request);
        let response = sent.await?;
        if response.status() != StatusCode::UNAUTHORIZED {
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
    type Response = Response<Answer>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

fn says_who(request: &Request<Body>) -> bool {
    request.headers().contains_key(AUTHORIZATION)
}

/// The same request again, unless its body is a stream.
pub(super) fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let mut copy = Request::new(request.body().try_clone()?);
    request.method().clone_into(copy.method_mut());
    request.uri().clone_into(copy.uri_mut());
    *copy.version_mut() = request.version();
    request.headers().clone_into(copy.headers_mut());
    request.extensions().clone_into(copy.extensions_mut());
    Some(copy)
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

    #[test]
    fn a_copy_is_the_same_request() {
        let request = Request::post("/x")
            .header("a", "1")
            .body(Body::from(b"y".to_vec()));
        let again = copy(&request.unwrap()).unwrap();
        assert_eq!(
            (again.method().as_str(), again.uri().path()),
            ("POST", "/x")
        );
        assert_eq!(again.headers()["a"], "1");
    }
}
