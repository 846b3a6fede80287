//! What went wrong between us and the server, sorted by what to do about it.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use serde::Deserialize;

use crate::codec::coerced;
use crate::wire::WireError;

/// Why a request, or the answer to it, came to nothing. It tells nothing of a body.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    cause: Cause,
    /// How long the server wants us to wait.
    pub(super) retry_after: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Cause {
    /// Nobody listens.
    Refused(String),
    /// No answer, for another reason.
    Unreachable(String),
    /// No answer or no more of it within the time for it.
    Silent,
    /// The answer broke off.
    Cut(String),
    /// The server refused, with this code, and the reason if it is a word.
    Status {
        code: u16,
        reason: Option<String>,
        kind: StatusKind,
    },
    /// The answer is not what was asked for.
    Wire(WireError),
    /// A watch ended as soon as it began.
    Short,
    /// A list is older than what was asked for.
    Older,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StatusKind {
    /// The version or the token for the next page is too old.
    Expired,
    /// The version is newer than what the server has.
    TooLarge,
    /// Too many requests.
    Busy,
    Other,
}

/// How much of the body of a refusal is read, and for how long, to sort it.
const STATUS_BYTES: usize = 64 << 10;
const STATUS_TIME: Duration = Duration::from_secs(10);

impl Failure {
    fn new(cause: Cause) -> Self {
        Self {
            cause,
            retry_after: None,
        }
    }

    /// There was no answer.
    pub(super) fn unreachable(error: &kube::Error) -> Self {
        let text = chain(error);
        Self::new(if is_refused(error) {
            Cause::Refused(text)
        } else {
            Cause::Unreachable(text)
        })
    }

    pub(super) fn silent() -> Self {
        Self::new(Cause::Silent)
    }

    pub(super) fn cut(error: &kube::Error) -> Self {
        Self::new(Cause::Cut(chain(error)))
    }

    pub(super) fn short() -> Self {
        Self::new(Cause::Short)
    }

    pub(super) fn older() -> Self {
        Self::new(Cause::Older)
    }

    /// The server answered with something else than success.
    pub(super) async fn refusal(response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let read = tokio::time::timeout(STATUS_TIME, Limited::new(body, STATUS_BYTES).collect());
        let status = match read.await {
            Ok(Ok(body)) => serde_json::from_slice(&coerced(&body.to_bytes())).unwrap_or_default(),
            _ => ApiStatus::default(),
        };
        let mut failure = Self::of_status(&status, parts.status.as_u16());
        let header = parts.headers.get(RETRY_AFTER);
        let seconds = header.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        failure.retry_after = seconds.map(Duration::from_secs);
        failure
    }

    /// A watch brought an error; this is its object.
    pub(super) fn event(json: &[u8]) -> Self {
        let status: ApiStatus = serde_json::from_slice(&coerced(json)).unwrap_or_default();
        let details = status.details.as_ref();
        let seconds = details.and_then(|details| details.retry_after_seconds);
        let code = status.code.unwrap_or(500);
        let mut failure = Self::of_status(&status, code);
        failure.retry_after = seconds.map(Duration::from_secs);
        failure
    }

    fn of_status(status: &ApiStatus, code: u16) -> Self {
        let word = |reason: &&String| {
            reason.len() <= 64 && reason.bytes().all(|byte| byte.is_ascii_alphabetic())
        };
        let reason = status.reason.as_ref().filter(|reason| !reason.is_empty());
        let kind = status.kind(code);
        Self::new(Cause::Status {
            code,
            reason: reason.filter(word).cloned(),
            kind,
        })
    }

    fn is(&self, wanted: StatusKind) -> bool {
        matches!(&self.cause, Cause::Status { kind, .. } if *kind == wanted)
    }

    /// The version or the page that was asked for is no longer there.
    pub(super) fn is_expired(&self) -> bool {
        self.is(StatusKind::Expired)
    }

    /// The server does not have the version yet, and perhaps never will: it was restored. It says
    /// so, or answers with what it has.
    pub(super) fn is_too_large(&self) -> bool {
        self.is(StatusKind::TooLarge) || matches!(self.cause, Cause::Older)
    }

    /// The server has no such form of an answer.
    pub(super) fn is_not_acceptable(&self) -> bool {
        matches!(self.cause, Cause::Status { code: 406, .. })
    }

    /// The server has no time for us, or is not there yet: what it had it will have again.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.cause, Cause::Refused(_)) || self.is(StatusKind::Busy)
    }

    /// Nothing was answered at all.
    pub(super) fn is_unanswered(&self) -> bool {
        let causes = matches!(self.cause, Cause::Unreachable(_) | Cause::Silent);
        causes || self.is_refused()
    }

    /// How long to wait before the very same request, if the server said so (client-go's
    /// `rest/with_retry.go`).
    pub(super) fn wait_asked_for(&self) -> Option<Duration> {
        match self.cause {
            Cause::Status { code, kind, .. }
                if kind != StatusKind::TooLarge && (code == 429 || code >= 500) =>
            {
                self.retry_after
            }
            _ => None,
        }
    }
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Self::new(Cause::Wire(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Refused(text) | Cause::Unreachable(text) => write!(f, "no answer: {text}"),
            Cause::Silent => f.write_str("no answer in time"),
            Cause::Cut(text) => write!(f, "the answer broke off: {text}"),
            Cause::Status { code, reason, .. } => {
                write!(f, "the server answered {code}")?;
                let known = StatusCode::from_u16(*code).ok();
                let known = known.and_then(|code| code.canonical_reason());
                match reason.as_deref().or(known) {
                    Some(reason) => write!(f, " {reason}"),
                    None => Ok(()),
                }
            }
            Cause::Wire(error) => write!(f, "{error}"),
            Cause::Older => f.write_str("the list is older than what was asked for"),
            Cause::Short => f.write_str("it ended as soon as it began"),
        }
    }
}

