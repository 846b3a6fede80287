//! How a request gets to the server: over which connection, and how that is made.

// A request, its response, and the stream between them.
mod request;
mod permit;
mod body;
// Connections: HTTP/2, then those of either protocol.
mod http2;
mod connections;
// How they are made.
mod forward_proxy;
mod connector;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{HeaderValue, PROXY_AUTHORIZATION};
use http::{Request, Response};
use kube::client::Body;
use rustls::client::danger::ServerCertVerifier;
use tower::BoxError;

use super::error::ClientError;
use super::target::{Authority, Target};
use super::tls::{self, ClientCertificate, Roots};
use crate::environment::Environment;

use connections::Connections;
use connector::Connector;

pub(super) use body::ResponseBody;
pub(super) use request::try_clone;

/// Sends requests to one server, over TLS with one client certificate at a time.
pub(super) struct Transport {
    roots: Roots,
    connector: Connector,
    /// For each request, where a proxy is given whole ones.
    proxy_authorization: Option<HeaderValue>,
    current: Mutex<Option<CurrentConnections>>,
}

/// The connections that were made with one client certificate and one CA. With another they are of
/// no use: a connection proves what it began with. What is under way on them goes on.
struct CurrentConnections {
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
            roots: roots.map_err(|problem| target.cluster.unusable(problem))?,
            proxy_authorization: connector.proxy_authorization(),
            connector,
            current: Mutex::default(),
        })
    }

    pub(super) async fn send(
        &self,
        certificate: Option<&Arc<ClientCertificate>>,
        mut request: Request<Body>,
    ) -> Result<Response<ResponseBody>, BoxError> {
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
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = &*current
            && current.certificate.as_ref() == certificate
            && Arc::ptr_eq(&current.verifier, &verifier)
        {
            return Arc::clone(&current.connections);
        }
        let tls = tls::client_config(Arc::clone(&verifier), certificate.map(Arc::as_ref));
        let connections = Arc::new(self.connector.connections(&tls));
        *current = Some(CurrentConnections {
            certificate: certificate.cloned(),
            verifier,
            connections: Arc::clone(&connections),
        });
        connections
    }
}
