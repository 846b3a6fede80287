use std::error::Error as StdError;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{HeaderValue, Uri};
use hyper::rt::{Read, Write};
use hyper_rustls::{
    DefaultServerNameResolver, FixedServerNameResolver, HttpsConnector, ResolveServerName,
};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::Body;
use rustls::{CertificateError, ClientConfig};
use tower::{BoxError, Service, ServiceExt};

use super::connections::{Connections, Http1Pool};
use super::forward_proxy::ForwardProxy;
use super::http2::{Http2Connect, Http2Connection, KeepAlive};
use crate::client::error::{ClientError, ClientProblem};
use crate::client::proxy::Proxy;
use crate::client::target::Target;
use crate::client::tls::UntrustedCertificate;
use crate::environment::Environment;

/// As client-go's default dialer, and kube.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// As kube. There is no such limit for reading: a quiet watch and a quiet exec are no faults.
const WRITE_TIMEOUT: Duration = Duration::from_secs(295);
/// A peer that is gone is noticed as soon as HTTP/2's PING would (`KeepAlive`), also by who only
/// waits for it. Go probes for longer.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);
const TCP_KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const TCP_KEEPALIVE_PROBES: u32 = 3;
/// So long what was sent may remain without an acknowledgement: keepalive does not probe meanwhile.
#[cfg(target_os = "linux")]
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(45);

/// Makes connections to one server, directly or through a proxy.
pub(super) struct Connector {
    target: Arc<Target>,
    server_name: Arc<dyn ResolveServerName + Send + Sync>,
    proxy: Option<Proxy>,
    /// None where HTTP/2 is switched off, or cannot be agreed on.
    http2: Option<KeepAlive>,
}

impl Connector {
    pub(super) fn new(
        target: &Arc<Target>,
        environment: &Environment,
    ) -> Result<Self, ClientError> {
        // apimachinery's `util/net/http.go` has the same switch. Without TLS there is no ALPN.
        let is_http2 = target.server.scheme_str() == Some("https")
            && environment.non_empty("DISABLE_HTTP2").is_none();
        let proxy = target.proxy(environment).map_err(|problem| {
            let problem = ClientProblem::ProxyVariable(problem);
            target.cluster.unusable(problem)
        })?;
        Ok(Self {
            server_name: match target.tls_server_name.clone() {
                Some(name) => Arc::new(FixedServerNameResolver::new(name)),
                None => Arc::new(DefaultServerNameResolver::default()),
            },
            proxy,
            http2: is_http2.then(|| KeepAlive::of(environment)),
            target: Arc::clone(target),
        })
    }

    /// Whether nobody has to show a certificate: neither the server nor a proxy.
    pub(super) fn is_plain(&self) -> bool {
        let is_tls = |proxy: &Proxy| proxy.uri().scheme_str() == Some("https");
        self.target.is_plain() && !self.proxy.as_ref().is_some_and(is_tls)
    }

    /// `Proxy-Authorization` of each request that a proxy is given whole.
    pub(super) fn proxy_authorization(&self) -> Option<HeaderValue> {
        let proxy = self.proxy.as_ref().filter(|_| self.target.is_plain())?;
        let is_socks = proxy.is_socks();
        proxy.basic_auth().filter(|_| !is_socks)
    }

    /// Connections over this TLS; they are made as they are needed.
    pub(super) fn connections(&self, tls: &ClientConfig) -> Connections {
        let upgrades = self.connections_from(tcp(), tls);
        let tcp = acknowledged(tcp());
        self.connections_from(tcp, tls).with_upgrades(upgrades)
    }

    fn connections_from(&self, tcp: HttpConnector, tls: &ClientConfig) -> Connections {
        match &self.proxy {
            None => self.connections_over(&tcp, tls),
            Some(proxy) => self.connections_by(proxy, tcp, tls),
        }
    }

    fn connections_by(&self, proxy: &Proxy, tcp: HttpConnector, tls: &ClientConfig) -> Connections {
        let is_tls = proxy.uri().scheme_str() == Some("https");
        match (proxy.is_socks(), is_tls) {
            (true, _) => {
                let mut socks = SocksV5::new(proxy.uri().clone(), tcp);
                if let Some((name, password)) = proxy.credentials() {
                    let password = String::from_utf8_lossy(password.expose());
                    socks = socks.with_auth(name.clone(), password.into_owned());
                }
                self.connections_over(&socks, tls)
            }
            (false, true) => {
                // The same CA and certificate as for the server, as in Go.
                let name = Arc::new(DefaultServerNameResolver::default());
                let https = HttpsConnector::new(tcp, tls.clone(), true, name);
                self.connections_by_http(proxy, https, tls)
            }
            (false, false) => self.connections_by_http(proxy, tcp, tls),
        }
    }

