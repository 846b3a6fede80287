//! Against hyper's own server, over a pipe.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::task::Context;

use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::duplex;

use super::*;

const KEEP_ALIVE: KeepAlive = KeepAlive {
    idle: Duration::from_secs(30),
    wait: Duration::from_secs(15),
};

fn pool_by(connect: Http2Connect) -> Http2Pool {
    Http2Pool::new(connect, ClientError::NoRuntime)
}

/// So many bytes, and then nothing more, for ever.
struct Endless(usize);

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match std::mem::take(&mut self.0) {
            0 => Poll::Pending,
            bytes => Poll::Ready(Some(Ok(Frame::data(vec![b'x'; bytes].into())))),
        }
    }
}

/// Each connection of it is a task of its own.
struct Server {
    limit: u32,
    connections: Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

impl Server {
    /// The response to `/<n>` has n bytes and does not end.
    fn with_limit(limit: u32) -> Arc<Self> {
        Arc::new(Self {
            limit,
            connections: Mutex::default(),
        })
    }

    fn pool(self: &Arc<Self>) -> Http2Pool {
        let server = Arc::clone(self);
        pool_by(Arc::new(move || {
            let (client, end) = duplex(1 << 16);
            let connection = http2::Builder::new(TokioExecutor::new())
                .max_concurrent_streams(server.limit)
                .serve_connection(
                    TokioIo::new(end),
                    service_fn(|request: Request<Incoming>| {
                        let bytes = request.uri().path()[1..].parse().unwrap_or(1);
                        std::future::ready(Ok::<_, Infallible>(Response::new(Endless(bytes))))
                    }),
                );
            let connection = tokio::spawn(async { drop(connection.await) });
            lock(&server.connections).push(connection);
            Box::pin(async {
                let connection = Http2Connection::handshake(TokioIo::new(client), KEEP_ALIVE).await;
                connection.map(Some).map_err(|_| ClientError::NoRuntime)
            })
        }))
    }

