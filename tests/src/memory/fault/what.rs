//! What goes wrong, with which requests, and how often.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::memory::frame::Effect;
use crate::memory::page::expired_page;
use crate::memory::request::{RequestInfo, Verb};
use crate::memory::status::Status;

/// Something that goes wrong with the next request that it matches.
///
/// Streams are counted in frames from 0: a frame is an event of a watch (a bookmark too), an item
/// of a list, or the whole body of any other answer.
///
/// ```
/// use harness::memory::{ApiServer, Fault, Verb};
///
/// let server = ApiServer::new();
/// let cut = server.inject(Fault::cut_inside(3).on(Verb::Watch).resource("pods").times(2));
/// server.inject(Fault::too_many_requests(1).on(Verb::List));
/// assert_eq!(cut.hits(), 0);
/// ```
#[derive(Clone)]
pub struct Fault {
    pub(super) kind: Kind,
    verb: Option<Verb>,
    resource: Option<String>,
    predicate: Option<Arc<Predicate>>,
    pub(super) lasting: Lasting,
}

type Predicate = dyn Fn(&RequestInfo) -> bool + Send + Sync;

#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Instead of an answer.
    Before(Before),
    Delay(Duration),
    Stream(Effect),
    /// A list shows the state this many versions ago.
    StaleList(u64),
    Bookmarks(Bookmarks),
    /// A watch opens, and nothing comes before its time is over.
    Silent,
    NoStreamingList(NoStreaming),
    /// A later page names itself as the next one.
    RepeatedToken,
    NoVersions(NoVersions),
    /// Objects by their metadata alone are not to be had.
    NoMetadata,
    NoProtobuf(NoProtobuf),
    NoShards(NoShards),
}

/// What becomes of the wish for protobuf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::memory) enum NoProtobuf {
    /// Whoever names it gets a 406.
    NotAcceptable,
    /// The answer is JSON.
    Json,
    /// The answer is taken for text on the way.
    Mangled,
    /// It is, and it says that it is JSON.
    Mislabelled,
}

/// What becomes of the bookmarks of a watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::memory) enum Bookmarks {
    None,
    /// The one that ends a streaming list is missing.
    WithoutLast,
    /// That one has no version.
    UnversionedLast,
}

/// Where versions are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::memory) enum NoVersions {
    /// In the metadata of lists.
    List,
    /// There, and in every object.
    Everywhere,
}

/// What happens instead of an answer.
#[derive(Debug, Clone)]
pub(in crate::memory) enum Before {
    Cut,
    Stall,
    Answer(Status),
}

/// How a server that has no streaming lists answers when one is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoStreaming {
    /// 422: the feature gate is off.
    Invalid,
    /// 400: something between does not know the parameter.
    BadRequest,
    /// It takes no notice: a plain watch, which lists nothing where a version is given, and ends
    /// nothing with a bookmark.
    Ignored,
}

/// How a server that does not do as it is told answers when a shard is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoShards {
    /// It takes no notice, as servers before 1.36 and those without the feature gate: all objects.
    Ignored,
    /// The objects of the shard, and not a word about it.
    Unconfirmed,
    /// 400: something between does not know the parameter.
    BadRequest,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Lasting {
    Times(u64),
    For(Duration),
    Forever,
}