    fn connections_by_http<C>(&self, proxy: &Proxy, connector: C, tls: &ClientConfig) -> Connections
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + Read + Write + Send + Unpin + 'static,
        C::Future: Send + 'static,
        C::Error: Into<BoxError>,
    {
        if self.target.is_plain() {
            let forward = ForwardProxy::new(proxy.uri().clone(), connector);
            return self.connections_over(&forward, tls);
        }
        self.connections_over(&tunnel(proxy, connector), tls)
    }

    fn connections_over<C>(&self, connector: &C, tls: &ClientConfig) -> Connections
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + Read + Write + Send + Unpin + 'static,
        C::Future: Send + 'static,
        C::Error: Into<BoxError>,
    {
        let http1 = self.over(connector, tls, &["http/1.1"]);
        let http1 = Client::builder(TokioExecutor::new()).build::<_, Body>(http1);
        let http2 = self.http2.map(|keep_alive| {
            let connector = self.over(connector, tls, &["h2", "http/1.1"]);
            connect_http2(connector, keep_alive)
        });
        let closing = "it closes each connection before it answers anything";
        let closing = unreachable(&self.target, closing.into());
        let http1 = Http1Pool::new(http1.map_err(client_error));
        Connections::new(http1, http2, &closing)
    }

    fn over<C>(&self, connector: &C, tls: &ClientConfig, protocols: &[&str]) -> Https<C>
    where
        C: Service<Uri> + Clone + Send,
        C::Response: Connection + Read + Write + Send + Unpin + 'static,
        C::Future: Send + 'static,
        C::Error: Into<BoxError>,
    {
        let mut tls = tls.clone();
        let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
        tls.alpn_protocols = protocols.collect();
        let name = Arc::clone(&self.server_name);
        let https = HttpsConnector::new(connector.clone(), tls, false, name);
        let mut connector = TimeoutConnector::new(https);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_write_timeout(Some(WRITE_TIMEOUT));
        TargetConnector {
            connector,
            target: Arc::clone(&self.target),
        }
    }
}

/// Connections that show when their peer is gone.
fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    tcp.set_keepalive(Some(TCP_KEEPALIVE));
    tcp.set_keepalive_interval(Some(TCP_KEEPALIVE_INTERVAL));
    tcp.set_keepalive_retries(Some(TCP_KEEPALIVE_PROBES));
    tcp
}

/// The same, also while something is sent. Not for exec, attach and port-forward: the system counts a
/// peer that reads nothing for so long as gone, and a process need not read what it is sent.
fn acknowledged(mut tcp: HttpConnector) -> HttpConnector {
    #[cfg(target_os = "linux")]
    tcp.set_tcp_user_timeout(Some(TCP_USER_TIMEOUT));
    #[cfg(not(target_os = "linux"))]
    let _ = &mut tcp;
    tcp
}

type Https<C> = TargetConnector<TimeoutConnector<HttpsConnector<C>>>;

/// HTTP/2 over a connector that offers it to the server.
fn connect_http2<C>(connector: TargetConnector<C>, keep_alive: KeepAlive) -> Http2Connect
where
    C: Service<Uri, Error = BoxError> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
{
    Arc::new(move || {
        let connector = connector.clone();
        Box::pin(async move {
            let target = Arc::clone(&connector.target);
            let io = connector.oneshot(target.server.clone()).await?;
            if !io.connected().is_negotiated_h2() {
                return Ok(None);
            }
            let connection = Http2Connection::handshake(io, keep_alive);
            let connection = tokio::time::timeout(CONNECT_TIMEOUT, connection).await;
            let connection = connection.unwrap_or_else(|elapsed| Err(elapsed.into()));
            connection
                .map(Some)
                .map_err(|error| unreachable(&target, error))
        })
    })
}

/// A connector whose errors say which cluster they are about.
#[derive(Clone)]
struct TargetConnector<C> {
    connector: C,
    target: Arc<Target>,
}

impl<C> Service<Uri> for TargetConnector<C>
where
    C: Service<Uri, Error = BoxError>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = ClientError;
    type Future = BoxFuture<'static, Result<C::Response, ClientError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ClientError>> {
        let ready = self.connector.poll_ready(context);
        ready.map_err(|error| unreachable(&self.target, error))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let (connecting, target) = (self.connector.call(server), Arc::clone(&self.target));
        Box::pin(async move {
            let connected = connecting.await;
            connected.map_err(|error| unreachable(&target, error))
        })
    }
}

fn unreachable(target: &Target, error: BoxError) -> ClientError {
    ClientError::Connect {
        cluster: target.cluster.clone(),
        server: target.address(),
        error: untrusted(&*error).unwrap_or_else(|| Arc::from(error)),
    }
}

