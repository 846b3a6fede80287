//! Takes `metadata.managedFields` out of the text of an object, before anything is made of it.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::cursor::Cursor;

/// What every object with the member has in its text, unless a letter of it is escaped.
static MANAGED_FIELDS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("managedFields"));
/// Begins each escape that can stand for a letter.
static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br"\u"));

/// Puts an object into a buffer, without the `managedFields` of its `metadata`.
///
/// Nothing else changes, whatever it means. What is no object, or no JSON as far as it is looked at, is
/// put in as it is; what is wrong inside of `managedFields` is not noticed.
pub(crate) fn cut_managed_fields(json: &[u8], into: &mut Vec<u8>) {
    into.clear();
    into.reserve(json.len());
    let text = Cursor { json, at: 0 };
    let copied = 0;
    let mut cut = Cut { text, into, copied };
    if !can_have_some(json) || cut.object().is_none() {
        (cut.copied, cut.text.at) = (0, json.len());
        cut.into.clear();
    }
    let rest = &json[cut.copied..];
    into.extend_from_slice(rest);
}

/// False if there are surely none.
fn can_have_some(json: &[u8]) -> bool {
    MANAGED_FIELDS.find(json).is_some() || ESCAPE.find(json).is_some()
}

/// Copies an object, and leaves something out.
struct Cut<'a, 'b> {
    text: Cursor<'a>,
    into: &'b mut Vec<u8>,
    /// What of the text is copied, or is not to be.
    copied: usize,
}

impl Cut<'_, '_> {
    /// Goes over the members of the object, as long as there can be something to leave out.
    fn object(&mut self) -> Option<()> {
        let mut goes_on = self.text.open()?;
        while goes_on {
            let key = self.text.key()?;
            if key.is("metadata") && self.text.peek()? == b'{' {
                self.metadata()?;
                if !can_have_some(self.text.rest()) {
                    return Some(());
                }
            } else {
                self.text.value()?;
            }
            goes_on = self.text.goes_on()?;
        }
        Some(())
    }

    fn metadata(&mut self) -> Option<()> {
        let mut goes_on = self.text.open()?;
        while goes_on {
            let key = self.text.key()?;
            self.text.value()?;
            let end = self.text.at;
            goes_on = self.text.goes_on()?;
            if key.is("managedFields") {
                self.leave_out(key.at, end, goes_on)?;
            }
        }
        Some(())
    }

