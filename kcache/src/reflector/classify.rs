//! What went wrong with a request, classified by what to do about it.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use serde::Deserialize;

use crate::codec::Raw;
use crate::counts::Relist;
#[cfg(feature = "kube-runtime")]
use crate::failure::Operation;
use crate::failure::{Cause, Class, Failure};
use crate::json::coerced;
use crate::protobuf::{Decoder, Envelope};
use crate::request::TooLong;
use crate::wire::WireError;

/// How much of the body of a refusal is read, and for how long, to classify it.
const STATUS_BYTES: usize = 64 << 10;
const STATUS_TIME: Duration = Duration::from_secs(10);

impl Failure {
    /// There was no answer.
    pub(super) fn unreachable(error: &kube::Error) -> Self {
        let text = chain(error).into();
        Self::new(if is_refused(error) {
            Cause::ConnectionRefused(text)
        } else if has_no_credential(error) {
            Cause::Credential(text)
        } else {
            Cause::Unreachable(text)
        })
    }

    pub(super) fn waiting(time: Duration) -> Self {
        Self::new(Cause::Waiting(time))
    }

    pub(super) fn unfinished(time: Duration) -> Self {
        Self::new(Cause::Unfinished(time))
    }

    pub(super) fn cut(error: &kube::Error) -> Self {
        Self::new(Cause::Cut(chain(error).into()))
    }

    /// The server answered with something else than success.
    pub(super) async fn refusal(response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let read = tokio::time::timeout(STATUS_TIME, Limited::new(body, STATUS_BYTES).collect());
        let status = match read.await {
            Ok(Ok(body)) => ApiStatus::of_body(&body.to_bytes()),
            _ => None,
        };
        let status = status.unwrap_or_default();
        let header = parts.headers.get(RETRY_AFTER);
        let seconds = header.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Self::of_status(&status, parts.status.as_u16(), seconds)
    }

    /// A watch brought an error; this is its object.
    pub(super) fn event(object: Raw<'_>) -> Self {
        let status = ApiStatus::read(object).unwrap_or_default();
        let details = status.details.as_ref();
        let seconds = details.and_then(|details| details.retry_after_seconds);
        Self::of_status(&status, status.code.unwrap_or(500), seconds)
    }

    fn of_status(status: &ApiStatus, code: u16, retry_after: Option<u64>) -> Self {
        let word = |reason: &&String| {
            let length = 1..=64;
            length.contains(&reason.len()) && reason.bytes().all(|byte| byte.is_ascii_alphabetic())
        };
        let reason = status.reason.as_ref().filter(word);
        let reason = reason.map(|reason| reason.as_str().into());
        let retry_after = retry_after.map(Duration::from_secs);
        Self::classified(
            Cause::Status { code, reason },
            status.class(code),
            retry_after,
        )
    }

    /// The version or the page that was requested is no longer there.
    pub(super) fn is_expired(&self) -> bool {
        self.class() == Class::Expired
    }

    /// Nothing will come of the token that was sent: it is too old, too long, or not understood.
    pub(super) fn is_of_a_token(&self) -> bool {
        self.is_expired()
            || matches!(
                self.cause(),
                Cause::TooLong | Cause::Status { code: 400, .. }
            )
    }

    /// The server does not have the version yet, and perhaps never will: it was restored. It says
    /// so, or answers with what it has.
    pub(super) fn is_too_large(&self) -> bool {
        self.class() == Class::TooLarge || matches!(self.cause(), Cause::Older)
    }

    /// The server has no such form of an answer.
    pub(super) fn is_not_acceptable(&self) -> bool {
        matches!(self.cause(), Cause::Status { code: 406, .. })
    }

    /// The server does not take the request as it is.
    pub(super) fn is_misunderstood(&self) -> bool {
        matches!(
            self.cause(),
            Cause::Status {
                code: 400 | 422,
                ..
            }
        )
    }

    /// It is not the protobuf that it says it is.
    pub(super) fn is_mangled(&self) -> bool {
        self.class() == Class::Mangled
    }

