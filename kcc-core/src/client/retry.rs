use http::{Request, Response};
use kube::client::Body;
use kube::client::retry::RetryPolicy;
use tower::BoxError;
use tower::retry::Policy;

use super::transport::is_list_or_watch;

/// kube's retries of 429, 503 and 504 for everything but list and watch: whoever lists and watches
/// has rules of their own for these responses, and must see them.
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
}
