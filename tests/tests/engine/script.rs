//! A server that answers each request as a test says, in the order in which they come.
//!
//! What it answers is said in JSON. Where the switch `IN_PROTOBUF` is set, it is sent as protobuf to whoever takes
//! that.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Request, Response};
use http_body_util::StreamBody;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Frame;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tower::BoxError;

use crate::protobuf;

/// Longer than anything here takes. Time is paused and jumps on when everything waits, so what never
/// comes is noticed at once.
const LIMIT: Duration = Duration::from_secs(24 * 3600);

/// The switch, one for the process: the server answers protobuf to whoever takes it.
pub(crate) const IN_PROTOBUF: &str = "KCACHE_ENGINE_PROTOBUF";

pub(crate) fn answers_protobuf() -> bool {
    std::env::var_os(IN_PROTOBUF).is_some()
}

pub(crate) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

type Answer = Result<Response<UnsyncBoxBody<Bytes, BoxError>>, BoxError>;

/// The test's side of the server.
pub(crate) struct Server {
    requests: mpsc::UnboundedReceiver<PendingRequest>,
    protobuf: bool,
}

/// A request that waits for its answer.
pub(crate) struct PendingRequest {
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: HeaderMap,
    /// When it came.
    pub(crate) at: Instant,
    /// The answer is protobuf, and so is a refusal.
    protobuf: (bool, bool),
    answer: oneshot::Sender<Answer>,
}

/// The rest of an answer's body.
pub(crate) struct Stream {
    chunks: mpsc::UnboundedSender<Result<Frame<Bytes>, BoxError>>,
    protobuf: bool,
}

/// A client, and the server that answers it.
pub(crate) fn server() -> (kube::Client, Server) {
    let (sender, requests) = mpsc::unbounded_channel();
    let service = tower::service_fn(move |request: Request<Body>| {
        let (answer, answered) = oneshot::channel();
        let sent = sender.send(PendingRequest::of(&request, answer));
        async move {
            let gone = || BoxError::from("the test has ended");
            sent.map_err(|_| gone())?;
            answered.await.map_err(|_| gone())?
        }
    });
    let server = Server {
        requests,
        protobuf: answers_protobuf(),
    };
    (kube::Client::new(service, "default"), server)
}

impl Server {
    /// From now on it answers JSON to everybody: for what can only be said in it.
    pub(crate) fn writes_json(&mut self) {
        self.protobuf = false;
    }

    /// The next request, of whatever kind.
    pub(crate) async fn request(&mut self) -> PendingRequest {
        let request = tokio::time::timeout(LIMIT, self.requests.recv()).await;
        let mut request = request
            .expect("a request comes")
            .expect("the client is there");
        if !self.protobuf {
            request.protobuf = (false, false);
        }
        request
    }

    /// The next request, for a streaming list since this version.
    pub(crate) async fn stream_request(&mut self, version: Option<&str>) -> PendingRequest {
        let request = self.request().await;
        let mut want = vec![
            ("allowWatchBookmarks", "true"),
            ("resourceVersionMatch", "NotOlderThan"),
            ("sendInitialEvents", "true"),
            ("watch", "1"),
        ];
        want.extend(version.map(|version| ("resourceVersion", version)));
        request.is_for(&want);
        request
    }

    /// The next request, for a list since this version, with limits as they are by
    /// default.
    pub(crate) async fn list_request(&mut self, version: Option<&str>) -> PendingRequest {
        let request = self.request().await;
        request.is_for(&match version {
            None => vec![("limit", "500")],
            Some("0") => vec![("limit", "500"), ("resourceVersion", "0")],
            Some(version) => vec![
                ("resourceVersion", version),
                ("resourceVersionMatch", "NotOlderThan"),
            ],
        });
        request
    }

    /// The next request, for a watch from this version on.
    pub(crate) async fn watch_request(&mut self, version: &str) -> PendingRequest {
        let request = self.request().await;
        request.is_for(&[
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", version),
            ("watch", "1"),
        ]);
        request
    }

    /// Answers a first streaming list with these objects, and leaves it open as a watch.
    pub(crate) async fn stream(&mut self, objects: &[Value], version: &str) -> Stream {
        let stream = self.stream_request(None).await.open();
        for object in objects {
            stream.added(object);
        }
        stream.synced(version);
        stream
    }

