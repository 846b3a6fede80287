//! What may be depended on.

use anyhow::{Result, ensure};

use crate::step;

/// `kcc-cache` is what every kubectl call starts; an async runtime has no place in it.
pub(crate) fn hit_path_is_small() -> Result<()> {
    step::say("\n=== no async runtime in kcc-cli");
    let mut tree = step::cargo("tree --package kcc-cli --edges normal --prefix none");
    let tree = step::output_of(&mut tree)?;
    let names = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    for name in names {
        ensure!(
            !matches!(name, "tokio" | "kube" | "k8s-openapi"),
            "kcc-cli depends on {name}; `cargo tree -p kcc-cli -i {name}` shows by which way"
        );
    }
    Ok(())
}

/// Licences, bans and sources, which need nothing from elsewhere.
pub(crate) fn are_allowed() -> Result<()> {
    deny("licences, bans, sources", &["licenses", "bans", "sources"])
}

/// Known vulnerabilities, by a database that is fetched.
pub(crate) fn advisories() -> Result<()> {
    deny("advisories", &["advisories"])
}

fn deny(what: &str, checks: &[&str]) -> Result<()> {
    let Some(mut deny) = step::cargo_tool("deny", what)? else {
        return Ok(());
    };
    deny.args(["--all-features", "check"]).args(checks);
    step::run(what, &mut deny)
}
