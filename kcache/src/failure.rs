//! Why a source cannot say what there is, at the moment.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::error::Error;

/// Why a source cannot say what there is, at the moment: what a [`Phase`](crate::Phase) that is
/// syncing or degraded reports.
///
/// It is no end: the source tries again by itself. It prints as one line, the same as in
/// `docs/engine.md`, which says what to do about each; it says nothing of a body. Cloning copies a
/// pointer.
///
/// # Example
///
/// A source of one's own says what is wrong in words:
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// use kcache::{Input, Phase};
/// let (maps, mut feed) = kcache::feed::<ConfigMap>();
/// feed.send(Input::Failed("no route".into()))?;
/// let phase = maps.status().phase;
/// let failure = phase.failure().expect("something is wrong");
/// assert_eq!((failure.to_string().as_str(), failure.code()), ("no route", None));
/// # Ok::<(), kcache::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Failure(Arc<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    operation: Option<Operation>,
    cause: Cause,
    class: Class,
    retry_after: Option<Duration>,
}

/// What a source was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Requesting a list that comes as the beginning of a watch (KEP-3157).
    StreamingList,
    /// Requesting a list.
    List,
    /// Requesting a watch, or following one.
    Watch,
}

/// Why something failed. The texts are for people and may change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The server refused, or could not do it. This is an answer, or an event of a watch.
    Status {
        /// The HTTP status code, or the code of the event.
        code: u16,
        /// The reason of the `metav1.Status`, as in `Forbidden`, if it gave one that is a word.
        reason: Option<Arc<str>>,
    },
    /// Nobody listens at the server's address.
    ConnectionRefused(Arc<str>),
    /// There is no credential for the request: the login or its plugin failed.
    Credential(Arc<str>),
    /// No connection, or no answer on it, for another reason: a name that is not known, a
    /// certificate that is not trusted.
    Unreachable(Arc<str>),
    /// There is a connection, and no answer or no more of it came in time.
    Silent,
    /// There is no answer yet, after so long. It is still waited for.
    Waiting(Duration),
    /// A list has begun and is not complete, and nothing new of it has come for so long.
    Unfinished(Duration),
    /// The connection ended within an answer.
    Cut(Arc<str>),
    /// The answer ended in its middle, as if it were whole.
    Incomplete,
    /// What came is not what an API server sends: something in between answered for it.
    Garbled(Arc<str>),
    /// A watch ended as soon as it began.
    Short,
    /// A list was older than what was requested, and was not taken.
    Older,
    /// The server's versions are lower than one that it gave before: it was restored from a backup.
    Behind,
    /// Neither a list nor what came after it had a version that a watch could follow on from.
    Unversioned,
    /// What comes is not of the kind that was requested; both are named.
    OtherKind(Arc<str>),
    /// An object was deleted, and not said which.
    Nameless,
    /// The tokens of a list's pages lead to no end.
    Pages,
    /// The request would be longer than a URL can be.
    TooLong,
    /// What was derived has inputs, and some of them failed: at least one, in the order of the
    /// inputs.
    Inputs(Arc<[InputFailure]>),
    /// It is of several namespaces, and some of them failed: at least one, ordered by name.
    Namespaces(Arc<[NamespaceFailure]>),
    /// An input ended, and the other goes on.
    Ended(Error),
    /// In the words of a source of one's own.
    Other(Arc<str>),
}

/// The failure of one input of a join.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputFailure {
    /// Which input: `sources` or `targets`.
    pub input: &'static str,
    /// What is wrong there.
    pub failure: Failure,
}

/// The failure of one namespace of an informer that follows several.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamespaceFailure {
    /// Which namespace.
    pub namespace: Arc<str>,
    /// What is wrong there.
    pub failure: Failure,
}

/// What to do about an answer, which its code alone does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The version or the token for the next page is too old.
    Expired,
    /// The version is newer than what the server has.
    TooLarge,
    /// Too many requests.
    Busy,
    /// It says that it is protobuf, and is not: something in between changes what it does not know.
    Mangled,
    Other,
}

/// How many namespaces a text names.
const NAMED: usize = 3;

impl Failure {
    /// What was being done, if that is known.
    pub fn operation(&self) -> Option<Operation> {
        self.0.operation
    }