    fn connections(&self) -> usize {
        lock(&self.connections).len()
    }
}

async fn watch(pool: &Http2Pool, bytes: usize) -> Response<ResponseBody> {
    let request = Request::get(format!("https://server/{bytes}")).body(Body::empty());
    let sent = pool.send(request.unwrap()).await.unwrap();
    sent.unwrap_or_else(|_| panic!("no HTTP/2"))
}

async fn frame(
    response: &mut Response<ResponseBody>,
) -> Option<Result<Frame<Bytes>, hyper::Error>> {
    poll_fn(|context| Pin::new(response.body_mut()).poll_frame(context)).await
}

#[tokio::test]
async fn a_new_connection_comes_before_the_servers_limit() {
    let server = Server::with_limit(3);
    let pool = server.pool();
    let watches = (0..7).map(|_| watch(&pool, 1));
    let mut watches = futures_util::future::join_all(watches).await;
    assert_eq!(server.connections(), 3);
    for watch in &mut watches {
        frame(watch).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_place_of_an_ended_stream_is_taken() {
    let server = Server::with_limit(1);
    let pool = server.pool();
    for _ in 0..5 {
        watch(&pool, 1).await;
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn of_the_idle_connections_one_is_kept() {
    let server = Server::with_limit(2);
    let pool = server.pool();
    let watches = (0..6).map(|_| watch(&pool, 1));
    drop(futures_util::future::join_all(watches).await);
    watch(&pool, 1).await;
    assert_eq!(server.connections(), 3);
    assert_eq!(lock(&pool.state).connections.len(), 1);
}

#[tokio::test]
async fn all_who_need_a_connection_wait_for_one() {
    let server = Server::with_limit(200);
    let pool = server.pool();
    let watches = (0..MOST_STREAMS).map(|_| watch(&pool, 1));
    let watches = futures_util::future::join_all(watches).await;
    assert_eq!(server.connections(), 1);
    // However many the server allows.
    let one_more = watch(&pool, 1).await;
    assert_eq!(server.connections(), 2);
    drop((watches, one_more));
}

#[tokio::test]
async fn a_connection_that_ended_is_replaced() {
    let server = Server::with_limit(3);
    let pool = server.pool();
    let mut first = watch(&pool, 1).await;
    frame(&mut first).await.unwrap().unwrap();
    lock(&server.connections)[0].abort();
    assert!(frame(&mut first).await.unwrap().is_err());
    frame(&mut watch(&pool, 1).await).await.unwrap().unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn what_nobody_reads_takes_nothing_from_the_others() {
    let server = Server::with_limit(MOST_STREAMS);
    let pool = server.pool();
    let stalled = (1..MOST_STREAMS).map(|_| watch(&pool, 2 * STREAM_WINDOW as usize));
    let stalled = futures_util::future::join_all(stalled).await;
    let mut read = watch(&pool, 1 << 20).await;
    let mut bytes = 0;
    while bytes < 1 << 20 {
        let frame = frame(&mut read).await.unwrap().unwrap();
        bytes += frame.into_data().unwrap().len();
    }
    assert_eq!(server.connections(), 1);
    drop(stalled);
}

#[tokio::test]
async fn a_request_comes_back_where_the_server_has_no_http2() {
    let pool = pool_by(Arc::new(|| Box::pin(async { Ok(None) })));
    let request = Request::get("https://server/1").body(Body::empty());
    let sent = pool.send(request.unwrap()).await.unwrap();
    assert_eq!(sent.err().unwrap().uri().path(), "/1");
}

#[tokio::test]
async fn an_error_is_told_to_all_who_wait_and_the_next_tries_again() {
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&attempts);
    let pool = pool_by(Arc::new(move || {
        counted.fetch_add(1, SeqCst);
        Box::pin(async {
            tokio::task::yield_now().await;
            Err(ClientError::NoRuntime)
        })
    }));
    let both = futures_util::future::join(pool.permit(), pool.permit()).await;
    assert!(both.0.is_err() && both.1.is_err());
    assert_eq!(attempts.load(SeqCst), 1);
    assert!(pool.permit().await.is_err());
    assert_eq!(attempts.load(SeqCst), 2);
}

/// It says what HTTP/2 begins with, and goes.
#[tokio::test(start_paused = true)]
async fn a_server_that_closes_at_once_is_not_tried_all_the_time() {
    let server = Server::with_limit(3);
    let working = server.pool();
    let (connect, closing) = (Arc::clone(&working.connect), Arc::clone(&server));
    let closes = Arc::new(AtomicBool::new(true));
    let pool = pool_by(Arc::new({
        let closes = Arc::clone(&closes);
        move || {
            let (connection, server) = (connect(), Arc::clone(&closing));
            let closes = closes.load(SeqCst);
            Box::pin(async move {
                let connection = connection.await?;
                if closes {
                    lock(&server.connections).last().unwrap().abort();
                    while !connection.as_ref().unwrap().sender.is_closed() {
                        tokio::task::yield_now().await;
                    }
                }
                Ok(connection)
            })
        }
    }));
    let before = tokio::time::Instant::now();
    assert!(pool.permit().await.is_err());
    assert_eq!(server.connections(), 10);
    let took = before.elapsed().as_millis();
    assert!((11_350..11_500).contains(&took), "{took} ms");
    // The next request has one more try, and once the server responds there is no delay any more.
    assert!(pool.permit().await.is_err());
    assert_eq!(server.connections(), 11);
    closes.store(false, SeqCst);
    watch(&pool, 1).await;
    assert!(lock(&pool.state).backoff.delay().is_zero());
}

/// Nobody reads the other end, as with a cable that is pulled.
#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_no_ping_is_given_up() {
    let server = Server::with_limit(3);
    let pool = server.pool();
    let mut watch = watch(&pool, 1).await;
    frame(&mut watch).await.unwrap().unwrap();
    let before = tokio::time::Instant::now();
    let quiet = tokio::time::timeout(Duration::from_secs(600), frame(&mut watch)).await;
    assert!(quiet.is_err(), "a server that answers is not given up");
    assert!(before.elapsed() >= Duration::from_secs(600));

    let (client, mut end) = duplex(1 << 16);
    let silent = pool_by(Arc::new({
        let client = Arc::new(Mutex::new(Some(client)));
        move || {
            let client = lock(&client).take().expect("one connection");
            Box::pin(async {
                let connection = Http2Connection::handshake(TokioIo::new(client), KEEP_ALIVE).await;
                connection.map(Some).map_err(|_| ClientError::NoRuntime)
            })
        }
    }));
    // Its SETTINGS, and then no word more.
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    tokio::io::AsyncWriteExt::write_all(&mut end, &settings)
        .await
        .unwrap();
    let before = tokio::time::Instant::now();
    let request = Request::get("https://server/1").body(Body::empty());
    let error = silent.send(request.unwrap()).await.err().unwrap();
    let cause = error.source().map(ToString::to_string);
    assert_eq!(cause.as_deref(), Some("keep-alive timed out"), "{error}");
    let after = before.elapsed().as_secs();
    assert!((45..=61).contains(&after), "{after} s: {error}");
}

#[test]
fn the_times_are_client_gos() {
    assert_eq!(KeepAlive::of(&Environment::default()), KEEP_ALIVE);
    let environment = [
        ("HTTP2_READ_IDLE_TIMEOUT_SECONDS", "0"),
        ("HTTP2_PING_TIMEOUT_SECONDS", "soon"),
    ];
    let keep_alive = KeepAlive::of(&environment.into_iter().collect());
    assert_eq!(keep_alive.idle, Duration::ZERO);
    assert_eq!(keep_alive.wait, KEEP_ALIVE.wait);
}
