use http::{Request, Response};
use kube::client::Body;
use kube::client::retry::RetryPolicy;
use tower::BoxError;
use tower::retry::Policy;

/// In the [`extensions`](Request::extensions_mut) of a request: it is sent once, and its sender sees 429, 503 and
/// 504 at once.
///
/// The client of a [`ClientConfig`](super::ClientConfig) sends every other request again after these, as kube's own
/// does: up to 15 times, not before the server's `Retry-After`. That holds for lists and watches, too, since
/// callers of `Api::list` rely on it. Put this into a request if you have rules of your own for these responses, as
/// the engine of kcache has.
///
/// # Example
///
/// ```no_run
/// # async fn example(client: kube::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use http::Request;
/// use kcc_core::client::NoRetry;
/// use kube::client::Body;
///
/// let mut request = Request::get("/api/v1/pods").body(Body::empty())?;
/// request.extensions_mut().insert(NoRetry);
/// let response = client.send(request).await?; // perhaps a 429
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct NoRetry;

/// kube's retries of 429, 503 and 504.
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
        if request.extensions().get::<NoRetry>().is_some() {
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
    async fn sent(request: Request<Body>) -> usize {
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
        let retried = Retry::new(Retries::new(), server);
        retried.oneshot(request).await.unwrap();
        count.load(SeqCst)
    }

    #[tokio::test]
    async fn only_what_is_not_to_be_retried_is_sent_once() {
        for uri in [
            "/api/v1/pods",
            "/api/v1/pods?watch=true",
            "/api/v1/namespaces/default/pods/one",
            "/version",
        ] {
            let request = || Request::get(uri).body(Body::empty()).unwrap();
            assert_eq!(sent(request()).await, 2, "{uri}");
            let mut once = request();
            once.extensions_mut().insert(NoRetry);
            assert_eq!(sent(once).await, 1, "{uri}");
        }
    }
}
