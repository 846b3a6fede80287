//! What identifies an object, read from its beginning.

use super::cursor::Cursor;

/// Strings of the first `metadata` of an object: those of these names, empty where it has none. No more
/// is read than has to be, so that nothing is known of the rest. `None` if they are not plain to see.
pub(crate) fn metadata_strings<'a, const N: usize>(
    json: &'a [u8],
    names: [&str; N],
) -> Option<[&'a str; N]> {
    let mut text = Cursor { json, at: 0 };
    let mut goes_on = text.open()?;
    while goes_on {
        if text.key()?.is("metadata") {
            return strings(&mut text, names);
        }
        text.value()?;
        goes_on = text.goes_on()?;
    }
    None
}

fn strings<'a, const N: usize>(text: &mut Cursor<'a>, names: [&str; N]) -> Option<[&'a str; N]> {
    let mut found = [None; N];
    let mut goes_on = text.open()?;
    while goes_on && found.contains(&None) {
        let key = text.key()?;
        match names.iter().position(|name| key.is(name)) {
            Some(index) => found[index] = Some(text.plain_string()?),
            None => text.value()?,
        }
        goes_on = text.goes_on()?;
    }
    Some(found.map(Option::unwrap_or_default))
}

#[cfg(test)]
mod tests {
    use super::metadata_strings;

    fn read(json: &str) -> Option<[&str; 2]> {
        metadata_strings(json.as_bytes(), ["name", "uid"])
    }

    #[test]
    fn strings_are_found_wherever_they_are() {
        for (json, want) in [
            (r#"{"metadata":{"name":"a","uid":"u","x"#, Some(["a", "u"])),
            (
                r#"{"kind":"Pod", "spec":{"metadata":{"name":"no"}}, "metadata" : { "x":[{}], "uid" : "u" } }"#,
                Some(["", "u"]),
            ),
            (r#"{"metadata":{}}"#, Some(["", ""])),
            (
                r#"{"metadata":{"labels":{"name":"no"},"name":"\u{e9}"}}"#,
                Some(["\u{e9}", ""]),
            ),
        ] {
            assert_eq!(read(&json.replace("\\u{e9}", "\u{e9}")), want, "{json}");
        }
    }

    #[test]
    fn what_is_not_plain_is_not_found() {
        for json in [
            "",
            "{}",
            "[]",
            r#"{"metadata":[]}"#,
            r#"{"metadata":null}"#,
            r#"{"metadata":{"name":7}}"#,
            r#"{"metadata":{"name":null}}"#,
            r#"{"metadata":{"name":"a\u0041"}}"#,
            r#"{"metadata":{"name":"a"#,
            r#"{"metadata":{"name":"a"}"#.trim_end_matches('}'),
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
