mod pace;

use std::error::Error;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared, poll_fn};
use http::{Request, Response};
use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming, SizeHint};
use hyper::client::conn::http2::{Builder, Connection, SendRequest};
use hyper::rt::{Read, Write};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::Body;
use tower::BoxError;

use super::authorize::copy;
use super::error::ClientError;
use crate::environment::Environment;

use pace::Pace;

/// Streams of one connection, where the server does not allow fewer. It is what kube-apiserver
/// allows by default, and more of them would share one TCP connection's losses.
const MOST_STREAMS: u32 = 100;
/// What the server may send on one stream before somebody reads it.
const STREAM_WINDOW: u32 = 2 << 20;
/// The largest frame: lists come in fewer pieces than with the smallest that the protocol allows.
const FRAME: u32 = 256 << 10;
/// How often one request is given to a connection that turns out to be closing. A server that lets
/// go of one client of fifty at each request closes several in a row when many are under way.
const ATTEMPTS: usize = 10;

/// HTTP/2 connections to one server: a new one before the others are full, since the server lets
/// what goes beyond its limit wait until another stream ends, and a watch does not end.
pub(super) struct Streams {
    dial: Dial,
    /// What is said of a server that closes one connection after the other.
    closing: ClientError,
    state: Arc<Mutex<State>>,
}

/// Makes a connection; `None` where the server does not speak HTTP/2.
pub(super) type Dial =
    Arc<dyn Fn() -> BoxFuture<'static, Result<Option<Link>, ClientError>> + Send + Sync>;

#[derive(Default)]
struct State {
    lanes: Vec<Lane>,
    dialing: Option<WeakShared<Dialing>>,
    pace: Pace,
}

/// Whether the server speaks HTTP/2; its new connection is among the lanes then.
type Dialing = BoxFuture<'static, Result<bool, ClientError>>;

/// A connection and how many streams it has.
struct Lane {
    link: Link,
    usage: Arc<Usage>,
}

#[derive(Default)]
struct Usage {
    streams: AtomicUsize,
    has_answered: AtomicBool,
}

/// One HTTP/2 connection.
pub(super) struct Link {
    sender: SendRequest<Body>,
    /// How many streams the server allows at this moment.
    limit: Box<dyn Fn() -> usize + Send + Sync>,
}

/// When a connection counts as dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeepAlive {
    /// A PING is sent after so long without a frame; never where it is zero.
    pub(super) idle: Duration,
    /// So long its answer may take.
    pub(super) wait: Duration,
}

/// The body of an answer, which takes a stream of its connection until it is dropped.
pub(super) struct Answer {
    content: Content,
    _stream: Option<Stream>,
}

enum Content {
    Wire(Incoming),
    /// Nothing once it was read.
    Text(Option<Bytes>),
}

struct Stream(Arc<Usage>);

impl Streams {
    pub(super) fn new(dial: Dial, closing: ClientError) -> Self {
        Self {
            dial,
            closing,
            state: Arc::default(),
        }
    }

    /// The answer, or the request itself where the server does not speak HTTP/2.
    pub(super) async fn send(
        &self,
        mut request: Request<Body>,
    ) -> Result<Result<Response<Answer>, Request<Body>>, BoxError> {
        let mut attempts = 1..;
        loop {
            let Some((mut sender, stream)) = self.stream().await? else {
                return Ok(Err(request));
            };
            let again = copy(&request);
            let error = match sender.try_send_request(request).await {
                Ok(response) => {
                    stream.0.has_answered.store(true, SeqCst);
                    lock(&self.state).pace.answered();
                    return Ok(Ok(response.map(|body| Answer::counted(body, stream))));
                }
                Err(error) => error,
            };
            let is_last = attempts.next() >= Some(ATTEMPTS);
            request = match (error, again) {
                (mut error, _) if !is_last && error.message().is_some() => {
                    error.take_message().expect("it is there")
                }
                (error, Some(again)) if !is_last && was_not_processed(error.error()) => again,
                (error, _) => return Err(error.into_error().into()),
            };
        }
    }

    /// A place on a connection; `None` where the server does not speak HTTP/2.
    async fn stream(&self) -> Result<Option<(SendRequest<Body>, Stream)>, ClientError> {
        let mut has_tried = false;
        loop {
            let dialing = {
                let mut state = lock(&self.state);
                if let Some(taken) = state.take() {
                    return Ok(Some(taken));
                }
                if has_tried && state.pace.is_hopeless() {
                    return Err(self.closing.clone());
                }
                self.join_or_start(&mut state)
            };
            has_tried = true;
            if !dialing.await? {
                return Ok(None);
            }
        }
    }

    /// All who need a connection wait for one; it is given up where nobody waits any more.
    fn join_or_start(&self, state: &mut State) -> Shared<Dialing> {
        if let Some(dialing) = state.dialing.as_ref().and_then(WeakShared::upgrade) {
            return dialing;
        }
        let (shared, dial) = (Arc::clone(&self.state), Arc::clone(&self.dial));
        let pause = state.pace.pause();
        let dialing = async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let link = dial().await;
            let mut state = lock(&shared);
            state.dialing = None;
            let link = link?;
            let is_http2 = link.is_some();
            state.lanes.extend(link.map(Lane::new));
            Ok(is_http2)
        };
        let dialing = dialing.boxed().shared();
        state.dialing = dialing.downgrade();
        dialing
    }
}