/// What the verifier says of a certificate, which rustls shows as a Rust value.
fn untrusted(error: &(dyn StdError + 'static)) -> Option<Arc<dyn StdError + Send + Sync>> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // An `io::Error` gives the source of what is in it, not that itself.
        let inner = error.downcast_ref::<std::io::Error>();
        let inner = inner.and_then(std::io::Error::get_ref);
        let rustls = match inner {
            Some(inner) => inner.downcast_ref::<rustls::Error>(),
            None => error.downcast_ref::<rustls::Error>(),
        };
        if let Some(rustls::Error::InvalidCertificate(CertificateError::Other(other))) = rustls {
            return other
                .0
                .is::<UntrustedCertificate>()
                .then(|| Arc::clone(&other.0));
        }
        cause = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// The pool's error hides why there is no connection two levels below.
fn client_error(error: hyper_util::client::legacy::Error) -> BoxError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<ClientError>() {
            return error.clone().into();
        }
        cause = error.source();
    }
    error.into()
}

fn tunnel<C>(proxy: &Proxy, connector: C) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy.uri().clone(), connector);
    match proxy.basic_auth() {
        Some(auth) => tunnel.with_auth(auth),
        None => tunnel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::tls;
    use crate::kubeconfig::{Cluster, Named, Origin};

    fn cluster(server: &str, proxy_url: Option<&str>) -> Named<Cluster> {
        Named {
            name: "c".to_owned(),
            value: Cluster {
                server: server.to_owned(),
                proxy_url: proxy_url.map(str::to_owned),
                ..Cluster::default()
            },
            origin: Origin {
                path: "config".into(),
                line: 1,
            },
        }
    }

    fn proxy_of(server: &str, url: Option<&str>, env: &[(&str, &str)]) -> Option<String> {
        let target = Target::of(&cluster(server, url)).unwrap();
        let proxy = target.proxy(&env.iter().copied().collect()).unwrap();
        proxy.map(|proxy| proxy.uri().to_string())
    }

    #[test]
    fn the_kubeconfigs_proxy_goes_before_the_environments() {
        let env = [("HTTPS_PROXY", "http://env:1"), ("no_proxy", "b.example")];
        let at = |server, url| proxy_of(server, url, &env);
        assert_eq!(
            at("https://a.example", None).as_deref(),
            Some("http://env:1/")
        );
        assert_eq!(at("https://b.example", None), None);
        assert_eq!(at("https://127.0.0.1:1", None), None);
        assert_eq!(at("https://[::1]:1", None), None);
        let own = Some("socks5://own:2");
        assert_eq!(
            at("https://127.0.0.1:1", own).as_deref(),
            Some("socks5://own:2/")
        );
        assert_eq!(proxy_of("https://a.example", None, &[]), None);
    }

    #[test]
    fn the_time_limits_are_kubes() {
        let kube = kube::Config::new(Uri::from_static("https://a.example"));
        assert_eq!(kube.connect_timeout, Some(CONNECT_TIMEOUT));
        assert_eq!(kube.write_timeout, Some(WRITE_TIMEOUT));
        assert_eq!(kube.read_timeout, None);
    }

    #[test]
    fn a_peer_that_is_gone_is_noticed_in_under_a_minute() {
        let minute = Duration::from_secs(60);
        assert!(TCP_KEEPALIVE + TCP_KEEPALIVE_INTERVAL * TCP_KEEPALIVE_PROBES < minute);
        #[cfg(target_os = "linux")]
        assert!(TCP_USER_TIMEOUT < minute);
        let ping = KeepAlive::of(&Environment::default());
        assert!(ping.idle + ping.wait < minute);
    }

    /// The operating system takes the connection, and nobody else ever does.
    #[tokio::test(start_paused = true)]
    async fn a_server_that_says_nothing_is_waited_for_so_long() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("https://{}", listener.local_addr().unwrap());
        let target = Arc::new(Target::of(&cluster(&server, None)).unwrap());
        for switch in [None, Some(("DISABLE_HTTP2", "1"))] {
            let environment = switch.into_iter().collect();
            let tls = tls::client_config(tls::verify_nothing(), None);
            let connections = Connector::new(&target, &environment).unwrap();
            let connections = connections.connections(&tls);
            let request = http::Request::get(&server).body(Body::empty()).unwrap();
            let before = tokio::time::Instant::now();
            let error = connections.send(request).await.err().unwrap();
            assert_eq!(before.elapsed().as_secs(), CONNECT_TIMEOUT.as_secs());
            let error = error.downcast::<ClientError>().unwrap().to_string();
            let expected = format!("config:1: cluster \"c\": cannot connect to {server}");
            assert_eq!(error, expected);
        }
    }
}
