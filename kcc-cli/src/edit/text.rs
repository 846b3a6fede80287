//! Lines, white space and splices of a text.

use std::ops::Range;

/// Replaces the bytes of a range; an empty range is a place to insert at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

impl Splice {
    pub(super) fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        Self {
            range,
            text: text.into(),
        }
    }

    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(at..at, text)
    }

    pub(super) fn remove(range: Range<usize>) -> Self {
        Self::replace(range, "")
    }
}

/// The text after all splices, which are sorted here; none if two of them overlap.
pub(super) fn apply(text: &str, splices: &mut [Splice]) -> Option<String> {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let added: usize = splices.iter().map(|splice| splice.text.len()).sum();
    // Room for all of it: a text that moves while it grows leaves secrets behind.
    let mut result = String::with_capacity(text.len() + added);
    let mut done = 0;
    for splice in splices {
        result.push_str(text.get(done..splice.range.start)?);
        result.push_str(&splice.text);
        done = splice.range.end;
    }
    result.push_str(text.get(done..)?);
    Some(result)
}

/// Where the line that holds `at` begins.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind(['\n', '\r']).map_or(0, |found| found + 1)
}

/// Where the line that holds `at` ends, before its line break.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..]
        .find(['\n', '\r'])
        .map_or(text.len(), |found| at + found)
}

/// Where the line after the one that holds `at` begins; the end of the text if there is none.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    let end = line_end(text, at);
    end + line_break(&text[end..]).len()
}

/// The end of the line before the one that holds `at`; none in the first line.
pub(super) fn previous_line_end(text: &str, at: usize) -> Option<usize> {
    let before = &text[..line_start(text, at)];
    let stripped = before.strip_suffix('\n').map_or(before, |line| line);
    let stripped = match stripped.strip_suffix('\r') {
        Some(line) => line,
        None if stripped.len() == before.len() => return None,
        None => stripped,
    };
    Some(stripped.len())
}

/// The line break at the beginning of `text`; empty if there is none.
fn line_break(text: &str) -> &str {
    ["\r\n", "\n", "\r"]
        .into_iter()
        .find(|line_break| text.starts_with(line_break))
        .unwrap_or("")
}

/// The line break that this text uses at `at`: that of the line, or of the line before it.
pub(super) fn newline_at(text: &str, at: usize) -> &str {
    let here = line_break(&text[line_end(text, at)..]);
    if !here.is_empty() {
        return here;
    }
    previous_line_end(text, at).map_or("\n", |end| line_break(&text[end..]))
}

/// The first place from `at` on that is no white space.
pub(super) fn skip_space(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches([' ', '\t', '\r', '\n']).len()
}

/// White space up to the text's end of `text[..at]`.
pub(super) fn space_before(text: &str, at: usize) -> &str {
    let before = &text[..at];
    &before[before.trim_end_matches([' ', '\t', '\r', '\n']).len()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_line_break_ends_a_line() {
        for (text, newline) in [("ab\ncd", "\n"), ("ab\r\ncd", "\r\n"), ("ab\rcd", "\r")] {
            let second = 2 + newline.len();
            assert_eq!(line_start(text, second + 1), second);
            assert_eq!(line_end(text, 0), 2);
            assert_eq!(next_line(text, 1), second);
            assert_eq!(next_line(text, second), text.len());
            assert_eq!(previous_line_end(text, second + 1), Some(2));
            assert_eq!(newline_at(text, 0), newline);
            assert_eq!(newline_at(text, second), newline);
        }
        assert_eq!(previous_line_end("ab", 1), None);
        assert_eq!(previous_line_end("\nab", 1), Some(0));
        assert_eq!(newline_at("ab", 0), "\n");
    }

    #[test]
    fn splices_that_overlap_give_nothing() {
        let splice = |range: Range<usize>| Splice::replace(range, "x");
        let applied = |mut splices: Vec<Splice>| apply("abcdef", &mut splices);
        assert_eq!(
            applied(vec![splice(3..4), splice(1..1)]).as_deref(),
            Some("axbcxef")
        );
        assert_eq!(applied(vec![splice(1..4), splice(3..5)]), None);
    }
}
