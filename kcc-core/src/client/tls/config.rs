use std::fmt;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
};
use rustls::sign::{CertifiedKey, SigningKey};

use super::certificate::Certificate;
use super::no_verification::NoVerification;
use super::verifier::ServerVerifier;
use crate::client::error::ClientProblem;
use crate::pem;

/// A client certificate with its chain and private key.
#[derive(Clone)]
pub(crate) struct ClientCertificate(Arc<CertifiedKey>);

impl ClientCertificate {
    pub(crate) fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, ClientProblem> {
        Self::read(certificate, key).map_err(ClientProblem::ClientCertificate)
    }

    /// As Go's `tls.X509KeyPair`. Errors are told by their kind alone: a parser's own may quote what
    /// it read.
    pub(crate) fn read(certificate: &[u8], key: &[u8]) -> Result<Self, String> {
        let problem = str::to_owned;
        let chain: Vec<_> = pem::blocks(certificate)
            .filter(pem::Block::is_certificate)
            .map(|block| CertificateDer::from(block.bytes.to_vec()))
            .collect();
        let leaf = chain.first().ok_or_else(|| problem("no PEM certificate"))?;
        // Whether a certificate that cannot be read here is good is for the server to say.
        let leaf = Certificate::parse(leaf.clone()).and_then(|leaf| leaf.public_key());
        let block = pem::blocks(key).find(pem::Block::is_private_key);
        let block = block.ok_or_else(|| problem("no PEM private key"))?;
        if block.is_encrypted() {
            return Err(problem("the key is encrypted: write it without a password"));
        }
        let key = signing_key(&block.bytes).ok_or_else(|| {
            problem(
                "the key is none of RSA (2048 to 8192 bits), ECDSA (P-256, P-384, P-521), Ed25519",
            )
        })?;
        if let (Some(leaf), Some(own)) = (leaf, key.public_key())
            && leaf != own
        {
            return Err(problem("the key is not the certificate's"));
        }
        Ok(Self(Arc::new(CertifiedKey::new(chain, key))))
    }
}

/// PKCS#1, PKCS#8 or SEC1, whatever its label said.
fn signing_key(der: &[u8]) -> Option<Arc<dyn SigningKey>> {
    let forms = [
        PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(der)),
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der)),
        PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(der)),
    ];
    // The provider overwrites its copy when it is done.
    let load =
        |form: &PrivateKeyDer<'_>| provider().key_provider.load_private_key(form.clone_key());
    forms.iter().find_map(|form| load(form).ok())
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

/// Checks the server against the certificate authorities in `pem`. As Go's `AppendCertsFromPEM`,
/// it leaves out what it cannot read.
pub(super) fn verify_by(pem: &[u8]) -> Result<Arc<dyn ServerCertVerifier>, ClientProblem> {
    let blocks = pem::blocks(pem).filter(|block| block.is_certificate() && !block.has_headers());
    let authorities = blocks.map(|block| CertificateDer::from(block.bytes.to_vec()));
    verifier(authorities).ok_or(ClientProblem::Authority)
}

/// Checks the server against the operating system's certificate authorities.
pub(super) fn verify_by_system() -> Result<Arc<dyn ServerCertVerifier>, ClientProblem> {
    let found = rustls_native_certs::load_native_certs();
    verifier(found.certs).ok_or_else(|| {
        let errors: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        let errors = Some(errors.join("; ")).filter(|errors| !errors.is_empty());
        ClientProblem::SystemAuthorities(errors.unwrap_or_else(|| "there are none".to_owned()))
    })
}

/// Takes any server for the right one (`insecure-skip-tls-verify`).
pub(crate) fn verify_nothing() -> Arc<dyn ServerCertVerifier> {
    Arc::new(NoVerification(provider().signature_verification_algorithms))
}

/// One for each certificate: it keeps the sessions that may be resumed, and a resumed session keeps
/// the client certificate that it began with.
pub(crate) fn client_config(
    verifier: Arc<dyn ServerCertVerifier>,
    certificate: Option<&ClientCertificate>,
) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has what TLS 1.2 and 1.3 need")
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
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn verifier(
    authorities: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Option<Arc<dyn ServerCertVerifier>> {
    let algorithms = provider().signature_verification_algorithms;
    Some(Arc::new(ServerVerifier::new(authorities, algorithms)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &[u8] = include_bytes!("../../../testdata/client.pem");
    const KEY: &[u8] = include_bytes!("../../../testdata/client-key.pem");

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
