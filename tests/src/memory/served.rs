//! The server on a socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::server::ApiServer;
use super::service::ApiService;
use super::shared::Shared;
use super::tls::Authority;
use super::users::Fingerprint;
use crate::cluster::{ClientCertificate, Kubeconfig};
use crate::listening::Listening;

/// A server that is served with TLS on a port of 127.0.0.1, until this is dropped.
#[derive(Debug)]
pub struct Served {
    server: ApiServer,
    authority: Authority,
    acceptor: Acceptor,
    address: SocketAddr,
    /// `None` while it is stopped.
    running: Option<(Listening, Runtime)>,
    /// Rises when all connections are to be cut.
    cuts: watch::Sender<u64>,
}

/// What each connection is made with.
#[derive(Clone)]
struct Acceptor(TlsAcceptor);

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acceptor")
    }
}

impl ApiServer {
    /// Serves with TLS, HTTP/1.1 and HTTP/2 on a free port of 127.0.0.1, on threads of its own.
    ///
    /// Who comes without a token or a certificate is anonymous and gets a 403, as on the real
    /// server.
    ///
    /// # Errors
    /// Where no port can be had.
    pub fn serve(&self) -> anyhow::Result<Served> {
        Served::start(self.clone())
    }
}

impl Served {
    fn start(api: ApiServer) -> Result<Self> {
        let authority = Authority::new().context("cannot make a CA")?;
        let config = authority.server_config().context("cannot set up TLS")?;
        let mut served = Self {
            server: api,
            authority,
            acceptor: Acceptor(TlsAcceptor::from(config)),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            running: None,
            cuts: watch::Sender::new(0),
        };
        served.listen()?;
        Ok(served)
    }

    /// As in `https://127.0.0.1:26384`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The CA of the server's certificate, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.authority.pem
    }

    /// The server itself.
    pub fn server(&self) -> &ApiServer {
        &self.server
    }

    /// The start of a kubeconfig for this server.
    pub fn kubeconfig(&self) -> Kubeconfig {
        Kubeconfig::new(&self.url(), self.ca_pem())
    }

    /// Issues a client certificate that is good from now on for `ttl`. Its user has all of `groups`
    /// here; the certificate itself names the first.
    pub fn issue_certificate(
        &self,
        user: &str,
        groups: &[&str],
        ttl: Duration,
    ) -> Result<ClientCertificate> {
        let (pair, fingerprint) = self.authority.issue(user, groups, ttl)?;
        self.server
            .shared
            .users
            .add_certificate(fingerprint, user, groups);
        Ok(pair)
    }

    /// How many connections there were, whose TLS handshake was done.
    pub fn connections(&self) -> u64 {
        self.server.shared.log.connections().0
    }

    /// How many connections are open.
    pub fn open_connections(&self) -> usize {
        self.server.shared.log.connections().1
    }

    /// Cuts all connections; new ones are welcome.
    pub fn cut_connections(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Cuts all connections and closes the port: connections are refused.
    pub fn stop(&mut self) {
        if let Some((listening, runtime)) = self.running.take() {
            listening.close();
            runtime.shutdown_background();
        }
    }

    /// Opens the same port again after [`Served::stop`].
    ///
    /// # Errors
    /// Where the port cannot be had.
    pub fn resume(&mut self) -> Result<()> {
        if self.running.is_none() {
            self.listen()?;
        }
        Ok(())
    }

    fn listen(&mut self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("memory-api-server")
            .enable_all()
            .build()
            .context("cannot start a runtime")?;
        let connection = Connection {
            shared: self.server.shared.clone(),
            acceptor: self.acceptor.0.clone(),
            cuts: self.cuts.subscribe(),
        };
        let take = move |stream| drop(tokio::spawn(connection.clone().run(stream)));
        let (address, listening) = Listening::open(&runtime, self.address, take)?;
        self.address = address;
        self.running = Some((listening, runtime));
        Ok(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop();
    }
}

#[derive(Clone)]
struct Connection {
    shared: Arc<Shared>,
    acceptor: TlsAcceptor,
    cuts: watch::Receiver<u64>,
}

impl Connection {
    async fn run(mut self, stream: TcpStream) {
        self.cuts.mark_unchanged();
        let mut cuts = self.cuts.clone();
        tokio::select! {
            _ = cuts.changed() => {}
            () = self.serve(stream) => {}
        }
    }

    async fn serve(self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let Ok(stream) = self.acceptor.accept(stream).await else {
            return;
        };
        let open = Open::new(self.shared.clone());
        let certificates = stream.get_ref().1.peer_certificates();
        let certificate = certificates.and_then(|chain| chain.first());
        let service = ApiService::new(self.shared)
            .authenticated()
            .with_certificate(certificate.map(|der| Fingerprint::of(der)));
        // A connection that ends in an error is the client's, or a fault's.
        let _ = auto::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
            .await;
        drop(open);
    }
}

/// Counts the connections that are open.
struct Open(Arc<Shared>);

impl Open {
    fn new(shared: Arc<Shared>) -> Self {
        shared.log.connection_opened();
        Self(shared)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.log.connection_closed();
    }
}
