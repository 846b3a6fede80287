//! Why a server is not trusted, in words that name the certificate and the way out.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::{CertificateError, OtherError};
use x509_cert::der::asn1::ObjectIdentifier;

/// How many names of a certificate a message shows.
const NAMES: usize = 8;

/// A certificate that is refused.
#[derive(Debug)]
pub(crate) struct UntrustedCertificate {
    role: Role,
    subject: String,
    problem: CertificateProblem,
}

/// What a certificate is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    Intermediate,
    Authority,
}

/// What is wrong with a certificate.
#[derive(Debug)]
pub(super) enum CertificateProblem {
    /// Not a certificate, or in a form that nobody understands.
    Unreadable,
    /// Since when.
    Expired(u64),
    /// From when.
    NotYetValid(u64),
    CriticalExtension(ObjectIdentifier),
    /// It has an extendedKeyUsage, and servers are not in it.
    Purpose,
    /// It has signed another, and is no CA.
    NoAuthority,
    /// It has signed another, and its keyUsage does not let it.
    NoCertSign,
    PathLength,
    /// An RSA key of so many bits.
    ShortKey(usize),
    /// It has the name of the issuer of this one, and another key.
    DidNotSign(String),
    /// Nobody checks the kind of signature of this one.
    SignatureAlgorithm(String),
    Name {
        expected: String,
        known: Vec<String>,
    },
    /// Its issuer is not there.
    UnknownIssuer(String),
    /// It is its own issuer, and not trusted.
    SelfSigned,
    /// It is a CA's below one that limits names, which is checked for no CA's.
    ConstrainedAuthority,
    /// The handshake was signed by another key.
    NotItsKey,
    Webpki(webpki::Error),
}

impl UntrustedCertificate {
    /// `subject` is empty where the certificate cannot be read.
    pub(super) fn new(role: Role, subject: String, problem: CertificateProblem) -> Self {
        Self {
            role,
            subject,
            problem,
        }
    }

    pub(super) fn unreadable(role: Role) -> Self {
        Self::new(role, String::new(), CertificateProblem::Unreadable)
    }
}

impl std::error::Error for UntrustedCertificate {}

impl From<UntrustedCertificate> for rustls::Error {
    fn from(refused: UntrustedCertificate) -> Self {
        CertificateError::Other(OtherError(Arc::new(refused))).into()
    }
}

impl fmt::Display for UntrustedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = match self.role {
            Role::Server => "the server's certificate",
            Role::Intermediate => "the intermediate certificate",
            Role::Authority => "the certificate authority",
        };
        write!(f, "{role}")?;
        if !self.subject.is_empty() {
            write!(f, " {:?}", self.subject)?;
        }
        write!(f, " {}", self.problem)?;
        match self.problem.way_out() {
            Some(way_out) => write!(f, ": {way_out}"),
            None if self.role == Role::Authority => {
                f.write_str(": put its successor into certificate-authority-data")
            }
            None => f.write_str(": let the server have a new one"),
        }
    }
}

