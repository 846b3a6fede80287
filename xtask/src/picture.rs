//! A picture of a terminal, as SVG.

use std::fs;
use std::path::Path;

use anstyle_svg::Term;
use anyhow::{Context, Result, ensure};
use roxmltree::Document;

use crate::step;

/// Writes what a command showed, with its colours, or with `check` fails where the picture shows
/// something else. One that differs in times only is left as it is: each run takes others.
pub(crate) fn keep(path: &Path, command: &str, shown: &str, check: bool) -> Result<()> {
    let name = path.display();
    let picture = Term::new().render_svg(&format!("$ {command}\n{}", shown.trim_end()));
    let wanted = words(&picture)?;
    let old = fs::read_to_string(path).unwrap_or_default();
    let found = words(&old).with_context(|| name.to_string());
    if found.as_ref().is_ok_and(|found| *found == wanted) {
        step::say(&format!("{name} shows this, whatever the times are"));
        return Ok(());
    }
    if check {
        found?;
    }
    ensure!(
        !check,
        "{name} shows something else; `{command} --svg {name}` writes it again"
    );
    fs::write(path, picture).with_context(|| name.to_string())
}

/// What a picture shows, word by word, with one word for all times.
fn words(picture: &str) -> Result<Vec<String>> {
    let document = Document::parse(picture)?;
    let texts = document
        .descendants()
        .filter(|node| node.is_text() && node.ancestors().any(|above| above.has_tag_name("text")));
    let text: String = texts.filter_map(|node| node.text()).collect();
    let mut words: Vec<String> = vec![];
    for word in text.split_whitespace() {
        let is_unit = ["s", "ms"].contains(&word.trim_end_matches(')'));
        if let (true, Some(number)) = (is_unit, words.last_mut())
            && number.trim_start_matches('(').parse::<f64>().is_ok()
        {
            "time".clone_into(number);
        } else {
            words.push(word.to_owned());
        }
    }
    Ok(words)
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
        assert_eq!(
            words(&first).unwrap(),
            ["$", "it", "a", "<b>", "took", "time"]
        );
        keep("a <b> took \x1b[36m0.13 s\x1b[0m\n", false).unwrap();
        assert_eq!(fs::read_to_string(file.path()).unwrap(), first);
        keep("a <b> took 3 s", true).unwrap();
        let error = keep("a <c> took 3 s", true).unwrap_err();
        assert!(error.to_string().contains("something else"), "{error}");
        keep("a <c> took 3 s", false).unwrap();
        keep("a <c> took 3 s", true).unwrap();
    }
}