    /// Why it failed.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// The HTTP status code that the server answered with; of a join, the first input's that has
    /// one.
    pub fn code(&self) -> Option<u16> {
        match &self.0.cause {
            Cause::Status { code, .. } => Some(*code),
            Cause::Inputs(inputs) => inputs.iter().find_map(|input| input.failure.code()),
            Cause::Namespaces(failed) => failed.iter().find_map(|one| one.failure.code()),
            _ => None,
        }
    }

    /// How long the server wants to be left alone, if it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// True if the server answered that it will not do this: waiting alone does not help,
    /// somebody has to do something.
    ///
    /// That is every code from 400 to 499 but those that speak of the moment (408, 409, 410, 425,
    /// 429): 401, no valid credential; 403, no right; 404, no such resource; 400, 405, 406, 415, 422,
    /// the request is not understood. It is tried again all the same, because a right may be given
    /// and a CRD installed later. Of a join it is true if it is of one of its inputs.
    pub fn is_refusal(&self) -> bool {
        match &self.0.cause {
            Cause::Status { code, .. } => {
                self.0.class == Class::Other
                    && matches!(code, 400..=499)
                    && !matches!(code, 408 | 409 | 410 | 425 | 429)
            }
            Cause::Inputs(inputs) => inputs.iter().any(|input| input.failure.is_refusal()),
            Cause::Namespaces(failed) => failed.iter().any(|one| one.failure.is_refusal()),
            _ => false,
        }
    }

    /// A failure of a join or another derived set: what is wrong with its inputs. `None` if
    /// nothing is.
    pub fn of_inputs(
        inputs: impl IntoIterator<Item = (&'static str, Option<Self>)>,
    ) -> Option<Self> {
        let failed = inputs.into_iter().filter_map(|(input, failure)| {
            let failure = failure?;
            Some(InputFailure { input, failure })
        });
        let failed: Arc<[_]> = failed.collect();
        (!failed.is_empty()).then(|| Self::new(Cause::Inputs(failed)))
    }

    /// A failure of what follows several namespaces. `None` if none of them failed.
    pub(crate) fn of_namespaces(
        failed: impl IntoIterator<Item = (Arc<str>, Self)>,
    ) -> Option<Self> {
        let failed = failed.into_iter();
        let failed: Arc<[_]> = failed
            .map(|(namespace, failure)| NamespaceFailure { namespace, failure })
            .collect();
        (!failed.is_empty()).then(|| Self::new(Cause::Namespaces(failed)))
    }

    /// A source ended, while another goes on.
    pub fn ended(error: Error) -> Self {
        Self::new(Cause::Ended(error))
    }

    pub(crate) fn new(cause: Cause) -> Self {
        Self::classified(cause, Class::Other, None)
    }

    pub(crate) fn classified(cause: Cause, class: Class, retry_after: Option<Duration>) -> Self {
        Self(Arc::new(Inner {
            operation: None,
            cause,
            class,
            retry_after,
        }))
    }

    /// The same, of something that was being done.
    pub(crate) fn during(mut self, operation: Operation) -> Self {
        Arc::make_mut(&mut self.0).operation = Some(operation);
        self
    }

    pub(crate) fn class(&self) -> Class {
        self.0.class
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        Self::new(Cause::Other(text.into()))
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::new(Cause::Other(text.into()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{operation}: ")?;
        }
        self.0.cause.fmt(f)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Failure");
        if let Some(operation) = self.0.operation {
            debug.field("operation", &operation);
        }
        debug.field("cause", &self.0.cause);
        if let Some(wait) = self.0.retry_after {
            debug.field("retry_after", &wait);
        }
        debug.finish()
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionRefused(text) | Self::Credential(text) | Self::Unreachable(text) => {
                write!(f, "no answer: {text}")
            }
            Self::Silent => f.write_str("no answer in time"),
            Self::Waiting(time) => write!(f, "no answer for {} s", time.as_secs()),
            Self::Unfinished(time) => {
                let time = time.as_secs();
                write!(
                    f,
                    "the list is not complete, and nothing new has come for {time} s"
                )
            }
            Self::Cut(text) => write!(f, "the answer broke off: {text}"),
            Self::Incomplete => f.write_str("the answer ended before it was complete"),
            Self::Status { code, reason } => {
                write!(f, "the server answered {code}")?;
                let known = StatusCode::from_u16(*code).ok();
                let known = known.and_then(|code| code.canonical_reason());
                match reason.as_deref().or(known) {
                    Some(reason) => write!(f, " {reason}"),
                    None => Ok(()),
                }
            }
            Self::Garbled(text) | Self::Other(text) => f.write_str(text),
            Self::Short => f.write_str("it ended as soon as it began"),
            Self::Older => f.write_str("the list is older than what was requested"),
            Self::Behind => {
                f.write_str("the server's versions start over: it was restored from a backup")
            }
            Self::Unversioned => {
                f.write_str("the server gave no version that a watch could follow on from")
            }
            Self::OtherKind(kinds) => write!(f, "the server sends {kinds}"),
            Self::Nameless => f.write_str("the server deleted an object and did not say which"),
            Self::Pages => f.write_str("the pages of the list lead to no end"),
            Self::TooLong => f.write_str("the request is longer than a URL can be"),
            Self::Inputs(inputs) => {
                for (place, input) in inputs.iter().enumerate() {
                    let between = if place > 0 { "; " } else { "" };
                    write!(f, "{between}{input}")?;
                }
                Ok(())
            }
            Self::Namespaces(failed) => {
                for (place, NamespaceFailure { namespace, failure }) in
                    failed.iter().take(NAMED).enumerate()
                {
                    let between = if place > 0 { "; " } else { "" };
                    write!(f, "{between}namespace {namespace}: {failure}")?;
                }
                match failed.len().saturating_sub(NAMED) {
                    0 => Ok(()),
                    more => write!(f, "; and {more} more namespaces"),
                }
            }
            Self::Ended(error) => write!(f, "it ended: {error}"),
        }
    }
}

impl fmt::Display for InputFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, failure } = self;
        match failure.cause() {
            Cause::Ended(error) => write!(f, "the {input} ended: {error}"),
            _ => write!(f, "{input}: {failure}"),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StreamingList => "streaming list",
            Self::List => "list",
            Self::Watch => "watch",
        })
    }
}

