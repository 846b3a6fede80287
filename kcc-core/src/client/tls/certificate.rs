//! A certificate, and what Go's `crypto/x509` requires of it.

use rustls::pki_types::{
    CertificateDer, ServerName, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer, UnixTime,
};
use webpki::{EndEntityCert, RawPublicKeyEntity};
use x509_cert::certificate::{CertificateInner, Raw, TbsCertificateInner, Version};
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier, Uint};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::{Decode, Encode, Reader, SliceReader};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    BasicConstraints, CertificatePolicies, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage,
    NameConstraints, SubjectAltName,
};

use super::untrusted::{CertificateProblem, Role, UntrustedCertificate};

/// What is understood where it is critical. Go understands the extensions of policies, too, which
/// nobody's API server has been seen with.
const UNDERSTOOD: [ObjectIdentifier; 7] = [
    BasicConstraints::OID,
    CertificatePolicies::OID,
    CrlDistributionPoints::OID,
    ExtendedKeyUsage::OID,
    KeyUsage::OID,
    NameConstraints::OID,
    SubjectAltName::OID,
];

const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const ANY_PURPOSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The shortest RSA key whose signatures are checked.
const RSA_BITS: usize = 2048;

/// One that Go would read, too.
pub(super) struct Certificate<'a> {
    der: CertificateDer<'a>,
    fields: CertificateInner<Raw>,
    basic_constraints: Option<BasicConstraints>,
    key_usage: Option<KeyUsage>,
    purposes: Option<ExtendedKeyUsage>,
    names: Option<SubjectAltName>,
}

impl<'a> Certificate<'a> {
    /// `None` for what `x509.ParseCertificate` refuses: a negative serial number, two algorithms
    /// for one signature, an extension that comes twice or cannot be read.
    pub(super) fn parse(der: CertificateDer<'a>) -> Option<Self> {
        let fields = CertificateInner::<Raw>::from_der(&der).ok()?;
        let tbs = fields.tbs_certificate();
        let is_negative = tbs.serial_number().as_bytes().first()? & 0x80 != 0;
        if is_negative || tbs.signature() != fields.signature_algorithm() || has_twins(tbs) {
            return None;
        }
        Some(Self {
            basic_constraints: extension(tbs)?,
            key_usage: extension(tbs)?,
            purposes: extension(tbs)?,
            names: extension(tbs)?,
            fields,
            der,
        })
    }