    /// No request comes for so long.
    pub(crate) async fn is_left_alone(&mut self, time: Duration) {
        if let Ok(request) = tokio::time::timeout(time, self.requests.recv()).await {
            let request = request.map(|request| (request.path, request.query));
            assert!(request.is_none(), "{request:?}");
        }
    }

    /// Waits until the client has gone.
    pub(crate) async fn is_left(&mut self) {
        let request = tokio::time::timeout(LIMIT, self.requests.recv()).await;
        let request = request.expect("the client goes");
        assert!(request.is_none(), "a request came");
    }
}

impl PendingRequest {
    fn of(request: &Request<Body>, answer: oneshot::Sender<Answer>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let query = form_urlencoded::parse(query.as_bytes()).into_owned();
        let accept = request.headers().get("accept");
        let accept = accept.map_or("", |accept| accept.to_str().expect("text"));
        let takes_it = accept.starts_with(PROTOBUF);
        Self {
            path: request.uri().path().to_owned(),
            query: query.collect(),
            headers: request.headers().clone(),
            at: Instant::now(),
            protobuf: (takes_it, takes_it && !accept.contains("as=")),
            answer,
        }
    }

    /// It has this query and nothing else; the time after which a watch ends is as it should be.
    #[track_caller]
    pub(crate) fn is_for(&self, want: &[(&str, &str)]) {
        let mut query = self.query.clone();
        if let Some(timeout) = query.remove("timeoutSeconds") {
            let timeout: u64 = timeout.parse().expect("seconds");
            assert!((300..=600).contains(&timeout), "{timeout}");
            assert!(query.contains_key("watch"));
        } else {
            assert!(!query.contains_key("watch"), "a watch has a timeout");
        }
        let want = want.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        assert_eq!(query, want.collect());
    }

    /// The forms that are requested.
    pub(crate) fn accept(&self) -> &str {
        self.headers["accept"].to_str().expect("text")
    }

    /// When the server is to end the watch.
    pub(crate) fn timeout(&self) -> Duration {
        let seconds = self.query["timeoutSeconds"].parse();
        Duration::from_secs(seconds.expect("seconds"))
    }

    fn answer(self, mut response: http::response::Builder, protobuf: bool) -> Stream {
        let (chunks, receiver) = mpsc::unbounded_channel();
        let body = stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|chunk| (chunk, receiver))
        });
        let body = UnsyncBoxBody::new(StreamBody::new(body));
        if protobuf {
            response = response.header("Content-Type", PROTOBUF);
        }
        let response = response.body(body).expect("a response");
        let _ = self.answer.send(Ok(response));
        Stream { chunks, protobuf }
    }

    /// Answers with success, and leaves the body open.
    pub(crate) fn open(self) -> Stream {
        let protobuf = self.protobuf.0;
        self.answer(Response::builder(), protobuf)
    }

    /// The same for a body of JSON, or of anything else that does not say what it is.
    pub(crate) fn open_text(self) -> Stream {
        self.answer(Response::builder(), false)
    }

    /// The same with this head, whatever the body will be; events follow the head.
    pub(crate) fn open_as(self, content_type: &str) -> Stream {
        let response = Response::builder().header("Content-Type", content_type);
        let mut stream = self.answer(response, false);
        stream.protobuf = content_type.starts_with(PROTOBUF);
        stream
    }

    /// Answers with a whole body: that of a list in whatever it takes, anything else in JSON.
    pub(crate) fn reply(self, body: &Value) {
        match protobuf::list(body).filter(|_| self.protobuf.0) {
            Some(list) => self.open().send(list),
            None => self.open_text().send(body.to_string()),
        }
    }

    /// Answers with an error.
    pub(crate) fn refuse(self, code: u16, reason: &str) {
        self.refuse_with(&status(code, reason), None);
    }

    /// Answers with this `Status` as an error.
    pub(crate) fn refuse_with(self, status: &Value, retry_after: Option<u32>) {
        let code = status["code"]
            .as_u64()
            .and_then(|code| code.try_into().ok());
        let mut response = Response::builder().status::<u16>(code.expect("a code"));
        if let Some(seconds) = retry_after {
            response = response.header("Retry-After", seconds);
        }
        let protobuf = self.protobuf.1;
        let body = if protobuf {
            protobuf::enveloped(status)
        } else {
            status.to_string().into()
        };
        self.answer(response, protobuf).send(body);
    }

    /// No answer at all.
    pub(crate) fn fail(self, kind: std::io::ErrorKind) {
        let _ = self.answer.send(Err(std::io::Error::from(kind).into()));
    }
}