    /// The server has no time for us, or is not there yet: what it had it will have again.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.cause(), Cause::ConnectionRefused(_)) || self.class() == Class::Busy
    }

    /// Nothing was answered at all.
    pub(super) fn is_unanswered(&self) -> bool {
        let causes = matches!(
            self.cause(),
            Cause::Unreachable(_) | Cause::Credential(_) | Cause::Silent
        );
        causes || self.is_refused()
    }

    /// It ended as soon as it began, and well.
    pub(super) fn is_short(&self) -> bool {
        matches!(self.cause(), Cause::Short)
    }

    /// The same request may be answered later: by the server, if something in between answered for it.
    pub(super) fn passes(&self) -> bool {
        let late = match self.cause() {
            Cause::Cut(_) | Cause::Incomplete | Cause::Garbled(_) => true,
            Cause::Status { code, .. } => *code >= 500,
            _ => false,
        };
        late || self.is_unanswered()
    }

    /// As what it counts if it makes a new list necessary.
    pub(super) fn relist(&self) -> Relist {
        if self.is_expired() {
            return Relist::Expired;
        }
        match self.cause() {
            Cause::Behind => Relist::Behind,
            _ if self.is_too_large() => Relist::Behind,
            Cause::Status { .. } => Relist::Refused,
            Cause::ConnectionRefused(_)
            | Cause::Credential(_)
            | Cause::Unreachable(_)
            | Cause::Silent
            | Cause::Waiting(_)
            | Cause::Unfinished(_)
            | Cause::Cut(_)
            | Cause::Incomplete
            | Cause::Garbled(_)
            | Cause::Short => Relist::Broken,
            _ => Relist::Other,
        }
    }

    /// How long to wait before the very same request, if the server said so (client-go's
    /// `rest/with_retry.go`).
    pub(super) fn requested_wait(&self) -> Option<Duration> {
        match self.cause() {
            Cause::Status { code, .. }
                if self.class() != Class::TooLarge && (*code == 429 || *code >= 500) =>
            {
                self.retry_after()
            }
            _ => None,
        }
    }
}

#[cfg(feature = "kube-runtime")]
impl Failure {
    /// What a watcher of kube's reports.
    pub(crate) fn of_watcher(error: &kube::runtime::watcher::Error) -> Self {
        use kube::runtime::watcher::Error;
        match error {
            Error::InitialListFailed(error) => Self::of_client(error).during(Operation::List),
            Error::WatchStartFailed(error) | Error::WatchFailed(error) => {
                Self::of_client(error).during(Operation::Watch)
            }
            Error::WatchError(status) => Self::of_kube_status(status).during(Operation::Watch),
            Error::NoResourceVersion => Self::new(Cause::Unversioned),
        }
    }

    /// What a client of kube's reports, without anything of a body: an error of serde quotes it.
    fn of_client(error: &kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::of_kube_status(status),
            kube::Error::ReadEvents(_) => Self::cut(error),
            kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => {
                Self::new(Cause::Garbled("what the server sent cannot be read".into()))
            }
            _ => Self::unreachable(error),
        }
    }

    fn of_kube_status(status: &kube::core::Status) -> Self {
        let details = status.details.as_ref();
        let seconds = details.map_or(0, |details| details.retry_after_seconds);
        let read = ApiStatus {
            reason: Some(status.reason.clone()),
            message: Some(status.message.clone()),
            ..ApiStatus::default()
        };
        let code = if status.code == 0 { 500 } else { status.code };
        Self::of_status(&read, code, (seconds > 0).then(|| seconds.into()))
    }
}

impl From<TooLong> for Failure {
    fn from(TooLong: TooLong) -> Self {
        Self::new(Cause::TooLong)
    }
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Self::new(match error {
            WireError::Incomplete => Cause::Incomplete,
            _ => Cause::Garbled(error.to_string().into()),
        })
    }
}

/// `metav1.Status`, as far as it decides anything. Its message is looked at and never shown.
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
    /// The one in a body, whatever its head says.
    fn of_body(body: &[u8]) -> Option<Self> {
        match Envelope::read(body) {
            Ok(envelope) if envelope.kind == "Status" => Self::read(Raw::Protobuf(envelope.raw)),
            Ok(_) => None,
            Err(_) => Self::read(Raw::Json(body)),
        }
    }

    fn read(object: Raw<'_>) -> Option<Self> {
        match object {
            Raw::Json(json) => serde_json::from_slice(&coerced(json)).ok(),
            Raw::Protobuf(message) => Decoder::new("v1", "Status")?.decode(message).ok(),
        }
    }

    fn class(&self, code: u16) -> Class {
        let reason = self.reason.as_deref().unwrap_or_default();
        if self.is_too_large(code) {
            Class::TooLarge
        } else if code == 410 || matches!(reason, "Expired" | "Gone") {
            Class::Expired
        } else if code == 429 || reason == "TooManyRequests" {
            Class::Busy
        } else {
            Class::Other
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

/// True if nothing was sent, because there was no credential to send.
fn has_no_credential(error: &kube::Error) -> bool {
    #[cfg(feature = "client")]
    let plugin = sources(error).any(|error| {
        use kcc_core::client::ClientError;
        let error = error.downcast_ref();
        matches!(error, Some(ClientError::Plugin { .. }))
    });
    #[cfg(not(feature = "client"))]
    let plugin = false;
    plugin || matches!(error, kube::Error::Auth(_))
}

fn sources<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        (*error).source()
    })
}

/// An error with its sources, each that says something new.
pub(crate) fn chain(error: &kube::Error) -> String {
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
