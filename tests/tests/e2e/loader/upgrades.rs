//! exec, attach and port-forward, against a server that speaks them as a kubelet does, with the real
//! server's certificate. The real server has no kubelet to ask.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{SinkExt as _, StreamExt as _};
use harness::CacheHome;
use harness::cluster::{Kubeconfig, KubeconfigFile, KubeconfigUser};
use http::{Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use k8s_openapi::api::core::v1::Pod;
use kube::api::AttachParams;
use kube::client::Body;
use kube::{Api, Client};
use libtest_mimic::Failed;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::{Outcome, Run, check, cluster_for_testers, loader, runtime};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    exec_works_through_the_client,
    attach_works_through_the_client,
    port_forward_works_through_the_client,
    spdy_works_through_the_client,
    a_server_without_http2_is_served
];

/// What came, in order: the protocol and the path.
type Seen = Arc<Mutex<Vec<(Version, String)>>>;

/// HTTP/1.1 and HTTP/2 by ALPN. It echoes what comes over an upgraded connection.
struct Kubelet {
    kubeconfig: KubeconfigFile,
    seen: Seen,
}

impl Kubelet {
    async fn start() -> Result<Self, Failed> {
        Self::with_protocols(&["h2", "http/1.1"]).await
    }

    async fn with_protocols(protocols: &[&str]) -> Result<Self, Failed> {
        let cluster = cluster_for_testers()?;
        let tls = tls_of(&cluster.data_dir().join("pki"), protocols)?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("https://{}", listener.local_addr()?);
        let user = KubeconfigUser::Token("kubelet-token".into());
        let kubeconfig = Kubeconfig::new(&url, cluster.ca_pem()).with_user("kit", user);
        let kubelet = Self {
            kubeconfig: kubeconfig.write()?,
            seen: Seen::default(),
        };
        let seen = Arc::clone(&kubelet.seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, seen) = (tls.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    let Ok(stream) = tls.accept(stream).await else {
                        return;
                    };
                    let service = service_fn(|request| {
                        std::future::ready(Ok::<_, Infallible>(answer(request, &seen)))
                    });
                    let server = auto::Builder::new(TokioExecutor::new());
                    let connection =
                        server.serve_connection_with_upgrades(TokioIo::new(stream), service);
                    let _ = connection.await;
                });
            }
        });
        Ok(kubelet)
    }

    fn client(&self) -> Result<Client, Failed> {
        let loader = loader(&CacheHome::new()?).with_kubeconfig(self.kubeconfig.path());
        Ok(loader.load()?.client()?)
    }

    /// Everything before and after the upgrade goes by HTTP/2, through the same client.
    async fn expect(&self, client: &Client, upgraded: &str) -> Outcome {
        client.apiserver_version().await?;
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen: Vec<_> = seen
            .iter()
            .map(|(version, path)| (*version, path.as_str()))
            .collect();
        let expected = [
            (Version::HTTP_2, "/version"),
            (Version::HTTP_11, upgraded),
            (Version::HTTP_2, "/version"),
        ];
        check(seen == expected, format!("{seen:?}"))
    }
}

pub(super) fn tls_of(pki: &Path, protocols: &[&str]) -> Result<TlsAcceptor, Failed> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(pki.join("server.crt"))?.collect();
    let key = PrivateKeyDer::from_pem_file(pki.join("server.key"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain?, key)?;
    let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
    config.alpn_protocols = protocols.collect();
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn answer(mut request: Request<Incoming>, seen: &Seen) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.push((request.version(), path.clone()));
    let header = |name| {
        let value = request.headers().get(name)?.to_str().ok();
        value.map(str::to_owned)
    };
    let key = header("sec-websocket-key").map(|key| derive_accept_key(key.as_bytes()));
    let response = Response::builder();
    let response = match (header("authorization").as_deref(), header("upgrade")) {
        (Some("Bearer kubelet-token"), None) => response.body(version().into()),
        (Some("Bearer kubelet-token"), Some(protocol)) => {
            let upgraded = hyper::upgrade::on(&mut request);
            tokio::spawn(echo(
                upgraded,
                key.is_some(),
                path.ends_with("/portforward"),
            ));
            let response = response
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header("connection", "Upgrade")
                .header("upgrade", protocol);
            let response = match key {
                Some(key) => response
                    .header("sec-websocket-accept", key)
                    .header("sec-websocket-protocol", "v4.channel.k8s.io"),
                None => response,
            };
            response.body(Full::default())
        }
        _ => response
            .status(StatusCode::UNAUTHORIZED)
            .body(Full::default()),
    };
    response.expect("a response")
}

fn version() -> String {
    let fields = [
        "major",
        "minor",
        "gitVersion",
        "gitCommit",
        "gitTreeState",
        "buildDate",
        "goVersion",
        "compiler",
        "platform",
    ];
    let version: BTreeMap<_, _> = fields.into_iter().map(|field| (field, "")).collect();
    json!(version).to_string()
}