impl Fault {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            verb: None,
            resource: None,
            predicate: None,
            lasting: Lasting::Times(1),
        }
    }

    fn stream(effect: Effect) -> Self {
        Self::new(Kind::Stream(effect))
    }

    /// The connection is cut before the answer's headers.
    pub fn cut() -> Self {
        Self::new(Kind::Before(Before::Cut))
    }

    /// There is never an answer.
    pub fn stall() -> Self {
        Self::new(Kind::Before(Before::Stall))
    }

    /// The answer comes this much later.
    pub fn delay(time: Duration) -> Self {
        Self::new(Kind::Delay(time))
    }

    /// This failure is the answer.
    pub fn answer(status: Status) -> Self {
        Self::new(Kind::Before(Before::Answer(status)))
    }

    /// 401.
    pub fn unauthorized() -> Self {
        Self::answer(Status::unauthorized())
    }

    /// 403.
    pub fn forbidden() -> Self {
        Self::answer(Status::new(403, "Forbidden", "forbidden: not now"))
    }

    /// 410 as an HTTP answer, as of old servers and of proxies.
    pub fn gone() -> Self {
        Self::answer(Status::new(410, "Expired", "too old resource version"))
    }

    /// 410 as an `ERROR` event after `frames` frames.
    pub fn gone_event(frames: usize) -> Self {
        Self::error_event(frames, Status::expired("too old resource version: 1 (2)"))
    }

    /// 429, with `Retry-After`.
    pub fn too_many_requests(retry_after: u32) -> Self {
        let status = Status::new(429, "TooManyRequests", "too many requests, try again later");
        Self::answer(status.with_retry_after(retry_after))
    }

    /// 500.
    pub fn internal_error() -> Self {
        Self::answer(Status::new(500, "InternalError", "Internal error occurred"))
    }

    /// 503.
    pub fn unavailable() -> Self {
        Self::answer(Status::new(
            503,
            "ServiceUnavailable",
            "the server is not ready",
        ))
    }

    /// The connection is cut after `frames` whole frames.
    pub fn cut_between(frames: usize) -> Self {
        Self::stream(Effect::CutBetween(frames))
    }

    /// The connection is cut in the middle of the frame with this number.
    pub fn cut_inside(frame: usize) -> Self {
        Self::stream(Effect::CutInside(frame))
    }

    /// The answer ends well after `frames` frames; a list without its closing brackets.
    pub fn end_after(frames: usize) -> Self {
        Self::stream(Effect::End(frames))
    }

    /// The answer is 200, and ends at once.
    pub fn close_at_once() -> Self {
        Self::end_after(0)
    }

    /// Nothing comes after `frames` frames, and the connection stays.
    pub fn stall_after(frames: usize) -> Self {
        Self::stream(Effect::Stall(frames))
    }

    /// Half of a frame is missing; the next ones come.
    pub fn truncated(frame: usize) -> Self {
        Self::stream(Effect::Truncate(frame))
    }

    /// A frame is no JSON.
    pub fn garbled(frame: usize) -> Self {
        Self::stream(Effect::Garble(frame))
    }

    /// A frame is JSON, but its `metadata.labels` is no map.
    pub fn undecodable(frame: usize) -> Self {
        Self::stream(Effect::Undecodable(frame))
    }

    /// A frame of a watch says what happened, but not to what: it has no `object`.
    pub fn without_object(frame: usize) -> Self {
        Self::stream(Effect::WithoutObject(frame))
    }

    /// The object of a frame has no name.
    pub fn without_name(frame: usize) -> Self {
        Self::stream(Effect::WithoutName(frame))
    }

    /// A frame comes twice.
    pub fn duplicate(frame: usize) -> Self {
        Self::stream(Effect::Replay { frame, count: 1 })
    }

    /// After a frame, it and the ones before come again, `count` in all.
    pub fn replay(frame: usize, count: usize) -> Self {
        Self::stream(Effect::Replay { frame, count })
    }

    /// A frame changes places with the next one.
    pub fn reordered(frame: usize) -> Self {
        Self::stream(Effect::Swap(frame))
    }

    /// An `ERROR` event with this status comes after `frames` frames, and ends the stream.
    pub fn error_event(frames: usize, status: Status) -> Self {
        Self::stream(Effect::Error(frames, status))
    }

    /// A list is the state that was `versions` versions ago, and says so.
    pub fn stale_list(versions: u64) -> Self {
        Self::new(Kind::StaleList(versions))
    }

    /// A watch gets no bookmarks, not even the one that ends a streaming list.
    pub fn no_bookmarks() -> Self {
        Self::new(Kind::Bookmarks(Bookmarks::None))
    }

    /// A streaming list is told whole, but for the bookmark that ends it; the watch goes on.
    pub fn no_last_bookmark() -> Self {
        Self::new(Kind::Bookmarks(Bookmarks::WithoutLast))
    }

    /// The bookmark that ends a streaming list has no version, as of some servers of `OpenShift`.
    pub fn unversioned_bookmark() -> Self {
        Self::new(Kind::Bookmarks(Bookmarks::UnversionedLast))
    }

    /// A watch opens, and nothing comes before its time is over, as through a proxy that buffers.
    pub fn silent() -> Self {
        Self::new(Kind::Silent)
    }

    /// A later page of a list names itself as the next one, and has no end so. The first page is as
    /// it should be.
    pub fn repeated_token() -> Self {
        Self::new(Kind::RepeatedToken)
    }

    /// A later page of a list is always too old: 410, with a token for the rest as it is now.
    pub fn expired_page() -> Self {
        Self::new(Kind::Before(Before::Answer(expired_page("")))).when(is_later_page)
    }

    /// A list does not say of which version it is.
    pub fn unversioned_list() -> Self {
        Self::new(Kind::NoVersions(NoVersions::List))
    }

    /// Neither lists nor objects have versions, in lists and watches, as of aggregated servers that
    /// compute what they show. Bookmarks have.
    pub fn no_versions() -> Self {
        Self::new(Kind::NoVersions(NoVersions::Everywhere))
    }

    /// 406 for whoever takes objects by their metadata alone and nothing else.
    pub fn no_metadata() -> Self {
        Self::new(Kind::NoMetadata)
    }

    /// 406 for whoever requests protobuf, whatever else he takes.
    pub fn protobuf_not_acceptable() -> Self {
        Self::new(Kind::NoProtobuf(NoProtobuf::NotAcceptable))
    }

    /// JSON for whoever would rather have protobuf, as of servers that do not know it.
    pub fn no_protobuf() -> Self {
        Self::new(Kind::NoProtobuf(NoProtobuf::Json))
    }

    /// What is protobuf is taken for text on the way: a byte that is no character becomes U+FFFD, and zeros
    /// are gone.
    pub fn mangled_protobuf() -> Self {
        Self::new(Kind::NoProtobuf(NoProtobuf::Mangled))
    }

    /// What is protobuf is said to be JSON.
    pub fn mislabelled_protobuf() -> Self {
        Self::new(Kind::NoProtobuf(NoProtobuf::Mislabelled))
    }

    /// The server has no streaming lists.
    pub fn no_streaming_list(how: NoStreaming) -> Self {
        Self::new(Kind::NoStreamingList(how))
    }

    /// The server does not know shards.
    pub fn no_shards(how: NoShards) -> Self {
        Self::new(Kind::NoShards(how))
    }

    /// Only requests with this verb.
    #[must_use]
    pub fn on(mut self, verb: Verb) -> Self {
        self.verb = Some(verb);
        self
    }

    /// Only requests for this resource, as in `pods`.
    #[must_use]
    pub fn resource(mut self, plural: &str) -> Self {
        self.resource = Some(plural.to_owned());
        self
    }

    /// Only requests for which this holds.
    #[must_use]
    pub fn when(mut self, holds: impl Fn(&RequestInfo) -> bool + Send + Sync + 'static) -> Self {
        self.predicate = Some(Arc::new(holds));
        self
    }

    /// The next `count` requests; one, unless told.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.lasting = Lasting::Times(count);
        self
    }

    /// All requests in the next `time`.
    #[must_use]
    pub fn during(mut self, time: Duration) -> Self {
        self.lasting = Lasting::For(time);
        self
    }

    /// All requests, until it is removed.
    #[must_use]
    pub fn forever(mut self) -> Self {
        self.lasting = Lasting::Forever;
        self
    }

    pub(super) fn matches(&self, info: &RequestInfo) -> bool {
        self.verb.is_none_or(|verb| verb == info.verb)
            && self
                .resource
                .as_ref()
                .is_none_or(|plural| *plural == info.resource)
            && self.predicate.as_ref().is_none_or(|holds| holds(info))
            && self.kind.concerns(info)
    }
}

