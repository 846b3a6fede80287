//! Whether what is published compiles by itself.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

use crate::manifests::Published;
use crate::step;

/// Packs and compiles all together, since alone a crate does not find its neighbours that are not
/// published yet. In a folder of its own each time: cargo remembers a crate of its temporary registry
/// by the registry's path and the crate's version, and would verify against the code of an earlier
/// run.
pub(crate) fn are_complete() -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let folder = step::root().join(format!("target/packages-{}", now.as_nanos()));
    let mut package = step::cargo("package");
    package.args(Published::read()?.arguments());
    if !step::is_ci() {
        package.arg("--allow-dirty");
    }
    let packaged = step::run("packages", package.arg("--target-dir").arg(&folder));
    fs::remove_dir_all(&folder)?;
    packaged
}