async fn echo(upgraded: OnUpgrade, is_websocket: bool, is_forward: bool) {
    let Ok(upgraded) = upgraded.await else {
        return;
    };
    let io = TokioIo::new(upgraded);
    if is_websocket {
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
        let _ = echo_channels(socket, is_forward).await;
    } else {
        let (mut reader, mut writer) = tokio::io::split(io);
        let _ = tokio::io::copy(&mut reader, &mut writer).await;
    }
}

/// The first byte of a message is its channel. exec: 0 is stdin, 1 stdout, 3 the status at the end.
/// port-forward: 0 is the first port, each channel begins with the port's number.
async fn echo_channels<S>(mut socket: WebSocketStream<S>, is_forward: bool) -> Result<(), Failed>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let send = |channel: u8, bytes: &[u8]| Message::binary([&[channel], bytes].concat());
    if is_forward {
        for channel in [0, 1] {
            socket.send(send(channel, &80_u16.to_le_bytes())).await?;
        }
    }
    while let Some(message) = socket.next().await {
        match message?.into_data().split_first() {
            Some((0, bytes)) if is_forward => socket.send(send(0, bytes)).await?,
            Some((0, bytes)) => {
                socket.send(send(1, bytes)).await?;
                let status = json!({ "metadata": {}, "status": "Success" }).to_string();
                socket.send(send(3, status.as_bytes())).await?;
                socket.close(None).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn exec_works_through_the_client() -> Outcome {
    let params = AttachParams::default().stdin(true).stderr(false);
    echoed_by("exec", |pods| async move {
        Ok(pods.exec("one", ["cat"], &params).await?)
    })
}

fn attach_works_through_the_client() -> Outcome {
    let params = AttachParams::default().stdin(true).stderr(false);
    echoed_by("attach", |pods| async move {
        Ok(pods.attach("one", &params).await?)
    })
}

fn echoed_by<F, A>(name: &str, attach: F) -> Outcome
where
    F: FnOnce(Api<Pod>) -> A,
    A: Future<Output = Result<kube::api::AttachedProcess, Failed>>,
{
    runtime()?.block_on(async {
        let kubelet = Kubelet::start().await?;
        let client = kubelet.client()?;
        client.apiserver_version().await?;
        let mut process = attach(Api::default_namespaced(client.clone())).await?;
        let (stdin, stdout) = (process.stdin(), process.stdout());
        let mut stdin = stdin.ok_or("no stdin")?;
        stdin.write_all(b"hello").await?;
        let mut heard = [0; 5];
        let mut stdout = stdout.ok_or("no stdout")?;
        stdout.read_exact(&mut heard).await?;
        check(&heard == b"hello", format!("{heard:?}"))?;
        let status = process.take_status().ok_or("no status")?.await;
        let status = status.and_then(|status| status.status);
        check(status.as_deref() == Some("Success"), format!("{status:?}"))?;
        let path = format!("/api/v1/namespaces/default/pods/one/{name}");
        kubelet.expect(&client, &path).await
    })
}

fn port_forward_works_through_the_client() -> Outcome {
    runtime()?.block_on(async {
        let kubelet = Kubelet::start().await?;
        let client = kubelet.client()?;
        client.apiserver_version().await?;
        let pods: Api<Pod> = Api::default_namespaced(client.clone());
        let mut forward = pods.portforward("one", &[80]).await?;
        let mut stream = forward.take_stream(80).ok_or("no stream")?;
        stream.write_all(b"hello").await?;
        let mut heard = [0; 5];
        stream.read_exact(&mut heard).await?;
        check(&heard == b"hello", format!("{heard:?}"))?;
        let path = "/api/v1/namespaces/default/pods/one/portforward";
        kubelet.expect(&client, path).await
    })
}

/// kube speaks WebSocket only; others send SPDY over the same client.
fn spdy_works_through_the_client() -> Outcome {
    runtime()?.block_on(async {
        let kubelet = Kubelet::start().await?;
        let client = kubelet.client()?;
        client.apiserver_version().await?;
        let path = "/api/v1/namespaces/default/pods/one/exec";
        let request = Request::post(path)
            .header("connection", "Upgrade")
            .header("upgrade", "SPDY/3.1");
        let mut response = client.send(request.body(Body::empty())?).await?;
        let status = response.status();
        check(
            status == StatusCode::SWITCHING_PROTOCOLS,
            status.to_string(),
        )?;
        let mut stream = TokioIo::new(hyper::upgrade::on(&mut response).await?);
        stream.write_all(b"hello").await?;
        let mut heard = [0; 5];
        stream.read_exact(&mut heard).await?;
        check(&heard == b"hello", format!("{heard:?}"))?;
        kubelet.expect(&client, path).await
    })
}

/// An old proxy in front of a cluster; it says so, or says nothing.
fn a_server_without_http2_is_served() -> Outcome {
    runtime()?.block_on(async {
        for protocols in [&["http/1.1"][..], &[]] {
            let kubelet = Kubelet::with_protocols(protocols).await?;
            let client = kubelet.client()?;
            for _ in 0..2 {
                let request = Request::get("/version?watch=1").body(Body::empty())?;
                let version = client.send(request).await?.version();
                check(version == Version::HTTP_11, format!("{version:?}"))?;
                client.apiserver_version().await?;
            }
        }
        Ok(())
    })
}
