//! The server's CA and what it signs.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::users::Fingerprint;
use crate::cluster::ClientCertificate;

/// Signs the server's certificate and those of clients.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new() -> Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = name("in-memory API server CA", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        })
    }

    /// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1; a client certificate is checked where one comes.
    pub(crate) fn server_config(&self) -> Result<Arc<ServerConfig>> {
        let key = KeyPair::generate()?;
        let mut params =
            CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])?;
        params.distinguished_name = name("in-memory API server", &[]);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer)?;

        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone())?;
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .allow_unauthenticated()
                .build()?;
        let key = PrivateKeyDer::try_from(key.serialize_der())
            .map_err(|error| anyhow::anyhow!("the server's key: {error}"))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// A certificate that is good from now on for `ttl`.
    pub(crate) fn issue(
        &self,
        user: &str,
        groups: &[&str],
        ttl: Duration,
    ) -> Result<(ClientCertificate, Fingerprint)> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = name(user, groups);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let start = jiff::Timestamp::now();
        let end = start
            .checked_add(ttl)
            .context("the certificate lasts too long")?;
        params.not_before = std::time::SystemTime::from(start).into();
        params.not_after = std::time::SystemTime::from(end).into();
        let certificate = params.signed_by(&key, &self.issuer)?;
        let fingerprint = Fingerprint::of(certificate.der());
        let pair = ClientCertificate {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            not_after: end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        };
        Ok((pair, fingerprint))
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

/// Kubernetes reads the user from the common name and the groups from the organizations.
fn name(common: &str, organizations: &[&str]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    if let Some(first) = organizations.first() {
        // One is all that the type holds; the server goes by the whole certificate.
        name.push(DnType::OrganizationName, *first);
    }
    name
}
