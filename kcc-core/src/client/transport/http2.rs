mod backoff;

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared, poll_fn};
use http::{Request, Response};
use hyper::client::conn::http2::{Builder, Connection, SendRequest};
use hyper::rt::{Read, Write};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::Body;
use tower::BoxError;

use super::body::ResponseBody;
use super::permit::{StreamPermit, Usage};
use super::request::try_clone;
use crate::client::error::ClientError;
use crate::environment::Environment;

use backoff::Backoff;

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
pub(super) struct Http2Pool {
    connect: Http2Connect,
    /// What is said of a server that closes one connection after the other.
    closing: ClientError,
    state: Arc<Mutex<State>>,
}

/// Makes a connection; `None` where the server does not speak HTTP/2.
pub(super) type Http2Connect =
    Arc<dyn Fn() -> BoxFuture<'static, Result<Option<Http2Connection>, ClientError>> + Send + Sync>;

#[derive(Default)]
struct State {
    connections: Vec<Http2Connection>,
    connecting: Option<WeakShared<Connecting>>,
    backoff: Backoff,
}

/// Whether the server speaks HTTP/2; its new connection is in the pool then.
type Connecting = BoxFuture<'static, Result<bool, ClientError>>;

/// One HTTP/2 connection.
pub(super) struct Http2Connection {
    sender: SendRequest<Body>,
    usage: Usage,
    /// How many streams the server allows at this moment.
    limit: Box<dyn Fn() -> usize + Send + Sync>,
}

/// When a connection counts as dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeepAlive {
    /// A PING is sent after so long without a frame; never where it is zero.
    pub(super) idle: Duration,
    /// How long its acknowledgement may take.
    pub(super) wait: Duration,
}

impl Http2Pool {
    pub(super) fn new(connect: Http2Connect, closing: ClientError) -> Self {
        Self {
            connect,
            closing,
            state: Arc::default(),
        }
    }

    /// The response, or the request itself where the server does not speak HTTP/2.
    pub(super) async fn send(
        &self,
        mut request: Request<Body>,
    ) -> Result<Result<Response<ResponseBody>, Request<Body>>, BoxError> {
        let mut attempts = 1..;
        loop {
            let Some((mut sender, permit)) = self.permit().await? else {
                return Ok(Err(request));
            };
            let again = try_clone(&request);
            let error = match sender.try_send_request(request).await {
                Ok(response) => {
                    permit.responded();
                    lock(&self.state).backoff.reset();
                    return Ok(Ok(
                        response.map(|body| ResponseBody::with_permit(body, permit))
                    ));
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

    /// A stream of a connection; `None` where the server does not speak HTTP/2.
    async fn permit(&self) -> Result<Option<(SendRequest<Body>, StreamPermit)>, ClientError> {
        let mut has_tried = false;
        loop {
            let connecting = {
                let mut state = lock(&self.state);
                if let Some(found) = state.permit() {
                    return Ok(Some(found));
                }
                if has_tried && state.backoff.is_exhausted() {
                    return Err(self.closing.clone());
                }
                self.join_or_start(&mut state)
            };
            has_tried = true;
            if !connecting.await? {
                return Ok(None);
            }
        }
    }

    /// All who need a connection wait for one; it is given up where nobody waits any more.
    fn join_or_start(&self, state: &mut State) -> Shared<Connecting> {
        if let Some(connecting) = state.connecting.as_ref().and_then(WeakShared::upgrade) {
            return connecting;
        }
        let (shared, connect) = (Arc::clone(&self.state), Arc::clone(&self.connect));
        let pause = state.backoff.delay();
        let connecting = async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let connection = connect().await;
            let mut state = lock(&shared);
            state.connecting = None;
            let connection = connection?;
            let is_http2 = connection.is_some();
            state.connections.extend(connection);
            Ok(is_http2)
        };
        let connecting = connecting.boxed().shared();
        state.connecting = connecting.downgrade();
        connecting
    }
}

impl State {
    fn permit(&mut self) -> Option<(SendRequest<Body>, StreamPermit)> {
        let mut has_idle = false;
        self.connections.retain(|connection| {
            if connection.sender.is_closed() {
                if !connection.usage.has_responded() {
                    self.backoff.failed();
                }
                return false;
            }
            let is_spare = connection.is_idle() && std::mem::replace(&mut has_idle, true);
            !is_spare
        });
        let mut connections = self.connections.iter();
        let connection = connections.find(|connection| connection.has_room())?;
        Some((connection.sender.clone(), connection.usage.permit()))
    }
}

impl Http2Connection {
    /// Begins HTTP/2 on a connection, and waits until the server has said how many streams it
    /// allows.
    pub(super) async fn handshake<T>(io: T, keep_alive: KeepAlive) -> Result<Self, BoxError>
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
        // Its task polls the connection; whoever needs a stream reads its limit.
        let connection = Arc::new(Mutex::new(Some(connection)));
        tokio::spawn(drive(Arc::clone(&connection)));
        let limit = move || {
            let connection = lock(&connection);
            let limit = connection
                .as_ref()
                .map(Connection::current_max_send_streams);
            limit.unwrap_or(0).min(MOST_STREAMS as usize)
        };
        server_settings(&sender, &limit).await?;
        Ok(Self {
            sender,
            usage: Usage::default(),
            limit: Box::new(limit),
        })
    }

    fn is_idle(&self) -> bool {
        self.usage.streams() == 0
    }

    fn has_room(&self) -> bool {
        self.usage.streams() < (self.limit)()
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

/// Waits for the server's SETTINGS: the limit is zero until they are there, and nothing tells when
/// they are.
async fn server_settings(
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

#[cfg(test)]
mod tests;
