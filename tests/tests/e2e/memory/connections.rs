//! The in-memory server on its socket, and the proxy in front of it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use harness::cluster::{ClientCertificate, TokenUser};
use harness::memory::{ApiServer, Fault, Served, Verb};
use harness::proxy::Proxy;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use libtest_mimic::Failed;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;

use super::{PODS, pod};
use crate::contract::wire::Wire;
use crate::trial::{Outcome, Run, check, named, until};

pub(super) const TRIALS: &[(&str, Run)] = named![
    tokens_come_and_go_at_once,
    certificates_name_their_user,
    http2_is_spoken,
    connections_are_counted_and_cut,
    faults_reach_the_socket,
    server_stops_and_resumes,
    proxy_spoils_the_link
];

const LIMIT: Duration = Duration::from_secs(60);

fn served() -> Result<Served, Failed> {
    let server = ApiServer::new();
    server.add_token(&TokenUser::new("good", "alice", &["testers"]));
    server.put(pod("a"))?;
    Ok(server.serve()?)
}

fn wire(served: &Served, token: &str) -> Result<Wire, Failed> {
    Wire::tls(served.address(), served.ca_pem(), Some(token))
}

fn tokens_come_and_go_at_once() -> Outcome {
    let served = served()?;
    let (good, new) = (wire(&served, "good")?, wire(&served, "new")?);
    Runtime::new()?.block_on(async {
        good.get(PODS).await?.expect(200)?;
        new.get(PODS).await?.expect(401)?;
        check(served.server().rotate_token("good", "new"), "not rotated")?;
        good.get(PODS).await?.expect(401)?;
        new.get(PODS).await?.expect(200)?;
        let requests = served.server().requests();
        check(
            requests
                .last()
                .is_some_and(|last| last.info.user == "alice"),
            format!("{requests:?}"),
        )?;
        served.server().revoke_token("new");
        new.get(PODS).await?.expect(401)?;
        check(served.server().answered(401) == 3, "other 401s")
    })
}

fn certificates_name_their_user() -> Outcome {
    let served = served()?;
    let pair = served.issue_certificate("carol", &["testers", "more"], LIMIT)?;
    Runtime::new()?.block_on(async {
        let body = h2(
            &served,
            "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            Some(&pair),
        );
        let body = body.await?;
        let user = &body["status"]["userInfo"];
        check(
            user["username"] == "carol"
                && user["groups"] == json!(["testers", "more", "system:authenticated"]),
            body.to_string(),
        )
    })
}

fn http2_is_spoken() -> Outcome {
    let served = served()?;
    Runtime::new()?.block_on(async {
        let body = h2(&served, "/version", None).await?;
        check(body["major"] == "1", body.to_string())
    })
}

/// Requests a path over HTTP/2, which is all that ALPN offers; posts to it with a certificate.
async fn h2(
    served: &Served,
    path: &str,
    pair: Option<&ClientCertificate>,
) -> Result<serde_json::Value, Failed> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(served.ca_pem().as_bytes())?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match pair {
        None => config.with_no_client_auth(),
        Some(pair) => config.with_client_auth_cert(
            vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes())?],
            PrivateKeyDer::from_pem_slice(pair.key.as_bytes())?,
        )?,
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(served.address()).await?;
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector
        .connect(ServerName::try_from("127.0.0.1")?, stream)
        .await?;
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (method, body) = match pair {
        Some(_) => ("POST", bytes::Bytes::from_static(b"{}")),
        None => ("GET", bytes::Bytes::new()),
    };
    let request = http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", served.url()))
        .body(Full::new(body))?;
    let response = sender.send_request(request).await?;
    let bytes = response.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&bytes)?)
}

fn connections_are_counted_and_cut() -> Outcome {
    let served = served()?;
    let wire = wire(&served, "good")?;
    let path = format!(
        "{PODS}?watch=1&resourceVersion={}",
        served.server().version()
    );
    Runtime::new()?.block_on(async {
        let mut events = wire.watch(&path).await?;
        check(served.connections() == 1, "not counted")?;
        check(served.open_connections() == 1, "not open")?;
        served.cut_connections();
        check(events.next().await.is_err(), "the stream ended well")?;
        within("the connection to close", || served.open_connections() == 0).await?;
        within("the watch to close", || served.server().open_watches() == 0).await?;
        wire.get(PODS).await?.expect(200).map(drop)
    })
}

pub(super) async fn within(what: &str, holds: impl Fn() -> bool) -> Outcome {
    until(LIMIT, what, holds).await
}

fn faults_reach_the_socket() -> Outcome {
    let served = served()?;
    let (api, wire) = (served.server(), wire(&served, "good")?);
    Runtime::new()?.block_on(async {
        api.inject(Fault::cut());
        check(wire.get(PODS).await.is_err(), "an answer")?;
        api.inject(Fault::cut_inside(0).on(Verb::List));
        check(wire.get(PODS).await.is_err(), "a whole list")?;
        api.inject(Fault::cut_between(1).on(Verb::Watch));
        let mut events = wire.watch(&format!("{PODS}?watch=1")).await?;
        events.event().await?;
        check(events.next().await.is_err(), "the stream ended well")?;
        wire.get(PODS).await?.expect(200).map(drop)
    })
}

fn server_stops_and_resumes() -> Outcome {
    let mut served = served()?;
    let wire = wire(&served, "good")?;
    let runtime = Runtime::new()?;
    let get = || runtime.block_on(wire.get(PODS));
    get()?.expect(200)?;
    served.stop();
    let refused = std::net::TcpStream::connect(served.address());
    check(refused.is_err(), "the port is open")?;
    served.resume()?;
    get()?.expect(200).map(drop)
}

fn proxy_spoils_the_link() -> Outcome {
    let served = served()?;
    let mut proxy = Proxy::start(served.address())?;
    let wire = Wire::tls(proxy.address(), served.ca_pem(), Some("good"))?;
    let runtime = Runtime::new()?;
    let path = format!(
        "{PODS}?watch=1&resourceVersion={}",
        served.server().version()
    );

    let mut events = runtime.block_on(wire.watch(&path))?;
    check(
        proxy.connections() == 1 && proxy.open_connections() == 1,
        "not counted",
    )?;
    proxy.cut_all();
    check(runtime.block_on(events.next()).is_err(), "not cut")?;

    let mut events = runtime.block_on(wire.watch(&path))?;
    proxy.stall();
    served.server().put(pod("b"))?;
    let silent = Duration::from_millis(200);
    let next = runtime.block_on(async { tokio::time::timeout(silent, events.next()).await });
    check(next.is_err(), "an event came through a stalled link")?;
    proxy.resume();
    let event = runtime.block_on(events.event())?;
    check(event["type"] == "ADDED", event.to_string())?;

    proxy.refuse();
    check(
        std::net::TcpStream::connect(proxy.address()).is_err(),
        "a new connection",
    )?;
    served.server().put(pod("c"))?;
    runtime.block_on(events.event())?;
    proxy.accept()?;
    let before = proxy.bytes();
    proxy.set_pace(NonZeroU32::new(20_000));
    runtime.block_on(wire.get(PODS))?.expect(200)?;
    check(proxy.bytes() > before, "no bytes are counted")
}
