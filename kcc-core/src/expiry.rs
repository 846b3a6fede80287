//! What a credential says itself of its end.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Deserialize;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use zeroize::Zeroizing;

use crate::error::AnswerProblem;

/// The `NotAfter` of the first certificate: the leaf, as Go's `tls.X509KeyPair` takes it.
pub(crate) fn of_certificate(pem: &[u8]) -> Result<Timestamp, AnswerProblem> {
    let der = first_certificate(pem).ok_or(AnswerProblem::Certificate)?;
    let certificate = Certificate::from_der(&der).map_err(|_| AnswerProblem::Certificate)?;
    let not_after = certificate.tbs_certificate().validity().not_after;
    let seconds = i64::try_from(not_after.to_unix_duration().as_secs()).ok();
    let timestamp = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    timestamp.ok_or(AnswerProblem::Certificate)
}

/// The `exp` of a JWT (RFC 7519, section 4.1.4); `None` for a token of any other form.
pub(crate) fn of_jwt(token: &[u8]) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }

    let token = std::str::from_utf8(token).ok()?;
    let mut parts = token.split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let payload = payload.trim_end_matches('=');
    let claims = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?);
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    // A NumericDate may have a fraction; a float beyond the range of times saturates and is refused.
    #[expect(clippy::cast_possible_truncation)]
    Timestamp::from_second(claims.exp.floor() as i64).ok()
}

/// Whether there is a PEM block with a private key of any kind.
pub(crate) fn is_private_key(pem: &[u8]) -> bool {
    blocks(pem).any(|(label, body)| label.ends_with("PRIVATE KEY") && decode(body).is_some())
}

fn first_certificate(pem: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (_, body) = blocks(pem).find(|(label, _)| *label == "CERTIFICATE")?;
    decode(body)
}

/// The labels and bodies of all PEM blocks. Text around them is skipped, as Go's `pem.Decode` does.
fn blocks(pem: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    let text = std::str::from_utf8(pem).unwrap_or_default();
    text.split("-----BEGIN ").skip(1).filter_map(|block| {
        let (label, rest) = block.split_once("-----")?;
        let (body, end) = rest.split_once("-----END ")?;
        end.starts_with(label).then_some((label, body))
    })
}

/// The bytes of a PEM body; legacy headers (`Proc-Type: ...`) stand before a blank line.
fn decode(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    let base64 = match body.trim_start().split_once("\n\n") {
        Some((headers, base64)) if headers.contains(": ") => base64,
        _ => body,
    };
    let packed: Zeroizing<Vec<u8>> = Zeroizing::new(
        base64
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect(),
    );
    let decoded = STANDARD.decode(packed.as_slice()).ok()?;
    (!decoded.is_empty()).then(|| Zeroizing::new(decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A self-signed P-256 certificate that ends at 2036-11-20T04:36:49Z, and
    /// its key: made for these tests and used nowhere.
    pub(crate) const CERTIFICATE: &str = include_str!("../testdata/client.pem");
    pub(crate) const KEY: &str = include_str!("../testdata/client-key.pem");

    fn jwt(claims: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.sig", encode(r#"{"alg":"none"}"#), encode(claims))
    }

    #[test]
    fn a_jwt_ends_at_its_exp() {
        let at = |claims| of_jwt(jwt(claims).as_bytes()).map(Timestamp::as_second);
        assert_eq!(at(r#"{"exp":2000000000}"#), Some(2_000_000_000));
        assert_eq!(
            at(r#"{"exp":2000000000.9,"sub":"me"}"#),
            Some(2_000_000_000)
        );
        assert_eq!(at(r#"{"sub":"me"}"#), None);
        assert_eq!(at(r#"{"exp":"tomorrow"}"#), None);
        assert_eq!(at(r#"{"exp":1e300}"#), None);
    }

    #[test]
    fn other_tokens_say_nothing() {
        for token in [
            "",
            "k8s-aws-v1.aHR0cHM6",
            "a.b",
            "a.b.c",
            "a.b.c.d",
            "\u{fffd}",
        ] {
            assert_eq!(of_jwt(token.as_bytes()), None, "{token}");
        }
    }

    #[test]
    fn a_certificate_ends_at_its_not_after() {
        let bundle = format!("subject=somebody\n{KEY}{CERTIFICATE}{CERTIFICATE}");
        for pem in [CERTIFICATE, &bundle, &CERTIFICATE.replace('\n', "\r\n")] {
            let end = of_certificate(pem.as_bytes()).unwrap();
            assert_eq!(end.to_string(), "2036-11-20T04:36:49Z");
        }
    }

    #[test]
    fn garbage_is_no_certificate_and_no_key() {
        let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----";
        let noise = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
        for pem in ["", "x", KEY, empty, noise, &CERTIFICATE[..200]] {
            assert!(of_certificate(pem.as_bytes()).is_err(), "{pem}");
        }
        assert!(is_private_key(KEY.as_bytes()));
        assert!(!is_private_key(CERTIFICATE.as_bytes()));
        assert!(!is_private_key(&KEY.as_bytes()[..60]));
    }
}
