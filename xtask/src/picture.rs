//! A picture of a terminal, as SVG.

use std::fs;
use std::path::Path;

use anstyle_svg::{Term, WIN10_CONSOLE};
use anyhow::{Context, Result, ensure};
use roxmltree::Document;

use crate::step;

/// Writes what a command showed, with its colours, or with `check` fails where the picture shows
/// something else. One that differs in times only is left as it is: each run takes others.
pub(crate) fn keep(path: &Path, command: &str, shown: &str, check: bool) -> Result<()> {
    let name = path.strip_prefix(step::root()).unwrap_or(path).display();
    let terminal = Term::new().palette(WIN10_CONSOLE);
    let picture = terminal.render_svg(&format!("$ {command}\n{}", shown.trim_end()));
    let wanted = lines(&picture)?;
    let old = fs::read_to_string(path).unwrap_or_default();
    let difference = match lines(&old) {
        Ok(found) => difference(&found, &wanted),
        Err(error) => Some(format!("{error:#}")),
    };
    let Some(difference) = difference else {
        step::say(&format!("{name} shows this, whatever the times are"));
        return Ok(());
    };
    ensure!(
        !check,
        "{name}: {difference}; `{command} --svg {name}` writes it again"
    );
    fs::write(path, picture).with_context(|| name.to_string())
}

fn difference(found: &[String], wanted: &[String]) -> Option<String> {
    let first = (0..found.len().max(wanted.len())).find(|&at| found.get(at) != wanted.get(at))?;
    let [found, wanted] = [found, wanted].map(|lines| lines.get(first));
    Some(format!("it shows {found:?} where {wanted:?} would be"))
}

/// The lines of a picture, with one word for all times, sorted: what is told at once is told in any
/// order.
fn lines(picture: &str) -> Result<Vec<String>> {
    let document = Document::parse(picture)?;
    let texts = document
        .descendants()
        .filter(|node| node.is_text() && node.ancestors().any(|above| above.has_tag_name("text")));
    let text: String = texts.filter_map(|node| node.text()).collect();
    let mut lines: Vec<String> = text.lines().map(without_times).collect();
    lines.retain(|line| !line.is_empty());
    lines.sort();
    Ok(lines)
}

fn without_times(line: &str) -> String {
    let mut words: Vec<&str> = vec![];
    for word in line.split_whitespace() {
        let is_unit = ["s", "ms"].contains(&word.trim_end_matches(')'));
        if let (true, Some(number)) = (is_unit, words.last_mut())
            && number.trim_start_matches('(').parse::<f64>().is_ok()
        {
            *number = "time";
        } else if is_date(word) {
            words.push("date");
        } else {
            words.push(word);
        }
    }
    words.join(" ")
}

/// As in `2026-11-29T07:19:28Z`.
fn is_date(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    digits == 14 && word.contains('T') && word.ends_with('Z')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_says_what_was_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let keep = |shown: &str, check| keep(file.path(), "it", shown, check);
        keep("a <b> took \x1b[36m 1.2 ms\x1b[0m\n", false).unwrap();
        let first = fs::read_to_string(file.path()).unwrap();
        assert_eq!(lines(&first).unwrap(), ["$ it", "a <b> took time"]);
        keep("a <b> took \x1b[36m0.13 s\x1b[0m\n", false).unwrap();
        assert_eq!(fs::read_to_string(file.path()).unwrap(), first);
        keep("a <b> took 3 s", true).unwrap();
        assert!(is_date("2026-11-29T07:19:28Z"));
        let error = keep("a <c> took 3 s", true).unwrap_err();
        let told = r#"it shows Some("a <b> took time") where Some("a <c> took time") would be"#;
        assert!(error.to_string().contains(told), "{error}");
        keep("a <c> took 3 s", false).unwrap();
        keep("a <c> took 3 s", true).unwrap();
    }
}
