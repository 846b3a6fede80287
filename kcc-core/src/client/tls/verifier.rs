//! Whether a server's certificate is good: Go's rules, on webpki.
//!
//! webpki alone takes no certificate that is itself trusted, none with CA:TRUE, and looks at nothing
//! of a root but its name, key and name constraints. So [`ServerVerifier`] builds the chain as Go's
//! `Certificate.Verify` does (go1.26, `crypto/x509/verify.go`), and is never more lenient:
//!
//! - every signature of a chain, and that of the handshake, is checked by webpki;
//! - validity, critical extensions, name (by webpki) and purpose are checked before anything else, also
//!   of a certificate that is itself trusted: it is only spared a chain;
//! - a chain that was found has to pass webpki as well, which also knows name constraints. A server's
//!   certificate with CA:TRUE cannot: below name constraints it is refused.

use std::cell::Cell;
use std::fmt;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use webpki::{
    EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, KeyUsage,
    RequiredEkuNotFoundContext, anchor_from_trusted_cert,
};

use super::certificate::Certificate;
use super::untrusted::{CertificateProblem, Role, UntrustedCertificate};

/// As Go and webpki: what one handshake may cost.
const SIGNATURES: usize = 100;

/// Checks a server's certificate against certificate authorities.
pub(super) struct ServerVerifier {
    roots: Vec<Certificate<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerVerifier {
    /// What cannot be read is left out, as by Go's `AppendCertsFromPEM`; `None` where nothing is
    /// left.
    pub(super) fn new(
        roots: impl IntoIterator<Item = CertificateDer<'static>>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Option<Self> {
        let roots: Vec<_> = roots.into_iter().filter_map(Certificate::parse).collect();
        (!roots.is_empty()).then_some(Self { roots, algorithms })
    }

    fn verify(
        &self,
        server: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), UntrustedCertificate> {
        let unreadable = || UntrustedCertificate::unreadable(Role::Server);
        let leaf = Certificate::parse(server.clone()).ok_or_else(unreadable)?;
        let refused = |problem| leaf.untrusted(Role::Server, problem);
        leaf.check(now).map_err(refused)?;
        let parsed = EndEntityCert::try_from(server);
        let parsed = parsed.map_err(|error| refused(CertificateProblem::Webpki(error)))?;
        leaf.check_name(&parsed, name).map_err(refused)?;
        leaf.check_purpose().map_err(refused)?;
        leaf.check_key().map_err(refused)?;
        // Nobody has to vouch for it: its owner put it among the trusted ones, byte by byte.
        if self.roots.iter().any(|root| root.der() == server) {
            return Ok(());
        }
        let sent = sent.iter().cloned().filter_map(Certificate::parse);
        let search = ChainSearch {
            verifier: self,
            sent: &sent.collect::<Vec<_>>(),
            parsed: &parsed,
            now,
            signatures_left: Cell::new(SIGNATURES),
            problem: Cell::default(),
        };
        search.run(&leaf)
    }
}

impl fmt::Debug for ServerVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerVerifier").finish_non_exhaustive()
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verify(end_entity, intermediates, server_name, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.algorithms;
        let checked = crypto::verify_tls12_signature(message, certificate, signature, algorithms);
        checked.map_err(|error| not_its_key(certificate, error))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.algorithms;
        let checked = crypto::verify_tls13_signature(message, certificate, signature, algorithms);
        checked.map_err(|error| not_its_key(certificate, error))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// One look for a chain from the server's certificate to a root.
struct ChainSearch<'a> {
    verifier: &'a ServerVerifier,
    /// The other certificates that the server sent.
    sent: &'a [Certificate<'a>],
    parsed: &'a EndEntityCert<'a>,
    now: UnixTime,
    signatures_left: Cell<usize>,
    /// The first one met, as in Go.
    problem: Cell<Option<UntrustedCertificate>>,
}

impl<'a> ChainSearch<'a> {
    fn run(&self, leaf: &'a Certificate<'a>) -> Result<(), UntrustedCertificate> {
        if self.reaches_root(&mut vec![leaf]) {
            return Ok(());
        }
        let none = || leaf.untrusted(Role::Server, unknown_issuer(leaf));
        Err(self.problem.take().unwrap_or_else(none))
    }

    /// Go's `buildChains`, from the last of `chain` on: roots first.
    fn reaches_root(&self, chain: &mut Vec<&'a Certificate<'a>>) -> bool {
        let child = chain[chain.len() - 1];
        let roots = self
            .verifier
            .roots
            .iter()
            .map(|root| (Role::Authority, root));
        let sent = self.sent.iter().map(|sent| (Role::Intermediate, sent));
        let mut has_issuer = false;
        for (role, issuer) in roots.chain(sent) {
            if !child.is_issued_by(issuer) || chain.iter().any(|other| other.is_like(issuer)) {
                continue;
            }
            has_issuer = true;
            if let Err(problem) = self.check_issuer(role, issuer, chain) {
                self.remember(problem);
                continue;
            }
            chain.push(issuer);
            if role == Role::Authority || self.reaches_root(chain) {
                return true;
            }
            chain.pop();
        }
        if !has_issuer {
            let role = if chain.len() == 1 {
                Role::Server
            } else {
                Role::Intermediate
            };
            self.remember(child.untrusted(role, unknown_issuer(child)));
        }
        false
    }

