//! A server whose certificate nobody checks (`insecure-skip-tls-verify`).

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, WebPkiSupportedAlgorithms};
use rustls::pki_types::{
    CertificateDer, ServerName, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use webpki::RawPublicKeyEntity;

use super::certificate::Certificate;
use super::untrusted::{CertificateProblem, Role, UntrustedCertificate};
use super::verifier::not_its_key;

type Checked = Result<HandshakeSignatureValid, rustls::Error>;

/// Takes any certificate for the right one (`insecure-skip-tls-verify`), of any version.
#[derive(Debug)]
pub(super) struct NoVerification(pub(super) WebPkiSupportedAlgorithms);

impl ServerCertVerifier for NoVerification {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    /// rustls' own function reads X.509 version 3 alone.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Checked {
        check(certificate, |key| {
            let bad = || rustls::Error::from(CertificateError::BadSignature);
            let key = RawPublicKeyEntity::try_from(key).map_err(|_| bad())?;
            let scheme = |(scheme, _): &&(SignatureScheme, _)| *scheme == signature.scheme;
            let (_, algorithms) = self.0.mapping.iter().find(scheme).ok_or_else(bad)?;
            let is_by = |algorithm: &&dyn SignatureVerificationAlgorithm| {
                let checked = key.verify_signature(*algorithm, message, signature.signature());
                checked.is_ok()
            };
            let is_valid = algorithms.iter().any(is_by);
            is_valid
                .then(HandshakeSignatureValid::assertion)
                .ok_or_else(bad)
        })
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Checked {
        check(certificate, |key| {
            crypto::verify_tls13_signature_with_raw_key(message, key, signature, &self.0)
        })
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

/// The server has to have the key of the certificate that it shows, as in Go. That is no proof:
/// anybody in between can show a certificate of their own. So a key that is too short for the
/// provider is no reason to refuse what was requested.
fn check(
    certificate: &CertificateDer<'_>,
    check: impl FnOnce(&SubjectPublicKeyInfoDer<'_>) -> Checked,
) -> Checked {
    let Some(certificate) = Certificate::parse(certificate.clone()) else {
        return Err(UntrustedCertificate::unreadable(Role::Server).into());
    };
    if certificate.check_key().is_err() {
        return Ok(HandshakeSignatureValid::assertion());
    }
    match certificate.public_key() {
        Some(key) => check(&key).map_err(|error| not_its_key(certificate.der(), error)),
        None => Err(certificate
            .untrusted(Role::Server, CertificateProblem::Unreadable)
            .into()),
    }
}
