use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper_rustls::{
    DefaultServerNameResolver, FixedServerNameResolver, HttpsConnector, ResolveServerName,
};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioExecutor;
use kube::client::Body;
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use tower::util::BoxCloneService;
use tower::{BoxError, Service, ServiceExt};

use super::error::ClientError;
use super::roots::{self, Roots};
use super::target::Target;
use super::tls::{self, ClientCertificate};
use crate::environment::Environment;

/// As client-go's default dialer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 3;

type HttpService = BoxCloneService<Request<Body>, Response<Incoming>, BoxError>;

/// Connections to one server, over TLS with one client certificate at a time.
pub(super) struct Transport {
    roots: Roots,
    server_name: Arc<dyn ResolveServerName + Send + Sync>,
    proxy: Option<Intercept>,
    pool: Mutex<Option<Pool>>,
}

/// The connections that were made with one client certificate and one CA. With another they are of
/// no use: a connection proves what it began with.
struct Pool {
    certificate: Option<Arc<ClientCertificate>>,
    verifier: Arc<dyn ServerCertVerifier>,
    service: HttpService,
}

impl Transport {
    pub(super) fn new(target: &Target, environment: &Environment) -> Result<Self, ClientError> {
        let roots = Roots::new(target.authority.clone(), roots::PERIOD);
        Ok(Self {
            roots: roots.map_err(|problem| target.place.unusable(problem))?,
            server_name: match target.tls_server_name.clone() {
                Some(name) => Arc::new(FixedServerNameResolver::new(name)),
                None => Arc::new(DefaultServerNameResolver::default()),
            },
            proxy: proxy(target, environment),
            pool: Mutex::default(),
        })
    }

    pub(super) async fn send(
        &self,
        certificate: Option<&Arc<ClientCertificate>>,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, BoxError> {
        self.service(certificate).oneshot(request).await
    }

    fn service(&self, certificate: Option<&Arc<ClientCertificate>>) -> HttpService {
        let verifier = self.roots.verifier();
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = &*pool
            && pool.certificate.as_ref() == certificate
            && Arc::ptr_eq(&pool.verifier, &verifier)
        {
            return pool.service.clone();
        }
        let tls = tls::client_config(Arc::clone(&verifier), certificate.map(Arc::as_ref));
        let service = self.connect(tls);
        *pool = Some(Pool {
            certificate: certificate.cloned(),
            verifier,
            service: service.clone(),
        });
        service
    }

    fn connect(&self, tls: ClientConfig) -> HttpService {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE_INTERVAL));
        tcp.set_keepalive_retries(Some(KEEPALIVE_PROBES));
        match &self.proxy {
            None => self.service_over(tcp, tls),
            Some(proxy) => self.service_by(proxy, tcp, tls),
        }
    }

    fn service_by(&self, proxy: &Intercept, tcp: HttpConnector, tls: ClientConfig) -> HttpService {
        match proxy.uri().scheme_str() {
            Some("socks5" | "socks5h") => {
                let mut socks = SocksV5::new(proxy.uri().clone(), tcp);
                if let Some((user, password)) = proxy.raw_auth() {
                    socks = socks.with_auth(user.to_owned(), password.to_owned());
                }
                self.service_over(socks, tls)
            }
            Some("https") => {
                // The same CA and certificate as for the server, as in Go.
                let name = Arc::new(DefaultServerNameResolver::default());
                let https = HttpsConnector::new(tcp, tls.clone(), true, name);
                self.service_over(tunnel(proxy, https), tls)
            }
            _ => self.service_over(tunnel(proxy, tcp), tls),
        }
    }

    /// HTTP/1.1 over TLS over `connector`.
    fn service_over<C>(&self, connector: C, tls: ClientConfig) -> HttpService
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + Read + Write + Send + Unpin + 'static,
        C::Future: Send + 'static,
        C::Error: Into<BoxError>,
    {
        let name = Arc::clone(&self.server_name);
        let https = HttpsConnector::new(connector, tls, false, name);
        let mut connector = TimeoutConnector::new(https);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let client = Client::builder(TokioExecutor::new()).build::<_, Body>(connector);
        BoxCloneService::new(client.map_err(BoxError::from))
    }
}

fn tunnel<C>(proxy: &Intercept, connector: C) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy.uri().clone(), connector);
    match proxy.basic_auth() {
        Some(auth) => tunnel.with_auth(auth.clone()),
        None => tunnel,
    }
}

/// The kubeconfig's `proxy-url`, else what the environment says, as Go reads it
/// (golang.org/x/net/http/httpproxy): never for this machine itself.
fn proxy(target: &Target, environment: &Environment) -> Option<Intercept> {
    if let Some(url) = &target.proxy {
        return Matcher::builder()
            .all(url.to_string())
            .build()
            .intercept(&target.server);
    }
    let host = target.server.host().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    if host == "localhost" || address.is_ok_and(|address| address.is_loopback()) {
        return None;
    }
    let variable = |name: &str| {
        let lower = name.to_lowercase();
        let value = environment
            .non_empty(name)
            .or_else(|| environment.non_empty(&lower));
        value
            .and_then(|value| value.to_str())
            .unwrap_or_default()
            .to_owned()
    };
    let matcher = Matcher::builder()
        .http(variable("HTTP_PROXY"))
        .https(variable("HTTPS_PROXY"))
        .no(variable("NO_PROXY"));
    matcher.build().intercept(&target.server)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubeconfig::{Cluster, Entry, Origin};

    fn proxy_of(server: &str, url: Option<&str>, env: &[(&str, &str)]) -> Option<String> {
        let cluster = Entry {
            name: "c".to_owned(),
            value: Cluster {
                server: server.to_owned(),
                proxy_url: url.map(str::to_owned),
                ..Cluster::default()
            },
            origin: Origin {
                path: "config".into(),
                line: 1,
            },
        };
        let target = Target::of(&cluster).unwrap();
        let proxy = proxy(&target, &env.iter().copied().collect());
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
}
