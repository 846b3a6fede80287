//! What a release is made of, in the form of `CycloneDX`.
//!
//! cargo-cyclonedx would list what any member of the workspace has for any platform: OpenSSL, which
//! nothing here is built with.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::build::FEATURES;
use crate::step;

/// The crates that the programs are compiled from, for this target.
pub(super) fn of(target: &str) -> Result<Value> {
    let mut tree = step::cargo("tree --locked --package kcc-cli --prefix none");
    tree.args(["--edges", "normal,no-proc-macro", "--format", "{p}|{l}"]);
    tree.args(["--features", FEATURES, "--target", target]);
    from_tree(&step::output_of(&mut tree)?)
}

/// Lines such as `libc v0.2.189|MIT OR Apache-2.0`; ours, which name their folder, come first.
fn from_tree(tree: &str) -> Result<Value> {
    let mut lines = tree.lines();
    let main = component("application", lines.next().context("an empty tree")?)?;
    // A crate that stood before is marked.
    let lines: BTreeSet<&str> = lines.map(|line| line.trim_end_matches(" (*)")).collect();
    let components: Result<Vec<Value>> = lines
        .into_iter()
        .map(|line| component("library", line))
        .collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": main },
        "components": components?,
    }))
}

fn component(kind: &str, line: &str) -> Result<Value> {
    let (package, licence) = line.split_once('|').context("no licence")?;
    let mut words = package.split(' ');
    let (name, version) = (words.next(), words.next());
    let name = name.context("no name")?;
    let version = version.and_then(|version| version.strip_prefix('v'));
    let version = version.with_context(|| format!("{name} has no version"))?;
    Ok(json!({
        "type": kind,
        "name": name,
        "version": version,
        "purl": format!("pkg:cargo/{name}@{version}"),
        // As older manifests write it.
        "licenses": [{ "expression": licence.replace('/', " OR ") }],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_one_program_and_its_libraries() {
        let tree = "kcc-cli v0.1.0 (/work/kcc-cli)|MIT\nlibc v0.2.189|MIT/Apache-2.0\n\
            kcc-core v0.1.0 (/work/kcc-core)|MIT\nlibc v0.2.189|MIT/Apache-2.0 (*)\n";
        let bill = from_tree(tree).unwrap();
        assert_eq!(bill["metadata"]["component"]["name"], "kcc-cli");
        let components = bill["components"].as_array().unwrap();
        let names: Vec<_> = components.iter().map(|it| &it["purl"]).collect();
        assert_eq!(
            names,
            ["pkg:cargo/kcc-core@0.1.0", "pkg:cargo/libc@0.2.189"]
        );
        let licence = &components[1]["licenses"][0]["expression"];
        assert_eq!(licence, "MIT OR Apache-2.0");
    }
}