    pub(super) fn der(&self) -> &CertificateDer<'a> {
        &self.der
    }

    /// This one is refused.
    pub(super) fn untrusted(
        &self,
        role: Role,
        problem: CertificateProblem,
    ) -> UntrustedCertificate {
        UntrustedCertificate::new(role, self.subject(), problem)
    }

    /// As RFC 4514 writes it.
    fn subject(&self) -> String {
        self.tbs().subject().to_string()
    }

    pub(super) fn issuer(&self) -> String {
        self.tbs().issuer().to_string()
    }

    /// Whether it says so itself; who signed it is another question.
    pub(super) fn is_issued_by(&self, other: &Certificate<'_>) -> bool {
        self.tbs().issuer() == other.tbs().subject()
    }

    /// Whether both stand for the same: Go's `alreadyInChain`.
    pub(super) fn is_like(&self, other: &Certificate<'_>) -> bool {
        self.tbs().subject() == other.tbs().subject()
            && self.tbs().subject_public_key_info() == other.tbs().subject_public_key_info()
            && self.names == other.names
    }

    pub(super) fn is_ca(&self) -> bool {
        self.basic_constraints
            .as_ref()
            .is_some_and(|basic| basic.ca)
    }

    pub(super) fn has_name_constraints(&self) -> bool {
        let mut extensions = extensions(self.tbs()).iter();
        extensions.any(|extension| extension.extn_id == NameConstraints::OID)
    }

    /// Go's `isValid`, for any certificate of a chain.
    pub(super) fn check(&self, now: UnixTime) -> Result<(), CertificateProblem> {
        let mut extensions = extensions(self.tbs()).iter();
        let unknown = extensions
            .find(|extension| extension.critical && !UNDERSTOOD.contains(&extension.extn_id));
        if let Some(extension) = unknown {
            return Err(CertificateProblem::CriticalExtension(extension.extn_id));
        }
        let validity = self.tbs().validity();
        let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
        let (start, end) = (seconds(validity.not_before), seconds(validity.not_after));
        match now.as_secs() {
            now if now < start => Err(CertificateProblem::NotYetValid(start)),
            now if now > end => Err(CertificateProblem::Expired(end)),
            _ => Ok(()),
        }
    }

    /// Go's `checkChainForKeyUsage`, for one certificate of a chain.
    pub(super) fn check_purpose(&self) -> Result<(), CertificateProblem> {
        let purposes = self.purposes.as_ref().map_or(&[][..], |all| &all.0);
        let fits = |purpose: &ObjectIdentifier| [SERVER_AUTH, ANY_PURPOSE].contains(purpose);
        if purposes.is_empty() || purposes.iter().any(fits) {
            Ok(())
        } else {
            Err(CertificateProblem::Purpose)
        }
    }

    /// Whether it may sign others, `below` of which are already between it and the server's: Go's
    /// `CheckSignatureFrom` and `isValid`. A root of X.509 version 1 cannot say what it is for.
    pub(super) fn check_authority(
        &self,
        is_root: bool,
        below: usize,
    ) -> Result<(), CertificateProblem> {
        let is_old_root = is_root && self.tbs().version() != Version::V3;
        if !self.is_ca() && (self.basic_constraints.is_some() || !is_old_root) {
            return Err(CertificateProblem::NoAuthority);
        }
        if let Some(usage) = &self.key_usage
            && !usage.0.is_empty()
            && !usage.key_cert_sign()
        {
            return Err(CertificateProblem::NoCertSign);
        }
        let basic = self.basic_constraints.as_ref();
        let limit = basic.and_then(|basic| basic.path_len_constraint);
        if limit.is_some_and(|limit| below > usize::from(limit)) {
            return Err(CertificateProblem::PathLength);
        }
        Ok(())
    }

    /// Whether this key made the signature of `child`, by one of these algorithms.
    pub(super) fn check_signature_of(
        &self,
        child: &Certificate<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<(), CertificateProblem> {
        self.check_key()?;
        let parts = child.signed_parts().ok_or(CertificateProblem::Unreadable)?;
        let key = self.public_key().ok_or(CertificateProblem::Unreadable)?;
        let key = RawPublicKeyEntity::try_from(&key).map_err(|_| CertificateProblem::Unreadable)?;
        let mut problem = CertificateProblem::SignatureAlgorithm(child.subject());
        for algorithm in algorithms {
            if *algorithm.signature_alg_id() != *parts.algorithm {
                continue;
            }
            match key.verify_signature(*algorithm, parts.message, parts.signature) {
                Ok(()) => return Ok(()),
                Err(_) => problem = CertificateProblem::DidNotSign(child.subject()),
            }
        }
        Err(problem)
    }

    /// Whether signatures by its key can be checked at all.
    pub(super) fn check_key(&self) -> Result<(), CertificateProblem> {
        match self.rsa_bits() {
            Some(bits) if bits < RSA_BITS => Err(CertificateProblem::ShortKey(bits)),
            _ => Ok(()),
        }
    }

    /// With its outer SEQUENCE.
    pub(super) fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'static>> {
        let key = self.tbs().subject_public_key_info().to_der().ok()?;
        Some(SubjectPublicKeyInfoDer::from(key))
    }

    /// Go's `VerifyHostname`. webpki wants two labels behind a wildcard, Go for one: `*.local`.
    pub(super) fn check_name(
        &self,
        parsed: &EndEntityCert<'_>,
        name: &ServerName<'_>,
    ) -> Result<(), CertificateProblem> {
        let problem = match parsed.verify_is_valid_for_subject_name(name) {
            Ok(()) => return Ok(()),
            Err(webpki::Error::CertNotValidForName(_)) => CertificateProblem::Name {
                expected: name.to_str().into_owned(),
                known: self.names().map(|name| name.to_string()).collect(),
            },
            Err(error) => return Err(CertificateProblem::Webpki(error)),
        };
        let ServerName::DnsName(name) = name else {
            return Err(problem);
        };
        let host = name.as_ref().trim_end_matches('.').split_once('.');
        let fits = |pattern: &str| match (pattern.strip_prefix("*."), host) {
            (Some(domain), Some((_, rest))) => {
                !rest.contains('.') && domain.eq_ignore_ascii_case(rest)
            }
            _ => false,
        };
        let mut names = self.names();
        let is_match = names.any(|name| matches!(name, Name::Dns(pattern) if fits(pattern)));
        if is_match { Ok(()) } else { Err(problem) }
    }

    fn names(&self) -> impl Iterator<Item = Name<'_>> {
        let names = self.names.as_ref().map_or(&[][..], |names| &names.0);
        names.iter().filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(Name::Dns(name.as_str())),
            GeneralName::IpAddress(bytes) => match bytes.as_bytes() {
                bytes if bytes.len() == 4 => <[u8; 4]>::try_from(bytes)
                    .ok()
                    .map(|ip| Name::Ip(ip.into())),
                bytes => <[u8; 16]>::try_from(bytes)
                    .ok()
                    .map(|ip| Name::Ip(ip.into())),
            },
            _ => None,
        })
    }

    /// As they stand in the certificate: what was written again need not be what was signed.
    fn signed_parts(&self) -> Option<SignedParts<'_>> {
        let content = AnyRef::from_der(&self.der).ok()?.value();
        let mut reader = SliceReader::new(content).ok()?;
        let message = reader.tlv_bytes().ok()?;
        let algorithm = AnyRef::from_der(reader.tlv_bytes().ok()?).ok()?.value();
        Some(SignedParts {
            message,
            algorithm,
            signature: self.fields.signature().as_bytes()?,
        })
    }

    /// The length of its modulus; `None` for any other kind of key.
    fn rsa_bits(&self) -> Option<usize> {
        let key = self.tbs().subject_public_key_info();
        if key.algorithm.oid != RSA {
            return None;
        }
        let numbers = Vec::<Uint>::from_der(key.subject_public_key.as_bytes()?).ok()?;
        let modulus = numbers.first()?.as_bytes();
        let unused = modulus.first()?.leading_zeros() as usize;
        Some(modulus.len() * 8 - unused)
    }

    fn tbs(&self) -> &TbsCertificateInner<Raw> {
        self.fields.tbs_certificate()
    }
}

struct SignedParts<'a> {
    message: &'a [u8],
    /// Without its outer SEQUENCE, as webpki names it.
    algorithm: &'a [u8],
    signature: &'a [u8],
}

/// What a server's certificate can be for.
enum Name<'a> {
    Dns(&'a str),
    Ip(std::net::IpAddr),
}

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns(name) => name.fmt(f),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

fn extensions(tbs: &TbsCertificateInner<Raw>) -> &[Extension] {
    tbs.extensions().map_or(&[], Vec::as_slice)
}

/// Whether an extension is there more than once.
fn has_twins(tbs: &TbsCertificateInner<Raw>) -> bool {
    let all = extensions(tbs);
    let earlier = |index: usize| all[..index].iter();
    (1..all.len()).any(|index| earlier(index).any(|other| other.extn_id == all[index].extn_id))
}

/// The outer `None` where it cannot be read.
#[expect(clippy::option_option)]
fn extension<'a, T: Decode<'a> + AssociatedOid>(
    tbs: &'a TbsCertificateInner<Raw>,
) -> Option<Option<T>> {
    let found = tbs.get_extension::<T>().ok()?;
    Some(found.map(|(_, value)| value))
}
