//! What a reflector shows to `tracing`: a span for each list and watch, and one for each request in it.
//!
//! They are roots: one that lasted as long as the informer would never be exported, and would hold all that
//! happens in it until then. The names of attributes are OpenTelemetry's where it has any. Nothing of an object is in
//! them, and no selector, which may be secret in what it names; the path of a request is, its query is not.

use http::Request;
use kube::client::Body;
use tracing::Span;
use tracing::field::Empty;

use crate::failure::{Cause, Failure};
use crate::request::{Target, operation, template};

/// Of a list, from its first request until it is taken in, or has failed.
pub(super) fn list(target: &Target, reason: &'static str) -> Span {
    let resource = target.resource_name();
    tracing::info_span!(
        parent: None,
        "list",
        otel.name = format!("list {resource}"),
        otel.kind = "internal",
        otel.status_code = Empty,
        "error.type" = Empty,
        k8s.resource = resource,
        k8s.namespace.name = target.namespace,
        kcache.reason = reason,
        kcache.objects = Empty,
    )
}

/// Of a watch, from its request, or from the end of the list that it began with, to its end.
pub(super) fn watch(target: &Target) -> Span {
    let resource = target.resource_name();
    tracing::info_span!(
        parent: None,
        "watch",
        otel.name = format!("watch {resource}"),
        otel.kind = "internal",
        otel.status_code = Empty,
        "error.type" = Empty,
        k8s.resource = resource,
        k8s.namespace.name = target.namespace,
        kcache.events = Empty,
    )
}

/// Of a request, until the head of its answer has come.
pub(super) fn request(request: &Request<Body>) -> Span {
    let uri = request.uri();
    tracing::info_span!(
        "request",
        otel.name = format!("GET {}", template(uri.path())),
        otel.kind = "client",
        otel.status_code = Empty,
        "error.type" = Empty,
        http.request.method = "GET",
        http.request.resend_count = Empty,
        http.response.status_code = Empty,
        url.path = uri.path(),
        url.template = template(uri.path()),
        server.address = Empty,
        server.port = Empty,
        kcache.operation = operation(uri),
    )
}

/// Notes in a span that what it is of has failed.
pub(super) fn failed(span: &Span, failure: &Failure) {
    if span.is_disabled() {
        return;
    }
    match failure.cause() {
        Cause::Status { code, .. } => span.record("error.type", code.to_string()),
        cause => span.record("error.type", kind(cause)),
    };
    span.record("otel.status_code", "ERROR");
}

/// A cause in a word.
fn kind(cause: &Cause) -> &'static str {
    match cause {
        Cause::ConnectionRefused(_) => "connection_refused",
        Cause::Credential(_) => "credential",
        Cause::Unreachable(_) => "unreachable",
        Cause::Silent | Cause::Waiting(_) | Cause::Unfinished(_) => "timeout",
        Cause::Cut(_) => "cut",
        Cause::Incomplete | Cause::Garbled(_) => "garbled",
        Cause::Short => "short",
        Cause::Older => "older",
        Cause::Behind => "behind",
        Cause::Unversioned => "unversioned",
        Cause::OtherKind(_) => "other_kind",
        Cause::Nameless => "nameless",
        Cause::Pages => "pages",
        Cause::TooLong => "too_long",
        Cause::Status { .. }
        | Cause::Inputs(_)
        | Cause::Namespaces(_)
        | Cause::Ended(_)
        | Cause::Other(_) => "_OTHER",
    }
}
