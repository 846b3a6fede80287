use zeroize::Zeroizing;

const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// A text that is dropped without a trace where it is a copy.
pub(super) enum Text<'a> {
    AsItCame(&'a [u8]),
    Replaced(Zeroizing<Vec<u8>>),
}

impl Text<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::AsItCame(bytes) => bytes,
            Self::Replaced(bytes) => bytes,
        }
    }
}

/// JSON as Go reads it: each byte that is no UTF-8, and half of a surrogate pair, is U+FFFD there.
/// To `serde_json` they are errors.
pub(super) fn as_go_reads(json: &[u8]) -> Text<'_> {
    let is_utf8 = std::str::from_utf8(json).is_ok();
    let may_have_surrogates = json.windows(3).any(is_surrogate_escape);
    if is_utf8 && !may_have_surrogates {
        return Text::AsItCame(json);
    }
    // Never grown, so that no copy of a secret is left behind in freed memory.
    let mut replaced = Zeroizing::new(Vec::with_capacity(REPLACEMENT.len() * json.len()));
    for chunk in json.utf8_chunks() {
        replace_surrogates(chunk.valid(), &mut replaced);
        for _ in chunk.invalid() {
            replaced.extend_from_slice(REPLACEMENT);
        }
    }
    Text::Replaced(replaced)
}

fn is_surrogate_escape(bytes: &[u8]) -> bool {
    matches!(bytes, [b'\\', b'u', b'd' | b'D'])
}

/// A backslash stands in strings only, and takes the next character with it.
fn replace_surrogates(text: &str, replaced: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        replaced.extend_from_slice(before.as_bytes());
        let length = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (None, _) => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            _ => {
                replaced.extend_from_slice(REPLACEMENT);
                rest = &escape[6..];
                continue;
            }
        };
        replaced.extend_from_slice(&escape.as_bytes()[..length]);
        rest = &escape[length..];
    }
    replaced.extend_from_slice(rest.as_bytes());
}

/// The half of a pair that an escape at the begin of `text` stands for.
fn surrogate(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let unit = u16::from_str_radix(digits, 16).ok()?;
    (0xd800..=0xdfff).contains(&unit).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_replaces_is_replaced() {
        for (json, expected) in [
            (&br#"{"a":"b\"\\ud800"}"#[..], r#"{"a":"b\"\\ud800"}"#),
            (br#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (br#""\ud83dx""#, "\"\u{fffd}x\""),
            (br#""\ude00\ud83d""#, "\"\u{fffd}\u{fffd}\""),
            (br#""\uD83D\u0041""#, "\"\u{fffd}\\u0041\""),
            (b"\"\xe2\x82-\xff\"", "\"\u{fffd}\u{fffd}-\u{fffd}\""),
            (br#""\ud8"#, r#""\ud8"#),
            (b"\\", "\\"),
        ] {
            let text = as_go_reads(json);
            assert_eq!(std::str::from_utf8(text.bytes()), Ok(expected));
        }
    }
}
