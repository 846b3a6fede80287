//! Strings as Go reads them.
//!
//! API servers and client-go are written in Go, whose `encoding/json` takes what is no Unicode and
//! puts U+FFFD in its place. Parsers of Rust refuse it, or worse.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

/// Begins each escape that can name half of a surrogate pair.
static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br"\u"));

/// The same text with U+FFFD for each byte that is not UTF-8 and for each half of a surrogate pair
/// that stands alone.
pub(crate) fn coerced(json: &[u8]) -> Cow<'_, [u8]> {
    let mut text = Cow::Borrowed(json);
    if std::str::from_utf8(json).is_err() {
        let mut valid = Vec::with_capacity(json.len() + 64);
        for chunk in json.utf8_chunks() {
            valid.extend_from_slice(chunk.valid().as_bytes());
            for _ in chunk.invalid() {
                valid.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
        text = Cow::Owned(valid);
    }
    if has_lone_surrogate(&text) {
        replace_lone_surrogates(text.to_mut());
    }
    text
}

/// True if there is something to replace.
fn has_lone_surrogate(json: &[u8]) -> bool {
    lone_surrogate(json, 0).is_some()
}

/// Puts U+FFFD in the place of each half of a surrogate pair that stands alone; every byte stays where
/// it is.
pub(crate) fn replace_lone_surrogates(json: &mut [u8]) {
    let mut at = 0;
    while let Some(position) = lone_surrogate(json, at) {
        at = position + 6;
        json[position..at].copy_from_slice(br"\ufffd");
    }
}

/// Where from here on the next escape stands that names half of a surrogate pair without the other.
fn lone_surrogate(json: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let position = at + ESCAPE.find(&json[at..])?;
        at = position + 2;
        let Some(half) = escape(&json[position..]).filter(|code| matches!(code, 0xd800..0xe000))
        else {
            continue;
        };
        if !begins_escape(json, position) {
            continue;
        }
        let other = escape(&json[position + 6..]);
        if half >= 0xdc00 || !matches!(other, Some(0xdc00..0xe000)) {
            return Some(position);
        }
        at = position + 12;
    }
}

/// The code of an escape of four digits at the beginning of a text.
fn escape(json: &[u8]) -> Option<u16> {
    let digits = json.strip_prefix(br"\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

/// True if the backslash at this position is not escaped itself.
fn begins_escape(json: &[u8], position: usize) -> bool {
    let before = json[..position].iter().rev();
    before.take_while(|byte| **byte == b'\\').count() % 2 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_coerced_to_unicode_as_go_does_it() {
        // As printed by Go 1.26: json.Unmarshal into a string.
        for (json, want) in [
            (&br"\ud83e"[..], "\u{fffd}"),
            (br"\ud83e.", "\u{fffd}."),
            (br"\udd80", "\u{fffd}"),
            (br"\ud83e\udd80", "\u{1f980}"),
            (br"\uD83E\uDD80", "\u{1f980}"),
            (br"\ud83e\ud83e\udd80", "\u{fffd}\u{1f980}"),
            (br"\udd80\ud83e", "\u{fffd}\u{fffd}"),
            (br"\ud83e\ue000", "\u{fffd}\u{e000}"),
            (br"\ud83e\u0041", "\u{fffd}A"),
            (br"\ud83e\n", "\u{fffd}\n"),
            (br"\\ud83e", "\\ud83e"),
            (br"\\\ud83e", "\\\u{fffd}"),
            (br"\\\\ud83e\\", "\\\\ud83e\\"),
            (b"\xff", "\u{fffd}"),
            (b"a\xe2\x82b", "a\u{fffd}\u{fffd}b"),
            (b"\xed\xa0\xbe", "\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            let quoted = [b"\"", json, b"\""].concat();
            let read: Result<String, _> = serde_json::from_slice(&coerced(&quoted));
            assert_eq!(read.ok().as_deref(), Some(want), "{json:?}");
        }
    }

    #[test]
    fn what_is_right_is_left_alone() {
        for json in [
            "",
            r"\",
            r"\u",
            r"\ud8",
            r"\ud83",
            r"\u+d83",
            r#""\ud83e\udd80""#,
            "\u{1f980}",
        ] {
            assert!(
                matches!(coerced(json.as_bytes()), Cow::Borrowed(_)),
                "{json}"
            );
        }
    }
}
