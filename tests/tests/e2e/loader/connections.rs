//! The way to the server: proxies, names, who is trusted, and what is said where there is no way.

use std::error::Error as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use harness::CacheHome;
use harness::cluster::{Cluster, Kubeconfig, KubeconfigFile, KubeconfigUser, TokenUser};
use http::{Request, Version};
use kcc_core::client::ClientError;
use kube::client::Body;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::fixed_users::{edited, known_as};
use super::upgrades::tls_of;
use super::watching::join;
use super::{Outcome, Run, check, cluster_for_testers, loader, runtime, whoami};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    a_proxy_over_tls_is_used,
    a_socks_proxy_is_used,
    http2_goes_through_a_proxy,
    a_proxys_password_is_in_no_error,
    the_servers_name_is_checked,
    checks_can_be_switched_off,
    no_connection_names_the_cluster,
    plain_http_works_without_compression
];

/// The kubeconfig of a user whom the shared cluster knows, after a change of its cluster entry.
fn kubeconfig(
    name: &str,
    change: impl FnOnce(&'static Cluster, &mut Value),
) -> Result<KubeconfigFile, Failed> {
    let cluster = cluster_for_testers()?;
    let token = format!("{name}-token");
    cluster.add_token(TokenUser::new(&token, name, &["testers"]))?;
    let kubeconfig = cluster
        .kubeconfig()
        .with_user(name, KubeconfigUser::Token(token));
    edited(&kubeconfig, |content| {
        change(cluster, &mut content["clusters"][0]["cluster"]);
    })
}

/// It shows the server's own certificate, which the CA of the kubeconfig vouches for.
fn a_proxy_over_tls_is_used() -> Outcome {
    let tls = tls_of(&cluster_for_testers()?.data_dir().join("pki"), &[])?;
    let runtime = runtime()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let url = format!("https://me:s3cret@{}", listener.local_addr()?);
    let received = runtime.spawn(async move {
        let (stream, _) = listener.accept().await?;
        let mut client = tls.accept(stream).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let address = head.split(' ').nth(1).unwrap_or_default();
        let mut server = tokio::net::TcpStream::connect(address).await?;
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        tokio::spawn(async move {
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        });
        Ok::<_, std::io::Error>(head)
    });
    let file = kubeconfig("tilda", |_, entry| entry["proxy-url"] = json!(url))?;
    known_as("tilda", &file)?;
    let received = runtime.block_on(received)??;
    check(received.starts_with("CONNECT 127.0.0.1:"), &received)?;
    // me:s3cret
    check(received.contains("Basic bWU6czNjcmV0"), received)
}

/// RFC 1928 and 1929. The proxy is told the server's name, and looks it up itself.
fn a_socks_proxy_is_used() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("socks5://me:s3cret@{}", listener.local_addr()?);
    let received = std::thread::spawn(move || socks_once(&listener));
    let file = kubeconfig("socke", |cluster, entry| {
        entry["proxy-url"] = json!(url);
        let server = cluster.server_url().replace("127.0.0.1", "localhost");
        entry["server"] = json!(server);
    })?;
    known_as("socke", &file)?;
    let (who, host) = received.join().map_err(|_| "the proxy panicked")??;
    check(who == "me s3cret", who)?;
    check(host == "localhost", host)
}

/// A SOCKS proxy for one connection; returns user and password, and the host that was requested.
fn socks_once(listener: &TcpListener) -> std::io::Result<(String, String)> {
    let (mut client, _) = listener.accept()?;
    let read = |client: &mut TcpStream, length: u8| {
        let mut bytes = vec![0; length.into()];
        client.read_exact(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    let counted = |client: &mut TcpStream| {
        let length = read(client, 1)?[0];
        let text = read(client, length)?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&text).into_owned())
    };
    read(&mut client, 1)?;
    counted(&mut client)?;
    // By name and password.
    client.write_all(&[5, 2])?;
    read(&mut client, 1)?;
    let who = format!("{} {}", counted(&mut client)?, counted(&mut client)?);
    client.write_all(&[1, 0])?;
    let request = read(&mut client, 4)?;
    let host = match request[3] {
        3 => counted(&mut client)?,
        other => format!("an address of kind {other}"),
    };
    let port = read(&mut client, 2)?;
    let port = u16::from_be_bytes([port[0], port[1]]);
    let server = TcpStream::connect(("127.0.0.1", port))?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    join(client, server)?;
    Ok((who, host))
}

fn http2_goes_through_a_proxy() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || super::fixed_users::tunnel_once(&listener));
    let file = kubeconfig("durchzug", |_, entry| entry["proxy-url"] = json!(url))?;
    let loader = loader(&CacheHome::new()?).with_kubeconfig(file.path());
    let config = loader.load()?;
    runtime()?.block_on(async {
        let request = Request::get("/version").body(Body::empty())?;
        let response = config.client()?.send(request).await?;
        let version = response.version();
        check(version == Version::HTTP_2, format!("{version:?}"))
    })
}

