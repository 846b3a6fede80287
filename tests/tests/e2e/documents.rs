//! What documents promise of their own code.

use libtest_mimic::Trial;

use crate::trial::{Outcome, anywhere, check, named};

const MIGRATING: &str = include_str!("../../../docs/migrating.md");

pub(crate) fn trials() -> Vec<Trial> {
    anywhere("documents", named![what_one_writes_is_compiled])
}

/// Each piece of code in a right-hand cell is in the code of the page, which the documentation tests compile.
fn what_one_writes_is_compiled() -> Outcome {
    let (mut compiled, mut cells, mut inside) = (String::new(), Vec::new(), false);
    for line in MIGRATING.lines() {
        if let Some(language) = line.strip_prefix("```") {
            inside = language == "rust";
        } else if inside {
            compiled.extend(line.split_whitespace());
        } else if let Some(row) = line.strip_prefix("| ") {
            let (_, right) = row.split_once(" | ").unwrap_or_default();
            cells.extend(right.split('`').skip(1).step_by(2));
        }
    }
    check(
        cells.len() > 80,
        format!("only {} pieces of code", cells.len()),
    )?;
    for cell in cells {
        let code: String = cell.split_whitespace().collect();
        check(compiled.contains(&code), format!("not compiled: {cell}"))?;
    }
    Ok(())
}
