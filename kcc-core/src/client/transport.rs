use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{HeaderValue, PROXY_AUTHORIZATION};
use http::{Request, Response};
use kube::client::Body;
use rustls::client::danger::ServerCertVerifier;
use tower::BoxError;

use super::connect::Connector;
use super::connections::Connections;
use super::error::ClientError;
use super::roots::Roots;
use super::streams::Answer;
use super::target::{Authority, Target};
use super::tls::{self, ClientCertificate};
use crate::environment::Environment;

/// Sends requests to one server, over TLS with one client certificate at a time.
pub(super) struct Transport {
    roots: Roots,
    connector: Connector,
    /// For each request, where a proxy is given whole ones.
    proxy_authorization: Option<HeaderValue>,
    pool: Mutex<Option<Pool>>,
}

/// The connections that were made with one client certificate and one CA. With another they are of
/// no use: a connection proves what it began with. What is under way on them goes on.
struct Pool {
    certificate: Option<Arc<ClientCertificate>>,
    verifier: Arc<dyn ServerCertVerifier>,
    connections: Arc<Connections>,
}

impl Transport {
    pub(super) fn new(
        target: &Arc<Target>,
        environment: &Environment,
        file_period: Duration,
    ) -> Result<Self, ClientError> {
        let connector = Connector::new(target, environment)?;
        // Nobody vouches for a server without TLS, and a proxy may be one with it.
        let authority = match &target.authority {
            Authority::System if connector.is_plain() => Authority::Unchecked,
            authority => authority.clone(),
        };
        let roots = Roots::new(authority, file_period);
        Ok(Self {
            roots: roots.map_err(|problem| target.place.unusable(problem))?,
            proxy_authorization: connector.proxy_authorization(),
            connector,
            pool: Mutex::default(),
        })
    }

    pub(super) async fn send(
        &self,
        certificate: Option<&Arc<ClientCertificate>>,
        mut request: Request<Body>,
    ) -> Result<Response<Answer>, BoxError> {
        if let Some(authorization) = &self.proxy_authorization {
            let headers = request.headers_mut();
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        let verifier = self.roots.verifier().await;
        let connections = self.connections(certificate, verifier);
        connections.send(request).await
    }

    fn connections(
        &self,
        certificate: Option<&Arc<ClientCertificate>>,
        verifier: Arc<dyn ServerCertVerifier>,
    ) -> Arc<Connections> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = &*pool
            && pool.certificate.as_ref() == certificate
            && Arc::ptr_eq(&pool.verifier, &verifier)
        {
            return Arc::clone(&pool.connections);
        }
        let tls = tls::client_config(Arc::clone(&verifier), certificate.map(Arc::as_ref));
        let connections = Arc::new(self.connector.connections(&tls));
        *pool = Some(Pool {
            certificate: certificate.cloned(),
            verifier,
            connections: Arc::clone(&connections),
        });
        connections
    }
}