impl Stream {
    pub(crate) fn send(&self, chunk: impl Into<Bytes>) {
        let _ = self.chunks.send(Ok(Frame::data(chunk.into())));
    }

    pub(crate) fn event(&self, kind: &str, object: &Value) {
        if self.protobuf {
            self.send(protobuf::event(kind, object));
        } else {
            self.send(event(kind, object) + "\n");
        }
    }

    pub(crate) fn added(&self, object: &Value) {
        self.event("ADDED", object);
    }

    pub(crate) fn modified(&self, object: &Value) {
        self.event("MODIFIED", object);
    }

    pub(crate) fn deleted(&self, object: &Value) {
        self.event("DELETED", object);
    }

    pub(crate) fn error(&self, code: u16, reason: &str) {
        self.event("ERROR", &status(code, reason));
    }

    pub(crate) fn bookmark(&self, version: &str) {
        self.event("BOOKMARK", &bookmark(version, None));
    }

    /// The bookmark after a streaming list.
    pub(crate) fn synced(&self, version: &str) {
        self.event("BOOKMARK", &bookmark(version, Some("true")));
    }

    /// The connection breaks.
    pub(crate) fn cut(self) {
        let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let _ = self.chunks.send(Err(error.into()));
    }

    /// Waits until nobody reads it any longer.
    pub(crate) async fn is_left(&self) {
        let closed = tokio::time::timeout(LIMIT, self.chunks.closed()).await;
        closed.expect("the reader goes");
    }
}

/// A list as the server of this suite sends it to whoever takes protobuf.
pub(crate) fn list_body(list: &Value) -> Vec<u8> {
    if answers_protobuf() {
        protobuf::list(list).expect("a list")
    } else {
        list.to_string().into()
    }
}

/// The same of an event.
pub(crate) fn frame(kind: &str, object: &Value) -> Vec<u8> {
    if answers_protobuf() {
        protobuf::event(kind, object)
    } else {
        event(kind, object).into()
    }
}

/// An event as servers write it in JSON, the type first.
pub(crate) fn event(kind: &str, object: &Value) -> String {
    format!(r#"{{"type":"{kind}","object":{object}}}"#)
}

pub(crate) fn bookmark(version: &str, initial_events_end: Option<&str>) -> Value {
    let mut bookmark = json!({
        "kind": "ConfigMap", "apiVersion": "v1", "metadata": {"resourceVersion": version},
    });
    if let Some(end) = initial_events_end {
        bookmark["metadata"]["annotations"] = json!({"k8s.io/initial-events-end": end});
    }
    bookmark
}

pub(crate) fn status(code: u16, reason: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "a message with hunter2", "reason": reason, "code": code,
    })
}

/// A config map as watches send it; its UID follows from its name.
pub(crate) fn map(name: &str, version: u64) -> Value {
    let mut map = item(name, version);
    map["kind"] = json!("ConfigMap");
    map["apiVersion"] = json!("v1");
    map
}

/// A config map as lists of built-in kinds hold it: without its kind.
pub(crate) fn item(name: &str, version: u64) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": "default", "uid": format!("uid of {name}"),
            "resourceVersion": version.to_string(),
            "managedFields": [{"manager": "kubectl"}],
        },
        "data": {"version": version.to_string()},
    })
}

/// A list of these items.
pub(crate) fn list(version: &str, items: &[Value]) -> Value {
    json!({
        "kind": "ConfigMapList", "apiVersion": "v1",
        "metadata": {"resourceVersion": version}, "items": items,
    })
}

/// A page of a list; the next begins at this token.
pub(crate) fn page(version: &str, items: &[Value], token: &str) -> Value {
    let mut page = list(version, items);
    page["metadata"]["continue"] = json!(token);
    page
}
