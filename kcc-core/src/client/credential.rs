use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use http::HeaderValue;
use jiff::Timestamp;

use super::error::ClientProblem;
use super::tls::ClientCertificate;
use crate::cache::Response;
use crate::exec::{ApiVersion, ExecCredential, OutputProblem};
use crate::secret::Secret;

/// What a request proves with who sends it.
#[derive(Default)]
pub(super) struct Credential {
    authorization: Option<HeaderValue>,
    certificate: Option<Arc<ClientCertificate>>,
    expires_at: Option<Timestamp>,
    renew_at: Option<Timestamp>,
    /// As the cache gave it, to tell it which one was refused.
    answer: Option<Secret>,
    /// Whether the server took it since it last refused it.
    is_accepted: AtomicBool,
}

impl Credential {
    /// One that does not change by itself.
    pub(super) fn fixed(
        authorization: Option<HeaderValue>,
        certificate: Option<Arc<ClientCertificate>>,
    ) -> Self {
        Self {
            authorization,
            certificate,
            ..Self::default()
        }
    }

    /// What the cache answered. A token and a certificate are both sent.
    pub(super) fn from_answer(
        answer: Response,
        version: Option<ApiVersion>,
    ) -> Result<Self, OutputProblem> {
        let credential = ExecCredential::parse(answer.credential.expose(), version)?;
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
            renew_at: answer.renew_at,
            answer: Some(answer.credential),
            is_accepted: AtomicBool::new(false),
        })
    }

    #[cfg(test)]
    pub(super) fn of_token(token: &str, expires_at: Timestamp, renew_at: Timestamp) -> Self {
        Self {
            authorization: bearer(token.as_bytes()),
            expires_at: Some(expires_at),
            renew_at: Some(renew_at),
            ..Self::default()
        }
    }

    pub(super) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    pub(super) fn certificate(&self) -> Option<&Arc<ClientCertificate>> {
        self.certificate.as_ref()
    }

    pub(super) fn answer(&self) -> Option<&Secret> {
        self.answer.as_ref()
    }

    pub(super) fn is_valid(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }

    /// Whether it is time to renew it.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.renew_at.is_some_and(|renew_at| now >= renew_at)
    }

    pub(super) fn time_left(&self, now: Timestamp) -> Option<Duration> {
        let left = self.expires_at?.duration_since(now);
        Some(Duration::try_from(left).unwrap_or_default())
    }

    /// Whether the server could not tell the two apart.
    pub(super) fn proves_the_same(&self, other: &Self) -> bool {
        self.authorization == other.authorization && self.certificate == other.certificate
    }

    pub(super) fn accept(&self) {
        self.is_accepted.store(true, Relaxed);
    }

    /// Whether it was accepted since this was last asked.
    pub(super) fn forget_acceptance(&self) -> bool {
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

/// `None` where the token cannot stand in a header.
pub(super) fn bearer(token: &[u8]) -> Option<HeaderValue> {
    sensitive(&[b"Bearer ", token].concat())
}

/// RFC 7617.
pub(super) fn basic(user: &str, password: &[u8]) -> Result<HeaderValue, ClientProblem> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let pair = zeroize::Zeroizing::new([user.as_bytes(), b":", password].concat());
    let encoded = zeroize::Zeroizing::new(format!("Basic {}", STANDARD.encode(&*pair)));
    sensitive(encoded.as_bytes()).ok_or(ClientProblem::Header("password"))
}

/// One that `Debug` does not show.
fn sensitive(value: &[u8]) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Source;

    fn answer(status: &str) -> Response {
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
        let answer = answer(r#"{"token":"s3cret"}"#);
        let credential = Credential::from_answer(answer, Some(ApiVersion::V1)).unwrap();
        assert_eq!(credential.authorization().unwrap(), "Bearer s3cret");
        let shown = format!("{credential:?} {:?}", credential.authorization());
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn a_token_that_no_header_can_hold_is_refused() {
        let answer = answer(r#"{"token":"a\nb"}"#);
        let problem = Credential::from_answer(answer, Some(ApiVersion::V1)).unwrap_err();
        assert_eq!(problem, OutputProblem::Token);
    }

    #[test]
    fn a_name_and_a_password_stand_in_basic_form() {
        let header = basic("Aladdin", b"open sesame").unwrap();
        assert_eq!(header, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(header.is_sensitive());
    }
}