impl State {
    fn take(&mut self) -> Option<(SendRequest<Body>, Stream)> {
        let mut has_idle = false;
        self.lanes.retain(|lane| {
            if lane.link.sender.is_closed() {
                if !lane.usage.has_answered.load(SeqCst) {
                    self.pace.closed();
                }
                return false;
            }
            let is_spare = lane.is_idle() && std::mem::replace(&mut has_idle, true);
            !is_spare
        });
        let lane = self.lanes.iter().find(|lane| lane.has_room())?;
        Some((lane.link.sender.clone(), Stream::on(lane)))
    }
}

impl Lane {
    fn new(link: Link) -> Self {
        Self {
            link,
            usage: Arc::default(),
        }
    }

    fn is_idle(&self) -> bool {
        self.usage.streams.load(SeqCst) == 0
    }

    fn has_room(&self) -> bool {
        self.usage.streams.load(SeqCst) < (self.link.limit)()
    }
}

impl Link {
    /// Begins HTTP/2 on a connection, and waits until the server has said how many streams it
    /// allows.
    pub(super) async fn over<T>(io: T, keep_alive: KeepAlive) -> Result<Self, BoxError>
    where
        T: Read + Write + Unpin + Send + 'static,
    {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .initial_max_send_streams(0)
            .initial_stream_window_size(STREAM_WINDOW)
            // All streams together: one that nobody reads takes nothing from the others.
            .initial_connection_window_size(STREAM_WINDOW * MOST_STREAMS)
            .max_frame_size(Some(FRAME))
            .keep_alive_interval(Some(keep_alive.idle).filter(|idle| !idle.is_zero()))
            .keep_alive_timeout(keep_alive.wait)
            .keep_alive_while_idle(true);
        let (sender, connection) = builder.handshake(io).await?;
        // The connection is polled by its task, and asked for its limit by whoever needs a stream.
        let connection = Arc::new(Mutex::new(Some(connection)));
        tokio::spawn(drive(Arc::clone(&connection)));
        let limit = move || {
            let connection = lock(&connection);
            let limit = connection
                .as_ref()
                .map(Connection::current_max_send_streams);
            limit.unwrap_or(0).min(MOST_STREAMS as usize)
        };
        settled(&sender, &limit).await?;
        Ok(Self {
            sender,
            limit: Box::new(limit),
        })
    }
}

/// Carries a connection to its end, and lets go of it then.
async fn drive<C, E>(connection: Arc<Mutex<Option<C>>>)
where
    C: Future<Output = Result<(), E>> + Unpin,
    E: std::fmt::Display,
{
    let end = poll_fn(|context| match lock(&connection).as_mut() {
        Some(connection) => connection.poll_unpin(context),
        None => Poll::Ready(Ok(())),
    });
    if let Err(error) = end.await {
        tracing::debug!(%error, "an HTTP/2 connection ended");
    }
    *lock(&connection) = None;
}

/// The limit is zero until the server's first frame is there, and nothing tells when it is.
async fn settled(
    sender: &SendRequest<Body>,
    limit: &(impl Fn() -> usize + Sync),
) -> Result<(), BoxError> {
    let mut pause = Duration::from_millis(1);
    while limit() == 0 {
        if sender.is_closed() {
            return Err("the server closed the connection at the start of HTTP/2".into());
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
    Ok(())
}

/// Whether the server says that it did nothing with the request, as it may when it sends its clients
/// elsewhere (RFC 9113, 8.7; kube-apiserver's `--goaway-chance`).
fn was_not_processed(error: &hyper::Error) -> bool {
    let error = error.source().and_then(|source| source.downcast_ref());
    error.is_some_and(|error: &h2::Error| {
        let reason = error.reason();
        error.is_remote()
            && (reason == Some(h2::Reason::REFUSED_STREAM)
                || (error.is_go_away() && reason == Some(h2::Reason::NO_ERROR)))
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl KeepAlive {
    /// As client-go has it: 30 s and 15 s, or what its variables say (apimachinery's
    /// `util/net/http.go`).
    pub(super) fn of(environment: &Environment) -> Self {
        let seconds = |name: &str, default: u64| {
            let text = environment.non_empty(name).map(|text| text.to_str());
            let value = match text {
                None => Some(default),
                Some(text) => text.and_then(|text| text.parse().ok()),
            };
            if value.is_none() {
                tracing::warn!("{name} is no number of seconds: {default} is taken");
            }
            Duration::from_secs(value.unwrap_or(default))
        };
        Self {
            idle: seconds("HTTP2_READ_IDLE_TIMEOUT_SECONDS", 30),
            wait: seconds("HTTP2_PING_TIMEOUT_SECONDS", 15),
        }
    }
}

impl Stream {
    fn on(lane: &Lane) -> Self {
        lane.usage.streams.fetch_add(1, SeqCst);
        Self(Arc::clone(&lane.usage))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, SeqCst);
    }
}

impl Answer {
    fn counted(body: Incoming, stream: Stream) -> Self {
        Self {
            content: Content::Wire(body),
            _stream: Some(stream),
        }
    }

    /// One that is there already.
    pub(super) fn of_text(text: String) -> Self {
        Self {
            content: Content::Text(Some(text.into())),
            _stream: None,
        }
    }
}

impl From<Incoming> for Answer {
    fn from(body: Incoming) -> Self {
        Self {
            content: Content::Wire(body),
            _stream: None,
        }
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.content {
            Content::Wire(body) => Pin::new(body).poll_frame(context),
            Content::Text(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Wire(body) => body.is_end_stream(),
            Content::Text(text) => text.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Wire(body) => body.size_hint(),
            Content::Text(text) => SizeHint::with_exact(text.as_ref().map_or(0, Bytes::len) as u64),
        }
    }
}

#[cfg(test)]
mod tests;
