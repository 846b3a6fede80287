//! Sizes of files and functions. A report: a long function may be the clearest one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::step;

/// The style's limits: lines of a file, lines of a function.
const FILE_MEDIAN: usize = 200;
const FILE_P90: usize = 450;
const FUNCTION_P90: usize = 40;

struct Function {
    place: String,
    lines: usize,
}

pub(crate) fn run() -> Result<()> {
    step::say("\n=== sizes");
    let mut all = vec![];
    for folder in [
        "kcc-core",
        "kcc-cli",
        "kcache",
        "kcache-join",
        "xtask",
        "tests",
    ] {
        let mut files = vec![];
        rust_files(&step::root().join(folder), &mut files)?;
        report(folder, &files, &mut all)?;
    }
    all.sort_by_key(|function: &Function| std::cmp::Reverse(function.lines));
    step::say("\nlongest functions:");
    for function in all.iter().take(5) {
        step::say(&format!("{:>6}  {}", function.lines, function.place));
    }
    Ok(())
}

fn report(folder: &str, files: &[PathBuf], all: &mut Vec<Function>) -> Result<()> {
    let (mut file_lines, mut function_lines) = (vec![], vec![]);
    for file in files {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        file_lines.push(text.lines().count());
        let name = file.strip_prefix(step::root()).unwrap_or(file).display();
        for (line, lines) in functions(&text) {
            function_lines.push(lines);
            let place = format!("{name}:{line}");
            all.push(Function { place, lines });
        }
    }
    let (median, p90) = (
        percentile(&mut file_lines, 50),
        percentile(&mut file_lines, 90),
    );
    let function_p90 = percentile(&mut function_lines, 90);
    let over = |value, limit| if value > limit { " (over)" } else { "" };
    step::say(&format!(
        "{folder:<12} {:>3} files: median {median}{}, p90 {p90}{}; {:>4} functions: median {}, p90 {function_p90}{}",
        file_lines.len(),
        over(median, FILE_MEDIAN),
        over(p90, FILE_P90),
        function_lines.len(),
        percentile(&mut function_lines, 50),
        over(function_p90, FUNCTION_P90),
    ));
    Ok(())
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

/// The first line and the number of lines of each function: from `fn` to the brace that stands as
/// far to the right as the line of its `fn`, as rustfmt sets it.
fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let is_head = |line: &str| {
        let mut words = line.split_whitespace();
        let qualifiers = ["pub", "pub(crate)", "pub(super)", "async", "const"];
        words.find(|word| !qualifiers.contains(word)) == Some("fn")
    };
    let mut found = vec![];
    for (start, line) in lines.iter().enumerate() {
        if !is_head(line) {
            continue;
        }
        let same_line = line.trim_end().ends_with('}');
        let end = lines[start..].iter().position(|end| {
            same_line || (indent(end) == indent(line) && matches!(end.trim(), "}" | "};"))
        });
        if let Some(length) = end {
            found.push((start + 1, length + 1));
        }
    }
    found
}

fn percentile(values: &mut [usize], percent: usize) -> usize {
    values.sort_unstable();
    let last = values.len().saturating_sub(1);
    values
        .get(last * percent / 100)
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_with_their_lines() {
        let text = "fn a() {}\n\nimpl X {\n    pub(crate) fn b(\n        c: u8,\n    ) -> u8 {\n        c\n    }\n}\n// fn d(\n";
        assert_eq!(functions(text), [(1, 1), (4, 5)]);
    }

    #[test]
    fn percentiles_are_of_the_sorted_values() {
        assert_eq!(percentile(&mut [3, 1, 2], 50), 2);
        assert_eq!(percentile(&mut [], 90), 0);
    }
}
