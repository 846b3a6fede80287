//! Layers: a module uses only what stands before it.
//!
//! Each crate's `lib.rs` (or `main.rs`) declares its modules from the lowest to the highest, and so
//! does each module with its own. Two things fail: an arrow from a module to one that is declared
//! after it, and files that need each other in a circle. A parent stands above its children. Code
//! that is only for tests may look anywhere.

mod graph;
mod source;

use std::path::Path;

use anyhow::{Result, ensure};

use self::source::{Crate, Use};
use crate::step;

/// Each folder of sources, and the file that declares its modules.
const CRATES: [&str; 6] = [
    "kcc-core/src/lib.rs",
    "kcc-cli/src/lib.rs",
    "kcache/src/lib.rs",
    "kcache-join/src/lib.rs",
    "tests/src/lib.rs",
    "xtask/src/main.rs",
];

pub(crate) fn run() -> Result<()> {
    step::say("\n=== layers");
    let mut wrong = 0;
    for root in CRATES {
        let path = step::root().join(root);
        let modules = Crate::read(&path)?;
        let faults = faults(&modules);
        for fault in &faults {
            step::say(fault);
        }
        wrong += faults.len();
        let name = Path::new(root).iter().next().unwrap_or_default().display();
        let (files, uses) = (modules.files.len(), modules.uses.len());
        step::say(&format!(
            "{name:<12} {files:>3} files, {uses:>4} uses, {} against the order",
            faults.len()
        ));
    }
    ensure!(
        wrong == 0,
        "layers: {wrong} uses go up or round; docs/architecture.md says how to cut one"
    );
    Ok(())
}

/// What is wrong in a crate, a line each: where, which name, and why it may not be.
fn faults(modules: &Crate) -> Vec<String> {
    let (mut told, mut in_order) = (vec![], vec![]);
    for found in &modules.uses {
        match modules.against_order(found) {
            Some((user, used)) => told.push(format!(
                "{}: uses {}, but `{used}` is declared after `{user}`",
                place(modules, found),
                found.name
            )),
            None => in_order.push(found),
        }
    }
    for circle in graph::circles(modules.files.len(), &modules.arrows()) {
        let inside = |found: &&&Use| circle.contains(&found.user) && circle.contains(&found.used);
        for found in in_order.iter().filter(inside) {
            told.push(format!(
                "{}: uses {} of {}, which needs this file: a circle of {} files",
                place(modules, found),
                found.name,
                modules.files[found.used].shown,
                circle.len()
            ));
        }
    }
    told
}

fn place(modules: &Crate, found: &Use) -> String {
    format!("{}:{}", modules.files[found.user].shown, found.line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("written");
        }
        let modules = Crate::read(&folder.path().join("lib.rs")).expect("read");
        let shown = format!("{}/", folder.path().display());
        let faults = faults(&modules);
        faults
            .iter()
            .map(|fault| fault.replace(&shown, ""))
            .collect()
    }

    #[test]
    fn what_looks_down_is_right() {
        let faults = faults_of(&[
            ("lib.rs", "mod low; mod high; pub use low::Low;"),
            (
                "low.rs",
                "pub struct Low; #[cfg(test)] mod tests { use crate::high::High; }",
            ),
            (
                "high.rs",
                "mod part; use crate::Low; pub struct High(Low, part::Part);",
            ),
            ("high/part.rs", "pub struct Part(crate::low::Low);"),
        ]);
        assert_eq!(faults, [""; 0]);
    }

    #[test]
    fn what_looks_up_is_told_with_its_line() {
        let faults = faults_of(&[
            ("lib.rs", "mod low; mod high; pub use high::High;"),
            ("low.rs", "// A comment.\nuse crate::{\n    High,\n};"),
            ("high.rs", "pub struct High;"),
        ]);
        assert_eq!(
            faults,
            ["low.rs:3: uses High, but `high` is declared after `low`"]
        );
    }

    #[test]
    fn a_child_that_needs_its_parent_is_a_circle() {
        let faults = faults_of(&[
            ("lib.rs", "mod all;"),
            (
                "all.rs",
                "mod part; pub struct All; pub fn new() { part::make() }",
            ),
            (
                "all/part.rs",
                "pub fn make() -> super::All { todo!(\"{}\", super::All) }",
            ),
        ]);
        assert_eq!(faults.len(), 2, "{faults:#?}");
        assert!(
            faults[1].contains("all/part.rs:1: uses All of all.rs"),
            "{faults:#?}"
        );
    }

    #[test]
    fn a_child_alone_may_extend_its_parent() {
        let faults = faults_of(&[
            ("lib.rs", "mod all;"),
            ("all.rs", "mod part; pub struct All;"),
            (
                "all/part.rs",
                "use super::*; impl All { pub fn x(&self) {} }",
            ),
        ]);
        assert_eq!(faults, [""; 0]);
    }
}
