//! Base64 as Go's `base64.StdEncoding` reads it: padded, and whatever the last bits are.

use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Decodes a text, whose line breaks do not count.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.contains(['\r', '\n']) {
        decode_packed(text.replace(['\r', '\n'], "").as_bytes())
    } else {
        decode_packed(text.as_bytes())
    }
}

/// Decodes a text without line breaks.
pub(crate) fn decode_packed(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_may_be_wrapped_and_must_be_padded() {
        assert_eq!(decode("YWJj\r\nZGVm\n").as_deref(), Some(&b"abcdef"[..]));
        assert_eq!(decode("YR==").as_deref(), Some(&b"a"[..]));
        assert_eq!(decode("YQ"), None);
        assert_eq!(decode("YWJj ZGVm"), None);
    }
}