impl CertificateProblem {
    /// `None` where another certificate is all that helps.
    fn way_out(&self) -> Option<String> {
        let text = match self {
            Self::NotYetValid(_) => "look at the clocks of this machine and of its issuer",
            Self::Name { known, .. } if known.is_empty() => {
                "let the server have one with this name among its subjectAltNames"
            }
            Self::Name { .. } => {
                "name the server so, or set tls-server-name to one of them, if it is the right server"
            }
            Self::DidNotSign(_) => {
                "if the cluster got a new certificate authority, put that into certificate-authority-data"
            }
            Self::UnknownIssuer(_) => {
                "put its issuer into certificate-authority-data, or let the server send the intermediate certificates"
            }
            Self::SelfSigned => "if it is the right one, put it into certificate-authority-data",
            Self::SignatureAlgorithm(_) => "let that be signed anew, with SHA-256",
            Self::NotItsKey => "somebody may be between you and the server",
            _ => return None,
        };
        Some(text.to_owned())
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("cannot be read as X.509"),
            Self::Expired(at) => write!(f, "expired at {}", Time(*at)),
            Self::NotYetValid(at) => write!(f, "is not valid before {}", Time(*at)),
            Self::CriticalExtension(id) => {
                write!(f, "has the critical extension {id}, which is not understood")
            }
            Self::Purpose => f.write_str("is not for servers (no serverAuth in extendedKeyUsage)"),
            Self::NoAuthority => {
                f.write_str("may not sign others (no CA:TRUE in basicConstraints)")
            }
            Self::NoCertSign => f.write_str("may not sign others (no keyCertSign in keyUsage)"),
            Self::PathLength => {
                f.write_str("allows fewer intermediate certificates than there are")
            }
            Self::ShortKey(bits) => write!(
                f,
                "has an RSA key of {bits} bits, of which at least 2048 are needed"
            ),
            Self::DidNotSign(child) => write!(f, "did not sign {child:?}, which has its name"),
            Self::SignatureAlgorithm(child) => write!(
                f,
                "signed {child:?} in a way that is not accepted (such as SHA-1)"
            ),
            Self::Name { expected, known } if known.is_empty() => write!(
                f,
                "has no subjectAltName, and {expected} was requested (a common name does not count)"
            ),
            Self::Name { expected, known } => {
                let more = if known.len() > NAMES { ", ..." } else { "" };
                let known = &known[..known.len().min(NAMES)];
                write!(f, "is for {}{more}, not for {expected}", known.join(", "))
            }
            Self::UnknownIssuer(issuer) => {
                write!(f, "was issued by {issuer:?}, which is not trusted")
            }
            Self::SelfSigned => f.write_str("is self-signed, and not trusted"),
            Self::ConstrainedAuthority => f.write_str(
                "is a CA's (CA:TRUE in basicConstraints) below one with nameConstraints, which is not checked",
            ),
            Self::NotItsKey => f.write_str("was shown by somebody who does not have its key"),
            Self::Webpki(webpki::Error::NameConstraintViolation) => {
                f.write_str("has names that its issuer may not vouch for (nameConstraints)")
            }
            Self::Webpki(webpki::Error::UnsupportedCriticalExtension) => {
                f.write_str("has a critical extension that is not understood")
            }
            Self::Webpki(webpki::Error::UnsupportedCertVersion) => {
                f.write_str("is of an X.509 version before 3")
            }
            Self::Webpki(error) => write!(f, "is refused ({error})"),
        }
    }
}

/// Seconds since 1970.
struct Time(u64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = i64::try_from(self.0).ok();
        match time.and_then(|time| Timestamp::from_second(time).ok()) {
            Some(time) => time.fmt(f),
            None => f.write_str("the end of time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sentence_has_its_way_out() {
        let name = |known: usize| CertificateProblem::Name {
            expected: "a.example".to_owned(),
            known: (0..known).map(|index| format!("s{index}")).collect(),
        };
        for (role, problem, expected) in [
            (
                Role::Authority,
                CertificateProblem::Expired(0),
                "the certificate authority \"CN=x\" expired at 1970-01-01T00:00:00Z: put its successor into certificate-authority-data",
            ),
            (
                Role::Server,
                CertificateProblem::UnknownIssuer("CN=y".to_owned()),
                "the server's certificate \"CN=x\" was issued by \"CN=y\", which is not trusted: put its issuer into certificate-authority-data, or let the server send the intermediate certificates",
            ),
            (
                Role::Server,
                name(2),
                "the server's certificate \"CN=x\" is for s0, s1, not for a.example: name the server so, or set tls-server-name to one of them, if it is the right server",
            ),
            (
                Role::Server,
                name(0),
                "the server's certificate \"CN=x\" has no subjectAltName, and a.example was requested (a common name does not count): let the server have one with this name among its subjectAltNames",
            ),
            (
                Role::Intermediate,
                CertificateProblem::NoAuthority,
                "the intermediate certificate \"CN=x\" may not sign others (no CA:TRUE in basicConstraints): let the server have a new one",
            ),
        ] {
            let refused = UntrustedCertificate::new(role, "CN=x".to_owned(), problem);
            assert_eq!(refused.to_string(), expected);
        }
        let many = name(20).to_string();
        assert!(many.contains("s7, ..., not for"), "{many}");
    }
}
