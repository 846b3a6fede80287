//! Where a JSON value ends.

/// Follows one JSON value to its end, wherever its bytes are cut.
///
/// It counts brackets and knows strings; whether the value is well formed is for who decodes it.
#[derive(Default)]
pub(super) struct Scan {
    depth: u32,
    text: Text,
}

/// Where the scan stands to strings.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Text {
    #[default]
    Outside,
    Inside,
    /// After a backslash.
    Escaped,
}

impl Scan {
    /// Takes the next bytes of the value, and returns how many of them belong to it if it ends
    /// among them. The end of a number or a word shows by what follows it.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.text == Text::Outside {
                let found = bytes[at..].iter().position(|byte| self.is_mark(*byte))?;
                at += found + 1;
                match bytes[at - 1] {
                    b'"' => self.text = Text::Inside,
                    b'{' | b'[' => self.depth += 1,
                    _ if self.depth == 0 => return Some(at - 1),
                    _ => self.depth -= 1,
                }
            } else {
                at += self.string(&bytes[at..]);
            }
            if self.depth == 0 && self.text == Text::Outside {
                return Some(at);
            }
        }
        None
    }

    /// True if the scan has to look at this byte, outside of a string.
    fn is_mark(&self, byte: u8) -> bool {
        let bracket = matches!(byte | 0x20, b'{' | b'}') || byte == b'"';
        bracket || self.depth == 0 && (byte == b',' || byte.is_ascii_whitespace())
    }

    /// Takes bytes of a string up to its end, or all of them.
    fn string(&mut self, bytes: &[u8]) -> usize {
        let mut at = usize::from(self.text == Text::Escaped);
        self.text = Text::Inside;
        while let Some(found) = bytes[at..].iter().position(|b| matches!(b, b'"' | b'\\')) {
            at += found + 1;
            if bytes[at - 1] == b'"' {
                self.text = Text::Outside;
                return at;
            }
            if at == bytes.len() {
                self.text = Text::Escaped;
                return at;
            }
            at += 1;
        }
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_it_does_wherever_it_is_cut() {
        for (value, rest) in [
            (r#"{"a":[1,{"b":"}]"}],"c":"\"}\\"}"#, ","),
            (r#""\\\"x""#, "}"),
            ("[[],[]]", "]"),
            ("null", " }"),
            ("-1.5e3", ","),
            ("true", "]"),
        ] {
            let text = [value, rest].concat();
            for cut in 1..text.len() {
                let (first, second) = text.as_bytes().split_at(cut);
                let mut scan = Scan::default();
                let end = scan.advance(first);
                let end = end.or_else(|| scan.advance(second).map(|end| cut + end));
                assert_eq!(end, Some(value.len()), "{text} cut at {cut}");
            }
        }
    }
}
