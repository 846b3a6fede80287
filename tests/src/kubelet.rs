//! A stand-in for the kubelet of a node, which the real kube-apiserver asks for logs.
//!
//! ```no_run
//! use harness::cluster::{Cluster, ClusterOptions};
//! use harness::Kubelet;
//!
//! let kubelet = Kubelet::start()?;
//! let cluster = Cluster::start(kubelet.options(ClusterOptions::default()))?;
//! cluster.apply(&kubelet.node("node-1"))?; // addresses and port are a part of its status
//! kubelet.logs().of("shop", "web-1", "app").write("hello");
//! # Ok::<(), anyhow::Error>(())
//! ```

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::cluster::ClusterOptions;
use crate::container_logs::{ContainerLogs, LogOptions, LogReader};
use crate::listening::Listening;
use crate::memory::{Authority, RequestInfo};

/// It serves `/containerLogs/NAMESPACE/POD/CONTAINER` with TLS on a port of 127.0.0.1, to who comes with the
/// certificate that it gave to the API server, until this is dropped.
#[derive(Debug)]
pub struct Kubelet {
    logs: ContainerLogs,
    address: SocketAddr,
    /// What kube-apiserver reads: its certificate, and the CA of this server's.
    files: TempDir,
    _listening: Listening,
    runtime: Option<Runtime>,
}

impl Kubelet {
    /// Starts it.
    ///
    /// # Errors
    /// Where no port can be had.
    pub fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("kubelet")
            .enable_all()
            .build()
            .context("cannot start a runtime")?;
        let authority = Authority::new().context("cannot make a CA")?;
        let acceptor = TlsAcceptor::from(authority.server_config()?);
        let (pair, _) = authority.issue("kube-apiserver", &[], Duration::from_secs(24 * 3600))?;
        let files = tempfile::tempdir()?;
        for (name, content) in [
            ("ca.crt", &authority.pem),
            ("client.crt", &pair.certificate),
            ("client.key", &pair.key),
        ] {
            std::fs::write(files.path().join(name), content)?;
        }
        let logs = ContainerLogs::default();
        let served = logs.clone();
        let take = move |stream| {
            tokio::spawn(serve(stream, acceptor.clone(), served.clone()));
        };
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (address, listening) = Listening::open(&runtime, free, take)?;
        Ok(Self {
            logs,
            address,
            files,
            _listening: listening,
            runtime: Some(runtime),
        })
    }

    /// What its containers write.
    pub fn logs(&self) -> &ContainerLogs {
        &self.logs
    }

    /// Adds the flags with which kube-apiserver trusts this kubelet, and proves to it who it is.
    pub fn options(&self, options: ClusterOptions) -> ClusterOptions {
        let files = self.files.path().display();
        options
            .with_apiserver_flag(format!("--kubelet-certificate-authority={files}/ca.crt"))
            .with_apiserver_flag(format!("--kubelet-client-certificate={files}/client.crt"))
            .with_apiserver_flag(format!("--kubelet-client-key={files}/client.key"))
            .with_apiserver_flag("--kubelet-preferred-address-types=InternalIP")
    }

    /// The Node whose kubelet it is. Its status is to be written, too.
    pub fn node(&self, name: &str) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": { "name": name },
            "status": {
                "addresses": [{ "type": "InternalIP", "address": self.address.ip() }],
                "daemonEndpoints": { "kubeletEndpoint": { "Port": self.address.port() } },
            },
        })
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

type Body = UnsyncBoxBody<Bytes, io::Error>;

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, logs: ContainerLogs) {
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let is_known = stream.get_ref().1.peer_certificates().is_some();
    let service = service_fn(move |request: Request<Incoming>| {
        let logs = logs.clone();
        async move {
            let answer = if is_known {
                answer(&request, &logs).await
            } else {
                plain(StatusCode::UNAUTHORIZED, "Unauthorized".to_owned())
            };
            Ok::<_, Infallible>(answer)
        }
    });
    // A connection that ends in an error is a torn log's, or the client's.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(request: &Request<Incoming>, logs: &ContainerLogs) -> Response<Body> {
    let uri = request.uri();
    let parts: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    let ["containerLogs", namespace, pod, container] = *parts else {
        return plain(StatusCode::NOT_FOUND, "404 page not found\n".to_owned());
    };
    let info = RequestInfo::parse(request.method(), "", uri.query().unwrap_or_default());
    let opened = LogOptions::parse(|name| info.parameter(name))
        .and_then(|options| LogReader::open(logs, (namespace, pod, container), options));
    match opened {
        Ok(reader) => streamed(reader).await,
        Err(problem) => plain(StatusCode::BAD_REQUEST, problem),
    }
}

/// As of the kubelet, the headers come with the first lines.
async fn streamed(reader: LogReader) -> Response<Body> {
    let mut lines = Box::pin(stream::unfold(reader, async |mut reader| {
        let next = reader.next().await.transpose()?;
        Some((next.map(|frames| frames.concat().into()), reader))
    }));
    let first = lines.next().await;
    let lines: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>> =
        Box::pin(stream::iter(first).chain(lines));
    let frames = lines.map(|chunk| chunk.map(Frame::data));
    Response::new(StreamBody::new(frames).boxed_unsync())
}

fn plain(code: StatusCode, text: String) -> Response<Body> {
    let body = Full::from(text).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = code;
    response
}
