use std::fmt;
use std::ops::Range;

use super::text::{Splice, line_start, next_line};

/// What an edit changes, as a unified diff without lines of context.
///
/// On a changed line stands only what the edit itself puts there or takes away, and the words that
/// every kubeconfig has: on one line with them may be a token, as in a JSON file without line
/// breaks. Everything else is shown as `…`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    hunks: Vec<Hunk>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Hunk {
    /// From 0.
    old_line: usize,
    new_line: usize,
    old: Vec<String>,
    new: Vec<String>,
}

/// Words that say nothing.
const KNOWN: &[&str] = &[
    "apiVersion",
    "args",
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
    "certificate-authority-data",
    "client-certificate-data",
    "client-key-data",
    "cluster",
    "clusters",
    "command",
    "Config",
    "context",
    "contexts",
    "current-context",
    "env",
    "exec",
    "false",
    "installHint",
    "interactiveMode",
    "kind",
    "name",
    "namespace",
    "null",
    "preferences",
    "provideClusterInfo",
    "server",
    "token",
    "true",
    "user",
    "users",
    "v1",
    "value",
    "-",
    "?",
    "~",
    "Never",
    "IfAvailable",
    "Always",
];

impl Diff {
    /// `splices` are sorted and do not overlap.
    pub(super) fn of(old: &str, new: &str, splices: &[Splice]) -> Self {
        let mut diff = Self::default();
        let mut shift = Shift::default();
        let mut rest = splices;
        while let [first, ..] = rest {
            let start = line_start(old, first.range.start);
            let mut end = next_line(old, first.range.end);
            let mut count = 1;
            while let Some(next) = rest.get(count) {
                if line_start(old, next.range.start) > end {
                    break;
                }
                end = end.max(next_line(old, next.range.end));
                count += 1;
            }
            let (group, others) = rest.split_at(count);
            rest = others;
            let new_start = shift.apply(start);
            let before = Shown::in_old(old, group, start..end);
            let after = Shown::in_new(new, group, shift, new_start, end);
            for splice in group {
                shift.pass(splice);
            }
            diff.push(old, new, (start, before), (new_start, after));
        }
        diff
    }

    fn push(
        &mut self,
        old: &str,
        new: &str,
        (old_at, mut before): (usize, Vec<String>),
        (new_at, mut after): (usize, Vec<String>),
    ) {
        let same = |(a, b): &(&String, &String)| a == b;
        let head = before.iter().zip(&after).take_while(same).count();
        before.drain(..head);
        after.drain(..head);
        let pairs = before.iter().rev().zip(after.iter().rev());
        let tail = pairs.take_while(same).count();
        before.truncate(before.len() - tail);
        after.truncate(after.len() - tail);
        self.hunks.push(Hunk {
            old_line: lines_before(old, old_at) + head,
            new_line: lines_before(new, new_at) + head,
            old: before,
            new: after,
        });
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.hunks.is_empty()
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Where there are no lines, the number is that of the line before.
        let place = |line: usize, lines: &[String]| match lines.len() {
            0 => format!("{line},0"),
            1 => format!("{}", line + 1),
            count => format!("{},{count}", line + 1),
        };
        for hunk in &self.hunks {
            let old = place(hunk.old_line, &hunk.old);
            let new = place(hunk.new_line, &hunk.new);
            writeln!(f, "@@ -{old} +{new} @@")?;
            for (sign, lines) in [('-', &hunk.old), ('+', &hunk.new)] {
                for line in lines {
                    match line.strip_suffix('\n') {
                        Some(line) => writeln!(f, "{sign}{line}")?,
                        None => writeln!(f, "{sign}{line}\n\\ No newline at end of file")?,
                    }
                }
            }
        }
        Ok(())
    }
}

/// How far what follows the splices so far has moved.
#[derive(Clone, Copy, Default)]
struct Shift {
    added: usize,
    removed: usize,
}

impl Shift {
    fn apply(self, at: usize) -> usize {
        at + self.added - self.removed
    }

    fn pass(&mut self, splice: &Splice) {
        self.added += splice.text.len();
        self.removed += splice.range.len();
    }
}

/// Lines of which some parts are shown as they are.
struct Shown;

impl Shown {
    fn in_old(text: &str, group: &[Splice], lines: Range<usize>) -> Vec<String> {
        let plain = group.iter().map(|splice| splice.range.clone());
        Self::lines(text, lines, &plain.collect::<Vec<_>>())
    }

    /// `end` is the end of the lines in the old text.
    fn in_new(
        text: &str,
        group: &[Splice],
        mut shift: Shift,
        start: usize,
        end: usize,
    ) -> Vec<String> {
        let mut plain = Vec::new();
        for splice in group {
            let at = shift.apply(splice.range.start);
            plain.push(at..at + splice.text.len());
            shift.pass(splice);
        }
        Self::lines(text, start..shift.apply(end), &plain)
    }

    fn lines(text: &str, lines: Range<usize>, plain: &[Range<usize>]) -> Vec<String> {
        let mut shown = String::new();
        let mut at = lines.start;
        for part in plain {
            mask(&text[at..part.start], &mut shown);
            shown.push_str(&printable(&text[part.clone()]));
            at = part.end;
        }
        mask(&text[at..lines.end], &mut shown);
        shown.split_inclusive('\n').map(str::to_owned).collect()
    }
}

/// Shows white space, punctuation and known words; `…` for anything else.
fn mask(text: &str, shown: &mut String) {
    let is_sign = |c: char| c.is_whitespace() || "{}[],:\"'#".contains(c);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if is_sign(first) {
            shown.push(printable_char(first));
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(is_sign).unwrap_or(rest.len());
        let word = &rest[..end];
        shown.push_str(if KNOWN.contains(&word) { word } else { "…" });
        rest = &rest[end..];
    }
}

/// A file's text for a terminal, which its control characters must not steer.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(printable_char).collect()
}

fn printable_char(c: char) -> char {
    if c.is_control() && !matches!(c, '\n' | '\r' | '\t') {
        '\u{fffd}'
    } else {
        c
    }
}

fn lines_before(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::super::text::apply;
    use super::*;

    fn diff(old: &str, mut splices: Vec<Splice>) -> String {
        let new = apply(old, &mut splices).unwrap();
        Diff::of(old, &new, &splices).to_string()
    }

    #[test]
    fn whole_lines_are_shown_where_they_change() {
        let old = "a: 1\ncommand: aws\nargs:\n- x\nb: 2\n";
        let changes = vec![
            Splice::replace(14..17, "kcc-cache"),
            Splice::insert(24, "- aws\n"),
        ];
        assert_eq!(
            diff(old, changes),
            "@@ -2 +2 @@\n-command: aws\n+command: kcc-cache\n@@ -3,0 +4 @@\n+- aws\n"
        );
        let removed = vec![Splice::remove(24..28)];
        assert_eq!(diff(old, removed), "@@ -4 +3,0 @@\n-- x\n");
    }

    #[test]
    fn what_stands_beside_a_change_is_hidden() {
        let old = r#"{"token":"SECRET","exec":{"command":"aws","args":["SECRET"]}}"#;
        let shown = diff(old, vec![Splice::replace(36..41, "\"kcc-cache\"")]);
        assert_eq!(
            shown,
            "@@ -1 +1 @@\n\
             -{\"token\":\"…\",\"exec\":{\"command\":\"aws\",\"args\":[\"…\"]}}\n\\ No newline at end of file\n\
             +{\"token\":\"…\",\"exec\":{\"command\":\"kcc-cache\",\"args\":[\"…\"]}}\n\\ No newline at end of file\n"
        );
    }
}