impl Kind {
    /// A fault is not used up by a request that it cannot touch.
    fn concerns(&self, info: &RequestInfo) -> bool {
        match self {
            Self::StaleList(_) | Self::NoVersions(NoVersions::List) => info.verb == Verb::List,
            Self::NoVersions(NoVersions::Everywhere) => {
                matches!(info.verb, Verb::List | Verb::Watch)
            }
            Self::Bookmarks(Bookmarks::None) | Self::Silent => info.verb == Verb::Watch,
            Self::NoStreamingList(_) => {
                info.verb == Verb::Watch && info.switch("sendInitialEvents").is_some()
            }
            Self::Bookmarks(_) => {
                info.verb == Verb::Watch && info.switch("sendInitialEvents") == Some(true)
            }
            Self::RepeatedToken => is_later_page(info),
            Self::NoShards(_) => info.query.contains_key("shardSelector"),
            Self::Before(_)
            | Self::Delay(_)
            | Self::Stream(_)
            | Self::NoMetadata
            | Self::NoProtobuf(_) => true,
        }
    }
}

fn is_later_page(info: &RequestInfo) -> bool {
    info.verb == Verb::List && !info.parameter("continue").is_empty()
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("kind", &self.kind)
            .field("verb", &self.verb)
            .field("resource", &self.resource)
            .field("lasting", &self.lasting)
            .finish_non_exhaustive()
    }
}
