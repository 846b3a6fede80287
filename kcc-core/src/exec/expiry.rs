//! What a credential says itself of its end.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use serde::Deserialize;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use zeroize::Zeroizing;

use super::problem::OutputProblem;
use crate::pem;

/// The `NotAfter` of the first certificate: the leaf, as Go's `tls.X509KeyPair` takes it.
pub(crate) fn of_certificate(pem: &[u8]) -> Result<Timestamp, OutputProblem> {
    let first = pem::blocks(pem).find(pem::Block::is_certificate);
    let first = first.ok_or(OutputProblem::Certificate)?;
    let certificate =
        Certificate::from_der(&first.bytes).map_err(|_| OutputProblem::Certificate)?;
    let not_after = certificate.tbs_certificate().validity().not_after;
    let seconds = i64::try_from(not_after.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    // The end of the year 9999 is RFC 5280's way to say never, and beyond the last timestamp.
    Ok(Timestamp::from_second(seconds).unwrap_or_else(|_| never()))
}

/// What an `expirationTimestamp` says. Go's zero time says nothing: client-go never runs its plugin
/// again.
pub(crate) fn of_timestamp(text: &str) -> Result<Option<Timestamp>, OutputProblem> {
    let at = rfc3339(text).ok_or(OutputProblem::Timestamp)?;
    Ok((at != zero_time()).then_some(at))
}

/// An RFC 3339 time in the form that Go's `time.Parse` takes for a `metav1.Time`; other parsers
/// take more or less: it knows an hour of one digit, a comma before the fraction, zones of up to
/// 24:60, and no leap second.
fn rfc3339(text: &str) -> Option<Timestamp> {
    let mut text = Digits(text);
    let year = i16::try_from(text.number(4)?).ok()?;
    let month = text.after("-")?.two()?;
    let day = text.after("-")?.two()?;
    let hour = text.after("T")?.one_or_two()?;
    let minute = text.after(":")?.two()?;
    let second = text.after(":")?.two()?;
    if second > 59 {
        return None;
    }
    let date_time = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    let offset = Offset::from_seconds(offset_seconds(without_fraction(text.0))?).ok()?;
    let at = date_time.to_zoned(TimeZone::fixed(offset));
    // The last hours of the year 9999 are beyond the last timestamp, and mean never.
    Some(at.map_or_else(|_| never(), |at| at.timestamp()))
}

/// A text of which numbers are read from the front.
struct Digits<'a>(&'a str);

impl Digits<'_> {
    fn number(&mut self, width: usize) -> Option<u16> {
        let (digits, rest) = self.0.split_at_checked(width)?;
        self.0 = rest;
        let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        are_digits.then(|| digits.parse().ok())?
    }

    fn two(&mut self) -> Option<i8> {
        i8::try_from(self.number(2)?).ok()
    }

    fn one_or_two(&mut self) -> Option<i8> {
        let is_long = self.0.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        i8::try_from(self.number(if is_long { 2 } else { 1 })?).ok()
    }

    fn after(&mut self, separator: &str) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(separator)?;
        Some(self)
    }
}

/// The fraction of a second does not matter; what is not one is left for the zone to trip over.
fn without_fraction(rest: &str) -> &str {
    let Some(fraction) = rest.strip_prefix(['.', ',']) else {
        return rest;
    };
    let zone = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
    if zone.len() < fraction.len() {
        zone
    } else {
        rest
    }
}

fn offset_seconds(zone: &str) -> Option<i32> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let mut zone = Digits(&zone[1..]);
    let hours = i32::from(zone.two()?);
    let minutes = i32::from(zone.after(":")?.two()?);
    let is_zone = hours <= 24 && minutes <= 60 && zone.0.is_empty();
    is_zone.then_some(sign * (hours * 60 + minutes) * 60)
}

/// Two days before the end of the year 9999, so that it can be computed with.
fn never() -> Timestamp {
    Timestamp::from_second(253_402_128_000).expect("the year 9999 is within range")
}

fn zero_time() -> Timestamp {
    Timestamp::from_second(-62_135_596_800).expect("the year 1 is within range")
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
    // A NumericDate may have a fraction; one beyond the range of times saturates and is refused.
    #[expect(clippy::cast_possible_truncation)]
    Timestamp::from_second(claims.exp.floor() as i64).ok()
}

/// Whether the first private key is one that can be used: not encrypted, for nobody could give
/// its password. Its label need not fit its kind.
pub(crate) fn is_private_key(pem: &[u8]) -> bool {
    pem::blocks(pem)
        .find(pem::Block::is_private_key)
        .is_some_and(|key| !key.is_encrypted() && !key.bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A self-signed P-256 certificate that ends at 2036-11-20T04:36:49Z, and
    /// its key: made for these tests and used nowhere.
    pub(crate) const CERTIFICATE: &str = include_str!("../../testdata/client.pem");
    pub(crate) const KEY: &str = include_str!("../../testdata/client-key.pem");

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
    fn timestamps_are_read_as_go_reads_them() {
        let seconds = |text| rfc3339(text).map(Timestamp::as_second);
        for (text, expected) in [
            ("2030-01-02T03:04:05Z", 1_893_553_445),
            ("2030-01-02T03:04:05.678901234Z", 1_893_553_445),
            ("2030-01-02T05:04:05+02:00", 1_893_553_445),
            ("2030-01-01T21:34:05-05:30", 1_893_553_445),
            ("2030-01-02T03:04:05,6Z", 1_893_553_445),
            ("2030-01-02T03:04:05.12345678901234567890Z", 1_893_553_445),
            ("2030-01-02T3:04:05Z", 1_893_553_445),
            ("2030-01-03T03:04:05+24:00", 1_893_553_445),
            ("2030-01-02T05:04:05+01:60", 1_893_553_445),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        assert_eq!(rfc3339("9999-12-31T23:59:59Z"), Some(never()));
        assert_eq!(of_timestamp("0001-01-01T00:00:00Z"), Ok(None));
        for text in [
            "",
            "soon",
            "2030-01-02",
            "2030-01-02 03:04:05Z",
            "2030-01-02t03:04:05z",
            "2030-01-02T03:04Z",
            "20300102T030405Z",
            "2030-13-02T03:04:05Z",
            "2030-02-30T03:04:05Z",
            "2030-01-02T25:04:05Z",
            "2030-01-02T03:04:05",
            "2030-01-02T03:04:05.Z",
            "2030-01-02T03:04:05,Z",
            "2030-01-02T03:04:05,6",
            "2030-01-02T03:04:60Z",
            "2030-01-02T03:4:05Z",
            "2030-1-02T03:04:05Z",
            "2030-01-02T24:00:00Z",
            "2030-01-02T03:04:05+25:00",
            "2030-01-02T03:04:05+00:61",
            "+2030-01-02T03:04:05Z",
            " 2030-01-02T03:04:05Z",
            "2030-01-02T03:04:05Z ",
            "2030-01-02T03:04:05+00",
            "2030-01-02T03:04:05+0000",
            "2030-01-02T03:04:05Z[UTC]",
            "2030-01-02T03:04:0\u{e9}Z",
        ] {
            assert_eq!(of_timestamp(text), Err(OutputProblem::Timestamp), "{text}");
        }
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
        let encrypted = KEY.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert!(!is_private_key(encrypted.as_bytes()));
    }
}