    /// Leaves out a member that begins and ends here, with the comma on one side of it.
    fn leave_out(&mut self, start: usize, end: usize, goes_on: bool) -> Option<()> {
        let before = &self.text.json[self.copied..start];
        self.into.extend_from_slice(before);
        if goes_on {
            self.text.peek()?;
            self.copied = self.text.at;
            return Some(());
        }
        let kept = self.into.trim_ascii_end();
        let kept = kept.strip_suffix(b",").unwrap_or(kept).len();
        self.into.truncate(kept);
        self.copied = end;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    fn cut(json: &str) -> String {
        let mut into = b"left over".to_vec();
        cut_managed_fields(json.as_bytes(), &mut into);
        String::from_utf8(into).unwrap()
    }

    #[test]
    fn the_member_goes_with_one_comma() {
        for (json, want) in [
            (
                r#"{"metadata":{"managedFields":[1],"name":"a"}}"#,
                r#"{"metadata":{"name":"a"}}"#,
            ),
            (
                r#"{"metadata":{"name":"a","managedFields":[{"x":["]}"]}]},"spec":{}}"#,
                r#"{"metadata":{"name":"a"},"spec":{}}"#,
            ),
            (
                r#"{"metadata":{"name":"a","managedFields":7,"uid":"u"}}"#,
                r#"{"metadata":{"name":"a","uid":"u"}}"#,
            ),
            (
                r#"{"metadata":{"managedFields":null}}"#,
                r#"{"metadata":{}}"#,
            ),
            (
                r#"{"metadata":{"managedFields":1,"managedFields":"2"}}"#,
                r#"{"metadata":{}}"#,
            ),
            (
                r#"{"metadata":{"a":0,"managedFields":1,"managedFields":"2"}}"#,
                r#"{"metadata":{"a":0}}"#,
            ),
            (
                "{ \"metadata\" : {\n \"managedFields\" : [ ] ,\n \"name\" : \"a\" }\n}\n",
                "{ \"metadata\" : {\n \"name\" : \"a\" }\n}\n",
            ),
            (
                "{ \"metadata\" : { \"name\":\"a\" ,\n \"managedFields\" : [ ]\t} }",
                "{ \"metadata\" : { \"name\":\"a\" \t} }",
            ),
            (
                r#"{"metadata":{"managed\u0046ields":[],"n":1}}"#,
                r#"{"metadata":{"n":1}}"#,
            ),
            (
                r#"{"\u006detadata":{"managedFields":[],"n":1}}"#,
                r#"{"\u006detadata":{"n":1}}"#,
            ),
            (
                r#"{"metadata":{},"spec":1,"metadata":{"managedFields":[]}}"#,
                r#"{"metadata":{},"spec":1,"metadata":{}}"#,
            ),
            (
                r#"{"metadata":{"managedFields":1},"x":{},"metadata":{"managedFields":[]}}"#,
                r#"{"metadata":{},"x":{},"metadata":{}}"#,
            ),
            (
                r#"{"a":"\\","spec":{"managedFields":1},"metadata":{"managedFields":[]}}"#,
                r#"{"a":"\\","spec":{"managedFields":1},"metadata":{}}"#,
            ),
        ] {
            assert_eq!(cut(json), want, "{json}");
        }
    }

    #[test]
    fn all_else_stays() {
        for json in [
            "",
            "{}",
            "[]",
            "7",
            "managedFields",
            r#"{"metadata":[{"managedFields":1}]}"#,
            r#"{"metadata":"managedFields"}"#,
            r#"{"metadata":{"labels":{"managedFields":"x"}}}"#,
            r#"{"metadata":{"managedFields\u0000":"x"}}"#,
            r#"{"managedFields":[],"spec":{"metadata":{"managedFields":[]}}}"#,
            // No JSON.
            r#"{"metadata":{"managedFields":[],}}"#,
            r#"{"metadata":{"managedFields":[]"#,
            r#"{"metadata":{"managedFields":"#,
            r#"{"metadata":{"managedFields":}}"#,
            r#"{"metadata":{"managedFields":,"a":1}}"#,
            r#"{"metadata":{"managedFields" 1}}"#,
            r#"{"metadata":{managedFields:1}}"#,
            r#"{"metadata":{"managedFields":"\"#,
            r#"{"metadata":{"managedFields"#,
            r#"["metadata":{"managedFields":1}]"#,
        ] {
            assert_eq!(cut(json), json);
        }
    }

    #[test]
    fn a_text_may_end_anywhere() {
        let json = r#"{"metadata":{"a":"\"b","managedFields":[{"c":"\u0041"}]},"spec":{"d":1}}"#;
        for end in 0..json.len() {
            let short = cut(&json[..end]);
            assert!(serde_json::from_str::<Value>(&short).is_err(), "{short}");
        }
    }

    /// Numbers that look like chance.
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, limit: usize) -> usize {
            let Self(state) = self;
            *state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(*state >> 33).unwrap() % limit
        }

        fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
            of[self.below(of.len())]
        }

        fn text(&mut self, depth: usize) -> String {
            let space = |chance: &mut Self| chance.one(&["", "", " ", "\n\t"]);
            let inner = match self.below(if depth == 0 { 4 } else { 8 }) {
                0 => self.one(&["1", "-0.5e3", "true", "null"]).to_owned(),
                1..4 => self
                    .one(&[
                        r#""""#,
                        r#""a\"}""#,
                        r#""managedFields""#,
                        r#""]\\""#,
                        r#""\u00e9""#,
                    ])
                    .to_owned(),
                4 | 5 => {
                    let items: Vec<_> = (0..self.below(4)).map(|_| self.text(depth - 1)).collect();
                    format!("[{}]", items.join(","))
                }
                _ => {
                    let members: Vec<_> = (0..self.below(5))
                        .map(|_| {
                            let key = self.one(&[
                                r#""metadata""#,
                                r#""managedFields""#,
                                r#""managedField\u0073""#,
                                r#""m\u0065tadata""#,
                                r#""a""#,
                            ]);
                            let (before, after) = (space(self), space(self));
                            format!("{before}{key}{after}:{}", self.text(depth - 1))
                        })
                        .collect();
                    format!("{{{}{}}}", members.join(","), space(self))
                }
            };
            format!("{}{inner}{}", space(self), space(self))
        }
    }

    #[test]
    fn what_is_read_is_the_same_without_the_member() {
        let mut chance = Chance(1);
        let mut cuts = 0;
        for _ in 0..20_000 {
            let json = chance.text(4);
            let mut want: Value = serde_json::from_str(&json).unwrap();
            if let Some(Value::Object(metadata)) = want.get_mut("metadata") {
                Map::remove(metadata, "managedFields");
            }
            let text = cut(&json);
            assert_eq!(
                serde_json::from_str::<Value>(&text).unwrap(),
                want,
                "{json}"
            );
            cuts += usize::from(text.len() < json.len());
        }
        assert!(cuts > 400, "{cuts}");
        assert_eq!(
            cut(&json!({"metadata": {"managedFields": 1}}).to_string()),
            r#"{"metadata":{}}"#
        );
    }
}
