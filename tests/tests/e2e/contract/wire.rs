//! HTTP to a server as it is: no retries, no errors made of answers.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use harness::memory::ApiService;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use libtest_mimic::Failed;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tower::Service as _;

use super::protobuf;
use crate::trial::Outcome;

/// No step of a check takes this long unless something hangs.
const LIMIT: Duration = Duration::from_secs(60);

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type AnyBody = UnsyncBoxBody<Bytes, BoxError>;

/// A server that the checks run against.
#[derive(Clone)]
pub(crate) struct Wire {
    endpoint: Endpoint,
    /// Whoever requests no form gets protobuf where there is some, and sees it as JSON.
    protobuf: bool,
    /// Tells the namespaces of one run from those of another.
    run: String,
}

#[derive(Clone)]
enum Endpoint {
    Service {
        service: ApiService,
        token: Option<String>,
    },
    Tls {
        address: SocketAddr,
        connector: TlsConnector,
        token: Option<String>,
    },
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(crate) fn expect(self, code: u16) -> Result<Value, Failed> {
        if self.code == code {
            return Ok(self.json());
        }
        Err(format!("{} instead of {code}: {}", self.code, self.text).into())
    }
}

impl Wire {
    pub(crate) fn service(service: ApiService) -> Self {
        Self::new(Endpoint::Service {
            service,
            token: None,
        })
    }

    /// `token` is the credential.
    pub(crate) fn tls(address: SocketAddr, ca: &str, token: Option<&str>) -> Result<Self, Failed> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca.as_bytes())?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::new(Endpoint::Tls {
            address,
            connector: TlsConnector::from(Arc::new(config)),
            token: token.map(str::to_owned),
        }))
    }

    fn new(endpoint: Endpoint) -> Self {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        let run = RUNS.fetch_add(1, Ordering::SeqCst);
        Self {
            endpoint,
            protobuf: false,
            run: format!("{}-{run}", std::process::id()),
        }
    }

    /// The same server, in protobuf where there is some.
    pub(crate) fn in_protobuf(self) -> Self {
        let protobuf = true;
        Self { protobuf, ..self }
    }

    /// The same server with another token, or with none.
    pub(crate) fn with_token(&self, new: Option<&str>) -> Self {
        let mut wire = self.clone();
        match &mut wire.endpoint {
            Endpoint::Service { service, token } => {
                *service = service.clone().authenticated();
                *token = new.map(str::to_owned);
            }
            Endpoint::Tls { token, .. } => *token = new.map(str::to_owned),
        }
        wire
    }

    /// The path of a resource in a namespace of this run; the namespace is made.
    pub(crate) async fn space(&self, name: &str) -> Result<Space<'_>, Failed> {
        let namespace = format!("{name}-{}", self.run);
        let object = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": namespace },
        });
        self.post("/api/v1/namespaces", &object)
            .await?
            .expect(201)?;
        Ok(Space {
            wire: self,
            namespace,
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answer, Failed> {
        self.send(Method::GET, path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, object: &Value) -> Result<Answer, Failed> {
        self.send(Method::POST, path, &[JSON], Some(object)).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, Failed> {
        within(async {
            let response = self.open(method, path, headers, body).await?;
            let (head, body) = response.into_parts();
            let bytes = body.collect().await?.to_bytes();
            let text = if protobuf::is_protobuf(&head.headers) {
                protobuf::to_json(&bytes)?.to_string()
            } else {
                String::from_utf8_lossy(&bytes).into_owned()
            };
            Ok(Answer {
                code: head.status.as_u16(),
                headers: head.headers,
                text,
            })
        })
        .await
    }

    /// Opens a watch; an answer other than 200 is an error that shows it.
    pub(crate) async fn watch(&self, path: &str) -> Result<Events, Failed> {
        let accept = if self.protobuf {
            protobuf::ACCEPT
        } else {
            "application/json"
        };
        self.watch_as(path, accept).await
    }

    pub(crate) async fn watch_as(&self, path: &str, accept: &str) -> Result<Events, Failed> {
        within(async {
            let headers = [("accept", accept)];
            let response = self.open(Method::GET, path, &headers, None).await?;
            let code = response.status();
            let protobuf = protobuf::is_protobuf(response.headers());
            let mut body = response.into_body();
            if code != http::StatusCode::OK {
                let bytes = body.collect().await?.to_bytes();
                return Err(format!("{code}: {}", String::from_utf8_lossy(&bytes)).into());
            }
            // Headers may come with the first event only; nothing is lost by looking.
            let mut events = Events {
                body: None,
                protobuf,
                rest: Vec::new(),
                ready: VecDeque::new(),
            };
            match body.frame().now_or_never() {
                Some(None) => return Ok(events),
                Some(Some(frame)) => {
                    if let Ok(data) = frame?.into_data() {
                        events.take(&data);
                    }
                }
                None => {}
            }
            events.body = Some(body);
            Ok(events)
        })
        .await
    }

    async fn open(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Response<AnyBody>, Failed> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // Of discovery there are messages, too, which are nobody's objects.
        let is_discovery = !path.contains("/namespaces/");
        if self.protobuf && !is_discovery && headers.iter().all(|(name, _)| *name != "accept") {
            request = request.header("accept", protobuf::ACCEPT);
        }
        let (Endpoint::Service { token, .. } | Endpoint::Tls { token, .. }) = &self.endpoint;
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        match &self.endpoint {
            Endpoint::Service { service, .. } => {
                let request = request.body(Full::new(Bytes::from(body)))?;
                let response = service.clone().call(request).await?;
                Ok(response.map(|body| body.map_err(BoxError::from).boxed_unsync()))
            }
            Endpoint::Tls {
                address, connector, ..
            } => {
                request = request.header("host", address.to_string());
                let request = request.body(Full::new(Bytes::from(body)))?;
                let stream = TcpStream::connect(address).await?;
                let name = ServerName::try_from("127.0.0.1")?;
                let stream = TokioIo::new(connector.connect(name, stream).await?);
                let (mut sender, connection) =
                    hyper::client::conn::http1::handshake(stream).await?;
                tokio::spawn(connection);
                let response = sender.send_request(request).await?;
                Ok(response.map(|body| body.map_err(BoxError::from).boxed_unsync()))
            }
        }
    }
}

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// A namespace of one check.
pub(crate) struct Space<'a> {
    pub(crate) wire: &'a Wire,
    pub(crate) namespace: String,
}

impl Space<'_> {
    /// The path of the namespace's config maps, and what follows it: `/name`, `?query`.
    pub(crate) fn maps(&self, rest: &str) -> String {
        format!("/api/v1/namespaces/{}/configmaps{rest}", self.namespace)
    }

    pub(crate) async fn make(&self, name: &str, labels: Value) -> Result<Value, Failed> {
        let object = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": { "name": name, "labels": labels },
        });
        self.wire.post(&self.maps(""), &object).await?.expect(201)
    }

    pub(crate) async fn relabel(&self, name: &str, labels: Value) -> Result<Value, Failed> {
        let change = json!({ "metadata": { "labels": labels } });
        let path = self.maps(&format!("/{name}"));
        let kind = [("content-type", "application/merge-patch+json")];
        let answer = self
            .wire
            .send(Method::PATCH, &path, &kind, Some(&change))
            .await?;
        answer.expect(200)
    }

    pub(crate) async fn replace(&self, name: &str, object: &Value) -> Result<Answer, Failed> {
        let path = self.maps(&format!("/{name}"));
        self.wire
            .send(Method::PUT, &path, &[JSON], Some(object))
            .await
    }

    /// The path of another resource here; the group is empty for core.
    pub(crate) fn path(&self, group: &str, plural: &str) -> String {
        let root = match group {
            "" => "/api/v1".to_owned(),
            group => format!("/apis/{group}/v1"),
        };
        format!("{root}/namespaces/{}/{plural}", self.namespace)
    }

    /// A watch of the config maps from this object's version on.
    pub(crate) fn watch_after(&self, object: &Value) -> String {
        let version = object["metadata"]["resourceVersion"].as_str();
        self.maps(&format!(
            "?watch=1&resourceVersion={}",
            version.unwrap_or_default()
        ))
    }

    pub(crate) async fn list(&self, query: &str) -> Result<Value, Failed> {
        self.wire.get(&self.maps(query)).await?.expect(200)
    }

    pub(crate) async fn names(&self, query: &str) -> Result<Vec<String>, Failed> {
        Ok(super::lists::names(&self.list(query).await?))
    }

    pub(crate) async fn remove(&self, name: &str) -> Outcome {
        let path = self.maps(&format!("/{name}"));
        let answer = self.wire.send(Method::DELETE, &path, &[], None).await?;
        answer.expect(200).map(drop)
    }
}

