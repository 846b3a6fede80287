use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use http::HeaderValue;
use jiff::Timestamp;

use crate::cache::Response;
use crate::client::header::bearer;
use crate::client::tls::ClientCertificate;
use crate::exec::{ApiVersion, ExecCredential, OutputProblem};
use crate::secret::Secret;

/// What says to the server who sends a request: a header, a client certificate, or both.
#[derive(Default)]
pub(crate) struct Credential {
    authorization: Option<HeaderValue>,
    certificate: Option<Arc<ClientCertificate>>,
    expires_at: Option<Timestamp>,
    renew_at: Option<Timestamp>,
    /// As the cache gave it, to say which one the server refused.
    given: Option<Secret>,
    /// Whether the server took it since it last refused it.
    is_accepted: AtomicBool,
}

impl Credential {
    /// One that does not change by itself.
    pub(crate) fn fixed(
        authorization: Option<HeaderValue>,
        certificate: Option<Arc<ClientCertificate>>,
    ) -> Self {
        Self {
            authorization,
            certificate,
            ..Self::default()
        }
    }

    /// What the cache responds. A token and a certificate are both sent.
    pub(crate) fn from_response(
        response: Response,
        version: Option<ApiVersion>,
    ) -> Result<Self, OutputProblem> {
        let credential = ExecCredential::parse(response.credential.expose(), version)?;
        let token = credential.token().map(Secret::expose);
        let pair = credential.certificate_and_key();
        Ok(Self {
            authorization: token
                .map(|token| bearer(token).ok_or(OutputProblem::Token))
                .transpose()?,
            certificate: pair
                .map(|(certificate, key)| {
                    ClientCertificate::read(certificate.expose(), key.expose())
                        .map(Arc::new)
                        .map_err(OutputProblem::ClientCertificate)
                })
                .transpose()?,
            expires_at: credential.expires_at(),
            renew_at: response.renew_at,
            given: Some(response.credential),
            is_accepted: AtomicBool::new(false),
        })
    }

    #[cfg(test)]
    pub(crate) fn of_token(token: &str, expires_at: Timestamp, renew_at: Timestamp) -> Self {
        Self {
            authorization: bearer(token.as_bytes()),
            expires_at: Some(expires_at),
            renew_at: Some(renew_at),
            ..Self::default()
        }
    }

    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    pub(crate) fn certificate(&self) -> Option<&Arc<ClientCertificate>> {
        self.certificate.as_ref()
    }

    /// As the cache gave it.
    pub(crate) fn given(&self) -> Option<&Secret> {
        self.given.as_ref()
    }

    pub(crate) fn is_valid(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }

    /// Whether it is time to renew it.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.renew_at.is_some_and(|renew_at| now >= renew_at)
    }

    pub(crate) fn time_left(&self, now: Timestamp) -> Option<Duration> {
        let left = self.expires_at?.duration_since(now);
        Some(Duration::try_from(left).unwrap_or_default())
    }

    /// Whether the server could not tell the two apart.
    pub(crate) fn proves_the_same(&self, other: &Self) -> bool {
        self.authorization == other.authorization && self.certificate == other.certificate
    }

    pub(crate) fn accept(&self) {
        self.is_accepted.store(true, Relaxed);
    }

    /// Whether it was accepted since the last call.
    pub(crate) fn take_acceptance(&self) -> bool {
        self.is_accepted.swap(false, Relaxed)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("expires_at", &self.expires_at)
            .field("renew_at", &self.renew_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Source;

    fn response(status: &str) -> Response {
        let line = format!(
            r#"{{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{status}}}"#
        );
        Response {
            credential: Secret::from(line),
            source: Source::Plugin,
            renew_at: None,
            refresh_is_due: false,
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let response = response(r#"{"token":"s3cret"}"#);
        let credential = Credential::from_response(response, Some(ApiVersion::V1)).unwrap();
        assert_eq!(credential.authorization().unwrap(), "Bearer s3cret");
        let shown = format!("{credential:?} {:?}", credential.authorization());
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn a_token_that_no_header_can_hold_is_refused() {
        let response = response(r#"{"token":"a\nb"}"#);
        let problem = Credential::from_response(response, Some(ApiVersion::V1)).unwrap_err();
        assert_eq!(problem, OutputProblem::Token);
    }
}
