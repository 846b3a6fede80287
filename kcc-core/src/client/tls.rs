use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, DigitallySignedStruct, InconsistentKeys, RootCertStore, SignatureScheme,
};

use super::error::ClientProblem;

/// A client certificate with its chain and private key.
#[derive(Clone)]
pub(super) struct ClientCertificate(Arc<CertifiedKey>);

impl ClientCertificate {
    /// Errors are told by their kind alone: a parser's own may quote what it read.
    pub(super) fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, ClientProblem> {
        let problem = |text: &str| ClientProblem::ClientCertificate(text.to_owned());
        let chain = certificates(certificate).ok_or_else(|| problem("no PEM certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| problem("no PEM private key"))?;
        let key = provider().key_provider.load_private_key(key);
        let key = key.map_err(|_| problem("the key is of an unknown kind"))?;
        let pair = CertifiedKey::new(chain, key);
        // Any other error is about the certificate's form, which is for the server to judge:
        // rustls' own check refuses X.509 version 1, in which people sign their own users.
        match pair.keys_match() {
            Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                Err(problem("the key is not the certificate's"))
            }
            _ => Ok(Self(Arc::new(pair))),
        }
    }
}

impl PartialEq for ClientCertificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.cert == other.0.cert
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate([redacted])")
    }
}

/// Checks the server against the certificate authorities in `pem`.
pub(super) fn verify_by(pem: &[u8]) -> Result<Arc<dyn ServerCertVerifier>, ClientProblem> {
    let authorities = certificates(pem).ok_or(ClientProblem::Authority)?;
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(authorities);
    if added == 0 {
        return Err(ClientProblem::Authority);
    }
    verifier(roots).ok_or(ClientProblem::Authority)
}

/// Checks the server against the operating system's certificate authorities.
pub(super) fn verify_by_system() -> Result<Arc<dyn ServerCertVerifier>, ClientProblem> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    verifier(roots).ok_or_else(|| {
        let errors: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        let errors = Some(errors.join("; ")).filter(|errors| !errors.is_empty());
        ClientProblem::SystemAuthorities(errors.unwrap_or_else(|| "there are none".to_owned()))
    })
}

/// Takes any server for the right one (`insecure-skip-tls-verify`).
pub(super) fn verify_nothing() -> Arc<dyn ServerCertVerifier> {
    Arc::new(NoVerifier(provider().signature_verification_algorithms))
}

/// One for each certificate: it keeps the sessions that may be resumed, and a resumed session keeps
/// the client certificate that it began with.
pub(super) fn client_config(
    verifier: Arc<dyn ServerCertVerifier>,
    certificate: Option<&ClientCertificate>,
) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring has what TLS 1.2 and 1.3 need")
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    match certificate {
        None => builder.with_no_client_auth(),
        Some(ClientCertificate(pair)) => {
            let resolver = rustls::sign::SingleCertAndKey::from(Arc::clone(pair));
            builder.with_client_cert_resolver(Arc::new(resolver))
        }
    }
}

/// Named for each use, so that nothing has to be installed for the whole process and no other
/// crate's choice of a provider gets in the way.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn verifier(roots: RootCertStore) -> Option<Arc<dyn ServerCertVerifier>> {
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
    Some(verifier.build().ok()?)
}

fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    certificates
        .ok()
        .filter(|certificates| !certificates.is_empty())
}

#[derive(Debug)]
struct NoVerifier(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for NoVerifier {
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

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &[u8] = include_bytes!("../../testdata/client.pem");
    const KEY: &[u8] = include_bytes!("../../testdata/client-key.pem");

    #[test]
    fn a_certificate_and_its_key_are_taken() {
        let pair = ClientCertificate::from_pem(CERTIFICATE, KEY).unwrap();
        assert_eq!(format!("{pair:?}"), "ClientCertificate([redacted])");
        client_config(verify_nothing(), Some(&pair));
    }

    #[test]
    fn what_is_none_is_refused_without_being_repeated() {
        for (certificate, key) in [
            (&b"s3cret"[..], KEY),
            (CERTIFICATE, &b"s3cret"[..]),
            (CERTIFICATE, &b"-----BEGIN PRIVATE KEY-----\ns3cret"[..]),
        ] {
            let error = ClientCertificate::from_pem(certificate, key).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
        assert!(verify_by(b"s3cret").is_err());
        assert!(verify_by(CERTIFICATE).is_ok());
    }
}