/// A proxy that is not there, and one that refuses.
fn a_proxys_password_is_in_no_error() -> Outcome {
    let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let refusing = TcpListener::bind("127.0.0.1:0")?;
    let address = refusing.local_addr()?;
    std::thread::spawn(move || {
        for client in refusing.incoming().flatten() {
            let _ = (&client).read(&mut [0; 4096]);
            let _ = (&client).write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        }
    });
    for (scheme, address) in [
        ("http", closed),
        ("socks5", closed),
        ("http", address),
        ("socks5", address),
    ] {
        let url = format!("{scheme}://me:s3cret@{address}");
        let file = kubeconfig("pwd", |_, entry| entry["proxy-url"] = json!(url))?;
        let error = request_error(&file)?;
        check(!error.contains("s3cret"), error)?;
    }
    Ok(())
}

fn the_servers_name_is_checked() -> Outcome {
    let named = |name: &str| {
        let name = json!(name);
        kubeconfig("nomi", |_, entry| entry["tls-server-name"] = name)
    };
    known_as("nomi", &named("kubernetes.default.svc")?)?;
    let error = request_error(&named("nowhere.example")?)?;
    check(error.contains("not for nowhere.example"), error)
}

fn checks_can_be_switched_off() -> Outcome {
    let without_ca = |cluster: &Cluster, insecure: bool| json!({ "server": cluster.server_url(), "insecure-skip-tls-verify": insecure });
    let file = kubeconfig("sorglos", |cluster, entry| {
        *entry = without_ca(cluster, true);
    })?;
    known_as("sorglos", &file)?;
    let other = include_str!("../../../../kcc-core/testdata/client.pem");
    let cluster = cluster_for_testers()?;
    let kubeconfig = Kubeconfig::new(cluster.server_url(), other);
    let user = KubeconfigUser::Token("sorglos-token".into());
    let error = request_error(&kubeconfig.with_user("sorglos", user).write()?)?;
    check(error.contains("which is not trusted"), error)
}

/// The error of a request with its causes; it names the cluster and its place.
fn request_error(file: &KubeconfigFile) -> Result<String, Failed> {
    let loader = loader(&CacheHome::new()?).with_kubeconfig(file.path());
    let config = loader.load()?;
    let error = runtime()?.block_on(async {
        let client = config.client()?;
        Ok::<_, Failed>(whoami(&client).await.expect_err("there is no way"))
    })?;
    let kube::Error::Service(inner) = &error else {
        return Err(format!("another error: {error}").into());
    };
    let error = inner.downcast_ref::<ClientError>().ok_or("not ours")?;
    let mut text = error.to_string();
    let place = text.strip_prefix(&format!("{}:", file.path().display()));
    let line = place.and_then(|place| place.split_once(": cluster \"apiserver\": "));
    let is_line = line.is_some_and(|(line, _)| line.parse::<u32>().is_ok());
    check(is_line, format!("no file, line and cluster: {text}"))?;
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    Ok(text)
}

fn no_connection_names_the_cluster() -> Outcome {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    for variable in [None, Some("DISABLE_HTTP2")] {
        let url = format!("https://127.0.0.1:{port}");
        let file = kubeconfig("niemand", |_, entry| entry["server"] = json!(url))?;
        let home = CacheHome::new()?;
        let mut environment: kcc_core::Environment = home.variables().into_iter().collect();
        if let Some(name) = variable {
            environment.set(name, "1");
        }
        let loader = loader(&home).with_environment(environment);
        let config = loader.with_kubeconfig(file.path()).load()?;
        let error = runtime()?.block_on(async {
            let client = config.client()?;
            Ok::<_, Failed>(whoami(&client).await.expect_err("nobody is there"))
        })?;
        let text = error.to_string();
        check(text.contains(&format!("cannot connect to {url}")), &text)?;
        check(text.contains("cluster \"apiserver\""), &text)?;
        let mut cause = error.source();
        let mut is_refused = false;
        while let Some(error) = cause {
            let io = error.downcast_ref::<std::io::Error>();
            is_refused |= io.is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused);
            cause = error.source();
        }
        check(is_refused, format!("nothing says why: {error:?}"))?;
    }
    Ok(())
}

/// Nothing is ever requested in compressed form, so that `disable-compression` always holds. Nor is
/// anything of the user sent; see `wire/servers.rs`.
fn plain_http_works_without_compression() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let heard = std::thread::spawn(move || {
        let (mut client, _) = listener.accept()?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&head).to_lowercase())
    });
    let file = kubeconfig("klara", |_, entry| {
        *entry = json!({ "server": url, "disable-compression": true });
    })?;
    let loader = loader(&CacheHome::new()?).with_kubeconfig(file.path());
    let config = loader.load()?;
    runtime()?.block_on(async {
        let request = Request::get("/version").body(Vec::new())?;
        config.client()?.request::<Value>(request).await?;
        Ok::<_, Failed>(())
    })?;
    let heard = heard.join().map_err(|_| "the server panicked")??;
    check(heard.starts_with("get /version http/1.1\r\n"), &heard)?;
    check(!heard.contains("authorization"), &heard)?;
    check(!heard.contains("accept-encoding"), heard)
}
