//! What the transport has to know of a request, and a copy of one.

use http::header::UPGRADE;
use http::{Method, Request, Uri};
use kube::client::Body;

/// The same request again, unless its body is a stream.
pub(crate) fn try_clone(request: &Request<Body>) -> Option<Request<Body>> {
    let mut clone = Request::new(request.body().try_clone()?);
    request.method().clone_into(clone.method_mut());
    request.uri().clone_into(clone.uri_mut());
    *clone.version_mut() = request.version();
    request.headers().clone_into(clone.headers_mut());
    request.extensions().clone_into(clone.extensions_mut());
    Some(clone)
}

/// Whether it becomes another protocol: exec, attach and port-forward. Only HTTP/1.1 has that.
pub(crate) fn is_upgrade<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(UPGRADE)
}

/// Whether its response goes on for as long as somebody reads it: a watch, or a log that is followed.
pub(crate) fn is_stream<B>(request: &Request<B>) -> bool {
    let is_set = |name| is_set(request.uri(), name);
    request.method() == Method::GET && (is_set("watch") || is_set("follow"))
}

/// Whether the query has `name`, `name=1` or `name=true`.
fn is_set(uri: &Uri, name: &str) -> bool {
    let mut query = uri.query().unwrap_or_default().split('&');
    query.any(|pair| {
        let value = pair.strip_prefix(name);
        matches!(value, Some("" | "=1" | "=true"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_by_itself_is_known() {
        for (uri, expected) in [
            ("/api/v1/pods?watch=1", true),
            ("/api/v1/pods?a=b&watch=true", true),
            (
                "/api/v1/namespaces/a/pods/b/log?follow=true&container=c",
                true,
            ),
            ("/api/v1/pods?watch=false", false),
            ("/api/v1/pods?watchful=1", false),
            ("/api/v1/pods", false),
        ] {
            let request = Request::get(uri).body(()).unwrap();
            assert_eq!(is_stream(&request), expected, "{uri}");
        }
    }

    #[test]
    fn an_upgrade_is_known() {
        let request = Request::get("/").header("upgrade", "websocket");
        assert!(is_upgrade(&request.body(()).unwrap()));
        assert!(!is_upgrade(&Request::get("/").body(()).unwrap()));
    }

    #[test]
    fn a_copy_is_the_same_request() {
        let request = Request::post("/x")
            .header("a", "1")
            .body(Body::from(b"y".to_vec()));
        let again = try_clone(&request.unwrap()).unwrap();
        assert_eq!(
            (again.method().as_str(), again.uri().path()),
            ("POST", "/x")
        );
        assert_eq!(again.headers()["a"], "1");
    }
}
