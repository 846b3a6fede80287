use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Response};
use kube::client::Body;
use rustls::client::danger::ServerCertVerifier;
use tower::BoxError;

use super::connect::Connector;
use super::connections::Connections;
use super::error::ClientError;
use super::roots::Roots;
use super::streams::Answer;
use super::target::Target;
use super::tls::{self, ClientCertificate};
use crate::environment::Environment;

/// Sends requests to one server, over TLS with one client certificate at a time.
pub(super) struct Transport {
    roots: Roots,
    connector: Connector,
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
        let roots = Roots::new(target.authority.clone(), file_period);
        Ok(Self {
            roots: roots.map_err(|problem| target.place.unusable(problem))?,
            connector: Connector::new(target, environment),
            pool: Mutex::default(),
        })
    }

    pub(super) async fn send(
        &self,
        certificate: Option<&Arc<ClientCertificate>>,
        request: Request<Body>,
    ) -> Result<Response<Answer>, BoxError> {
        self.connections(certificate).send(request).await
    }

    fn connections(&self, certificate: Option<&Arc<ClientCertificate>>) -> Arc<Connections> {
        let verifier = self.roots.verifier();
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
