//! Sizes of files against the style's limits, as a report. Clippy looks at functions: pedantic
//! allows 100 lines of code.

use std::fs;

use anyhow::Result;

use crate::{rust_files, step};

const FOLDERS: [&str; 6] = [
    "kcc-core",
    "kcc-cli",
    "kcache",
    "kcache-join",
    "xtask",
    "tests",
];
/// In lines.
const MEDIAN: usize = 200;
const P90: usize = 450;

pub(crate) fn run() -> Result<()> {
    step::say("\n=== sizes of files");
    for folder in FOLDERS {
        let mut sizes = vec![];
        for path in rust_files::below(&step::root().join(folder))? {
            sizes.push((fs::read_to_string(&path)?.lines().count(), path));
        }
        sizes.sort();
        let at = |percent: usize| sizes[(sizes.len() - 1) * percent / 100].0;
        let shown = |lines: usize, limit: usize| {
            let over = if lines > limit { " (over)" } else { "" };
            format!("{lines}{over}")
        };
        let (longest, path) = &sizes[sizes.len() - 1];
        let path = path.strip_prefix(step::root()).unwrap_or(path).display();
        let (median, p90) = (shown(at(50), MEDIAN), shown(at(90), P90));
        let count = sizes.len();
        step::say(&format!(
            "{folder:<12} {count:>3}: median {median}, p90 {p90}, longest {longest} ({path})"
        ));
    }
    Ok(())
}