    /// Whether `issuer` may stand above `below`, the last of which has its name for an issuer.
    fn check_issuer(
        &self,
        role: Role,
        issuer: &Certificate<'_>,
        below: &[&Certificate<'_>],
    ) -> Result<(), UntrustedCertificate> {
        let refused = |problem| issuer.untrusted(role, problem);
        let left = self.signatures_left.get().checked_sub(1);
        let too_many = webpki::Error::MaximumSignatureChecksExceeded;
        self.signatures_left
            .set(left.ok_or_else(|| refused(CertificateProblem::Webpki(too_many)))?);

        let (child, is_root) = (below[below.len() - 1], role == Role::Authority);
        issuer
            .check_authority(is_root, below.len() - 1)
            .map_err(refused)?;
        let algorithms = self.verifier.algorithms.all;
        issuer
            .check_signature_of(child, algorithms)
            .map_err(refused)?;
        issuer.check(self.now).map_err(refused)?;
        issuer.check_purpose().map_err(refused)?;
        if !is_root {
            return Ok(());
        }
        let whole = self.check_chain(below, issuer);
        whole.map_err(|problem| below[0].untrusted(Role::Server, problem))
    }

    /// What webpki says of this very chain.
    fn check_chain(
        &self,
        below: &[&Certificate<'_>],
        root: &Certificate<'_>,
    ) -> Result<(), CertificateProblem> {
        let (leaf, sent) = (below[0], &below[1..]);
        if leaf.is_ca() {
            let mut above = sent.iter().copied().chain([root]);
            return if above.any(Certificate::has_name_constraints) {
                Err(CertificateProblem::ConstrainedAuthority)
            } else {
                Ok(())
            };
        }
        let anchors = [anchor_from_trusted_cert(root.der()).map_err(CertificateProblem::Webpki)?];
        let sent: Vec<_> = sent.iter().map(|sent| sent.der().clone()).collect();
        let path = self.parsed.verify_for_usage(
            self.verifier.algorithms.all,
            &anchors,
            &sent,
            self.now,
            ForServers,
            None,
            None,
        );
        path.map(drop).map_err(CertificateProblem::Webpki)
    }

    fn remember(&self, problem: UntrustedCertificate) {
        let first = self.problem.take().unwrap_or(problem);
        self.problem.set(Some(first));
    }
}

/// As [`Certificate::check_purpose`], for webpki: none, serverAuth, or any.
struct ForServers;

impl ExtendedKeyUsageValidator for ForServers {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        const ANY: KeyPurposeId<'_> = KeyPurposeId::new(&[0x55, 0x1d, 0x25, 0x00]);
        const SERVER_AUTH: KeyPurposeId<'_> =
            KeyPurposeId::new(&[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01]);
        let purposes = purposes.collect::<Result<Vec<_>, _>>()?;
        let fits = |purpose: &KeyPurposeId<'_>| [ANY, SERVER_AUTH].contains(purpose);
        if purposes.is_empty() || purposes.iter().any(fits) {
            Ok(())
        } else {
            let present = purposes.iter().map(KeyPurposeId::to_decoded_oid);
            let context = RequiredEkuNotFoundContext {
                required: KeyUsage::server_auth(),
                present: present.collect(),
            };
            Err(webpki::Error::RequiredEkuNotFoundContext(context))
        }
    }
}

fn unknown_issuer(certificate: &Certificate<'_>) -> CertificateProblem {
    if certificate.is_issued_by(certificate) {
        CertificateProblem::SelfSigned
    } else {
        CertificateProblem::UnknownIssuer(certificate.issuer())
    }
}

/// Names the certificate where the handshake's signature is not by its key.
pub(super) fn not_its_key(certificate: &CertificateDer<'_>, error: rustls::Error) -> rustls::Error {
    match (&error, Certificate::parse(certificate.clone())) {
        (rustls::Error::InvalidCertificate(_), Some(certificate)) => certificate
            .untrusted(Role::Server, CertificateProblem::NotItsKey)
            .into(),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::pki_types::pem::PemObject;

    use super::*;

    /// Real chains are tried in `tests/tests/e2e/loader/certificates.rs`. This one is its own
    /// issuer, of X.509 version 1, and valid from 2026 to 2036.
    const CERTIFICATE: &[u8] = include_bytes!("../../../testdata/client.pem");

    #[test]
    fn a_refusal_names_the_certificate_and_the_way_out() {
        let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
        let algorithms = crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        let verifier = ServerVerifier::new([certificate.clone()], algorithms).unwrap();
        let name = ServerName::try_from("server.example").unwrap();
        let refusal = |server: &CertificateDer<'_>, year: u64| {
            let now = Duration::from_secs((year - 1970) * 31_556_952);
            let now = UnixTime::since_unix_epoch(now);
            let verdict = verifier.verify(server, &[], &name, now);
            verdict.unwrap_err().to_string()
        };
        for (year, expected) in [
            (
                2020,
                "is not valid before 2026-11-23T04:36:49Z: look at the clocks of this machine and of its issuer",
            ),
            (
                2030,
                "is of an X.509 version before 3: let the server have a new one",
            ),
            (
                2040,
                "expired at 2036-11-20T04:36:49Z: let the server have a new one",
            ),
        ] {
            let refusal = refusal(&certificate, year);
            let expected = format!("the server's certificate \"O=testers,CN=tester\" {expected}");
            assert_eq!(refusal, expected);
        }
        assert_eq!(
            refusal(&CertificateDer::from(&b"rubbish"[..]), 2030),
            "the server's certificate cannot be read as X.509: let the server have a new one"
        );
        assert!(ServerVerifier::new([CertificateDer::from(&b"rubbish"[..])], algorithms).is_none());
    }
}
