use std::fmt::Write as _;

use super::tree::ScalarStyle;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    /// Without quotes where it means the same.
    Plain,
    Single,
    /// As JSON has it.
    Double,
}

impl From<ScalarStyle> for Quote {
    fn from(style: ScalarStyle) -> Self {
        match style {
            ScalarStyle::SingleQuoted => Self::Single,
            ScalarStyle::DoubleQuoted => Self::Double,
            _ => Self::Plain,
        }
    }
}

impl Quote {
    /// `text` as a scalar on one line, in this style if it can be, else in double quotes.
    pub(super) fn write(self, text: &str, flow: bool) -> String {
        match self {
            Self::Plain if is_plain(text, flow) => text.to_owned(),
            Self::Single if text.chars().all(|c| !needs_escape(c)) => {
                format!("'{}'", text.replace('\'', "''"))
            }
            _ => double_quoted(text),
        }
    }
}

/// Whether a scalar that is written without quotes in block style can stand between brackets.
///
/// Narrower than YAML 1.2: old parsers end a plain scalar there at any colon.
pub(super) fn is_flow_safe(source: &str) -> bool {
    !source.contains([',', '[', ']', '{', '}', ':', '?', '#'])
}

/// Whether `text` without quotes is this text for every YAML parser, old or new.
fn is_plain(text: &str, flow: bool) -> bool {
    let words = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan",
    ];
    let letter = |c: char| c.is_ascii_alphanumeric() || "_./@+-".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '/')
        && text.chars().all(|c| letter(c) || (c == ':' && !flow))
        && !text.ends_with(':')
        && !words.contains(&text.to_ascii_lowercase().as_str())
}

/// What cannot stand for itself between quotes (YAML 1.2, `nb-json` without what old parsers take
/// for line breaks or refuse).
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if needs_escape(c) => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_has_no_quotes_only_where_it_needs_none() {
        for (text, block, flow) in [
            ("kcc-cache", "kcc-cache", "kcc-cache"),
            ("/usr/bin/aws", "/usr/bin/aws", "/usr/bin/aws"),
            (
                "arn:aws:eks:x:1:cluster/a",
                "arn:aws:eks:x:1:cluster/a",
                "\"arn:aws:eks:x:1:cluster/a\"",
            ),
            ("a:", "\"a:\"", "\"a:\""),
            ("No", "\"No\"", "\"No\""),
            ("", "\"\"", "\"\""),
            ("1", "\"1\"", "\"1\""),
            ("-x", "\"-x\"", "\"-x\""),
            ("a b", "\"a b\"", "\"a b\""),
            (
                "é\u{85}\n\"\\",
                "\"é\\u0085\\n\\\"\\\\\"",
                "\"é\\u0085\\n\\\"\\\\\"",
            ),
        ] {
            assert_eq!(Quote::Plain.write(text, false), block);
            assert_eq!(Quote::Plain.write(text, true), flow);
        }
    }

    #[test]
    fn single_quotes_are_kept_where_they_can_say_it() {
        assert_eq!(Quote::Single.write("it's", false), "'it''s'");
        assert_eq!(Quote::Single.write("a\nb", false), "\"a\\nb\"");
    }
}