/// `metav1.Status`, as far as it decides anything. Its message is looked at and never told.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ApiStatus {
    code: Option<u16>,
    reason: Option<String>,
    message: Option<String>,
    details: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    causes: Option<Vec<StatusCause>>,
    retry_after_seconds: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusCause {
    reason: Option<String>,
    message: Option<String>,
}

const TOO_LARGE: &str = "Too large resource version";

impl ApiStatus {
    fn kind(&self, code: u16) -> StatusKind {
        let reason = self.reason.as_deref().unwrap_or_default();
        if self.is_too_large(code) {
            StatusKind::TooLarge
        } else if code == 410 || matches!(reason, "Expired" | "Gone") {
            StatusKind::Expired
        } else if code == 429 || reason == "TooManyRequests" {
            StatusKind::Busy
        } else {
            StatusKind::Other
        }
    }

    /// The three forms of it (client-go's reflector, `isTooLargeResourceVersionError`): a cause of
    /// its own; before 1.18.6 only the cause's message; before 1.17 only the message of all.
    fn is_too_large(&self, code: u16) -> bool {
        let causes = self.details.iter().flat_map(|details| &details.causes);
        let mut causes = causes.flatten();
        let is_timeout = code == 504 || self.reason.as_deref() == Some("Timeout");
        causes.any(|cause| {
            cause.reason.as_deref() == Some("ResourceVersionTooLarge")
                || is_timeout && cause.message.as_deref() == Some(TOO_LARGE)
        }) || is_timeout
            && self
                .message
                .as_deref()
                .is_some_and(|message| message.contains(TOO_LARGE))
    }
}

/// True if nobody listens at the address.
fn is_refused(error: &kube::Error) -> bool {
    sources(error).any(|error| {
        error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    })
}

fn sources<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        (*error).source()
    })
}

/// An error with its sources, each that says something new.
fn chain(error: &kube::Error) -> String {
    let mut text = String::new();
    for error in sources(error) {
        let part = error.to_string();
        if text.ends_with(&part) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&part);
    }
    text
}