/// Why there is no state, of [`ready_or_refused`](crate::Publisher::ready_or_refused).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadyError {
    /// The server refuses the request. It is sent again, so a state may still come.
    #[error(transparent)]
    Refused(Failure),
    /// It was closed. Final.
    #[error(transparent)]
    Closed(#[from] Error),
}

impl ReadyError {
    /// The HTTP status code of a refusal.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Refused(failure) => failure.code(),
            Self::Closed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16) -> Failure {
        Failure::new(Cause::Status { code, reason: None })
    }

    #[test]
    fn what_waiting_does_not_help_is_a_refusal() {
        let refusals = (100..600).filter(|code| status(*code).is_refusal());
        let others = [408, 409, 410, 425, 429];
        let want = (400..500).filter(|code| !others.contains(code));
        assert!(refusals.eq(want));
        let reason = None;
        let cause = Cause::Status { code: 400, reason };
        let expired = Failure::classified(cause, Class::Expired, None);
        assert!(!expired.is_refusal(), "it is an old version");
        assert!(!Failure::from("no").is_refusal());
    }

    #[test]
    fn some_of_many_namespaces_are_named() {
        let failed = |count: u16| {
            let one = |number| (format!("n{number}").into(), status(500 + number));
            Failure::of_namespaces((0..count).map(one))
        };
        assert_eq!(failed(0), None);
        let text = |count| failed(count).unwrap().to_string();
        assert_eq!(
            text(1),
            "namespace n0: the server answered 500 Internal Server Error"
        );
        assert!(text(5).ends_with("; and 2 more namespaces"), "{}", text(5));
        let mixed = [("a", status(500)), ("b", status(403))];
        let mixed = mixed.map(|(namespace, failure)| (namespace.into(), failure));
        let mixed = Failure::of_namespaces(mixed).unwrap();
        assert_eq!((mixed.code(), mixed.is_refusal()), (Some(500), true));
    }

    #[test]
    fn inputs_are_named_and_keep_their_causes() {
        let nothing = [("sources", None), ("targets", None)];
        assert_eq!(Failure::of_inputs(nothing), None);
        let watch = status(403).during(Operation::Watch);
        let ended = Failure::ended(Error::FeedEnded);
        let both = [("sources", Some(ended)), ("targets", Some(watch))];
        let both = Failure::of_inputs(both).unwrap();
        assert_eq!(
            both.to_string(),
            "the sources ended: the source of changes ended without closing; \
             targets: watch: the server answered 403 Forbidden"
        );
        assert_eq!((both.code(), both.is_refusal()), (Some(403), true));
        let outer = Failure::of_inputs([("targets", Some(both))]).unwrap();
        assert_eq!((outer.code(), outer.is_refusal()), (Some(403), true));
    }
}
