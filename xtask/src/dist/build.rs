//! Builds programs as they are released.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::linked;
use crate::step;

pub(crate) const PROGRAMS: [&str; 2] = ["kcc", "kcc-cache"];
/// What a release is built with.
pub(crate) const FEATURES: &str = "keyring";
pub(crate) const STATIC: &str = "-C target-feature=+crt-static";

/// The folder that they are in then. A static build has to name its target, or proc-macros cannot be
/// built. By `-p`: a build of the workspace unifies features.
pub(crate) fn build(programs: &[&str], features: &str) -> Result<PathBuf> {
    let target = step::host_target()?;
    let mut build = step::cargo("build --release --locked --package kcc-cli");
    for program in programs {
        build.args(["--bin", program]);
    }
    build.args(["--features", features, "--target", &target]);
    if is_linux(&target) {
        build.env("RUSTFLAGS", STATIC);
    }
    build.env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    step::run("release build", &mut build)?;
    Ok(step::root().join(format!("target/{target}/release")))
}

/// Elsewhere no program is static, and some of what a release is tried with is not there.
pub(super) fn is_linux(target: &str) -> bool {
    target.contains("-linux-")
}

/// Whether a program needs no dynamic loader.
pub(crate) fn is_static(program: &Path) -> bool {
    linked::ensure_static(program).is_ok()
}