/// The events of an open watch.
pub(crate) struct Events {
    body: Option<AnyBody>,
    protobuf: bool,
    rest: Vec<u8>,
    ready: VecDeque<Vec<u8>>,
}

impl Events {
    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>, Failed> {
        within(self.next_unlimited()).await
    }

    /// The same, however long it takes: for a clock that jumps.
    pub(crate) async fn next_unlimited(&mut self) -> Result<Option<Value>, Failed> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Ok(Some(if self.protobuf {
                    protobuf::event_to_json(&line)?
                } else {
                    serde_json::from_slice(&line)?
                }));
            }
            let Some(body) = &mut self.body else {
                return Ok(None);
            };
            match body.frame().await {
                None => return Ok(None),
                Some(frame) => {
                    if let Ok(data) = frame?.into_data() {
                        self.take(&data);
                    }
                }
            }
        }
    }

    /// The next event, of which there must be one.
    pub(crate) async fn event(&mut self) -> Result<Value, Failed> {
        self.next().await?.ok_or_else(|| "the watch ended".into())
    }

    /// The next event that is no bookmark: a slow server sends one while a test waits for another.
    pub(crate) async fn change(&mut self) -> Result<Value, Failed> {
        loop {
            let event = self.event().await?;
            if event["type"] != "BOOKMARK" {
                return Ok(event);
            }
        }
    }

    /// What has come of a frame that is not complete.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.rest
    }

    fn take(&mut self, data: &[u8]) {
        self.rest.extend_from_slice(data);
        while self.protobuf
            && let Some((event, taken)) = protobuf::split_event(&self.rest)
        {
            self.ready.push_back(event.to_vec());
            self.rest.drain(..taken);
        }
        if self.protobuf {
            return;
        }
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            self.ready.push_back(line);
        }
    }
}

async fn within<T>(step: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    let done = tokio::time::timeout(LIMIT, step).await;
    done.map_err(|_| Failed::from(format!("nothing came in {LIMIT:?}")))?
}
