//! Texts as Go's JSON prints them.

use std::borrow::Cow;

/// Bytes as text. What is not UTF-8, which protobuf can carry and Go does not look at, becomes a
/// replacement character for each byte, as in Go's JSON.
#[inline]
pub(crate) fn coerced(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(replaced(bytes)),
    }
}

#[cold]
fn replaced(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// Bytes in base64, with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let letters = [18, 12, 6, 0].map(|shift| LETTERS[(bits >> shift & 63) as usize]);
        text.extend_from_slice(&letters[..=chunk.len()]);
        text.extend_from_slice(&b"=="[..3 - chunk.len()]);
    }
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_that_is_no_text_is_replaced() {
        assert!(matches!(
            coerced("\u{e9}".as_bytes()),
            Cow::Borrowed("\u{e9}")
        ));
        // As printed by Go 1.26: json.Marshal of string(bytes).
        for (bytes, want) in [
            (&b"\xff"[..], "\u{fffd}"),
            (b"a\xe2\x82b", "a\u{fffd}\u{fffd}b"),
            (b"\xed\xa0\xbe\xc3\xa9", "\u{fffd}\u{fffd}\u{fffd}\u{e9}"),
        ] {
            assert_eq!(coerced(bytes), want);
        }
    }

    #[test]
    fn base64_is_padded() {
        for (bytes, want) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"\xfb\xff\xfe?", "+//+Pw=="),
        ] {
            assert_eq!(base64(bytes), want);
        }
    }
}
