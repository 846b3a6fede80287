//! How deep JSON is.

/// How many levels of objects and arrays are in each other, at most. Of a text that is no JSON it is at
/// least what a parser meets before it notices.
pub(crate) fn nesting(json: &[u8]) -> usize {
    let (mut level, mut deepest) = (0_usize, 0);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => pass_string(&mut bytes),
            b'{' | b'[' => {
                level += 1;
                deepest = deepest.max(level);
            }
            b'}' | b']' => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Goes behind the end of the string that has begun.
fn pass_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_outside_of_strings() {
        for (json, want) in [
            ("", 0),
            ("7", 0),
            (r#""[[{""#, 0),
            ("[]", 1),
            (r#"{"a":[{"b":"]}\"]"},[]],"c":[]}"#, 3),
            (r#"["\\",[]]"#, 2),
            ("]]]][[", 2),
            (r#"["\"#, 1),
            ("[\"", 1),
        ] {
            assert_eq!(nesting(json.as_bytes()), want, "{json}");
        }
    }
}
