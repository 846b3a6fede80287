use http::{Method, Request, Response};
use kube::client::Body;
use kube::client::retry::RetryPolicy;
use tower::BoxError;
use tower::retry::Policy;

/// kube's retries of 429, 503 and 504 for everything but list and watch: who lists and watches has
/// rules of their own for each of these answers, and must see them.
#[derive(Clone)]
pub(super) struct Retries(RetryPolicy);

impl Retries {
    pub(super) fn new() -> Self {
        Self(RetryPolicy::server_retry())
    }
}

impl<B> Policy<Request<Body>, Response<B>, BoxError> for Retries {
    type Future = <RetryPolicy as Policy<Request<Body>, Response<B>, BoxError>>::Future;

    fn retry(
        &mut self,
        request: &mut Request<Body>,
        result: &mut Result<Response<B>, BoxError>,
    ) -> Option<Self::Future> {
        self.0.retry(request, result)
    }

    /// A request that is not cloned is not retried.
    fn clone_request(&mut self, request: &Request<Body>) -> Option<Request<Body>> {
        if is_list_or_watch(request.method(), request.uri()) {
            return None;
        }
        Policy::<_, Response<B>, BoxError>::clone_request(&mut self.0, request)
    }
}

/// As kube-apiserver tells verbs apart (apiserver's `endpoints/request/requestinfo.go`): a GET
/// without an object's name lists, and with `watch` set it watches.
fn is_list_or_watch(method: &Method, uri: &http::Uri) -> bool {
    if method != Method::GET {
        return false;
    }
    let mut query = uri.query().unwrap_or_default().split('&');
    if query.any(|pair| matches!(pair, "watch" | "watch=1" | "watch=true")) {
        return true;
    }
    let mut parts = uri.path().split('/').filter(|part| !part.is_empty());
    let versioned = match parts.next() {
        Some("api") => parts.next().is_some(),
        Some("apis") => parts.next().is_some() && parts.next().is_some(),
        _ => false,
    };
    let rest: Vec<&str> = parts.collect();
    versioned
        && match *rest.as_slice() {
            ["watch", ..] => true,
            ["namespaces", _, "status" | "finalize"] => false,
            ["namespaces", _, _resource] | [_resource] => true,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use tower::ServiceExt;
    use tower::retry::Retry;

    use super::*;

    /// How often a request is sent to a server that is not available the first time.
    async fn sent(uri: &str) -> usize {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let server = tower::service_fn(move |_: Request<Body>| {
            let status = match counted.fetch_add(1, SeqCst) {
                0 => 503,
                _ => 200,
            };
            let response = Response::builder().status(status).body(());
            std::future::ready(response.map_err(BoxError::from))
        });
        let request = Request::get(uri).body(Body::empty()).unwrap();
        let retried = Retry::new(Retries::new(), server);
        retried.oneshot(request).await.unwrap();
        count.load(SeqCst)
    }

    #[tokio::test]
    async fn only_lists_and_watches_are_sent_once() {
        assert_eq!(sent("/api/v1/pods").await, 1);
        assert_eq!(sent("/api/v1/pods?watch=true").await, 1);
        assert_eq!(sent("/api/v1/namespaces/default/pods/one").await, 2);
        assert_eq!(sent("/version").await, 2);
    }

    fn is(method: &Method, uri: &str) -> bool {
        is_list_or_watch(method, &uri.parse().unwrap())
    }

    #[test]
    fn lists_and_watches_are_known() {
        for uri in [
            "/api/v1/pods?limit=500",
            "/api/v1/namespaces",
            "/api/v1/namespaces/default/pods",
            "/apis/apps/v1/deployments",
            "/apis/apps/v1/namespaces/default/deployments?",
            "/api/v1/pods?resourceVersion=1&watch=true",
            "/api/v1/namespaces/default/pods/one?watch=1",
            "/api/v1/watch/pods",
        ] {
            assert!(is(&Method::GET, uri), "{uri}");
        }
    }

    #[test]
    fn everything_else_is_not() {
        for uri in [
            "/api",
            "/apis/apps/v1",
            "/api/v1",
            "/version",
            "/api/v1/namespaces/default",
            "/api/v1/namespaces/default/status",
            "/api/v1/nodes/one",
            "/api/v1/namespaces/default/pods/one",
            "/api/v1/namespaces/default/pods/one/log",
            "/apis/apps/v1/namespaces/default/deployments/one/scale",
        ] {
            assert!(!is(&Method::GET, uri), "{uri}");
        }
        assert!(!is(&Method::POST, "/api/v1/namespaces/default/pods"));
        assert!(!is(&Method::DELETE, "/api/v1/namespaces/default/pods"));
    }
}
