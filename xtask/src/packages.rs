//! Whether what is published compiles by itself.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use harness::is_ci;

use crate::manifests::Published;
use crate::step;

/// Packs all, and checks what was packed in a workspace of its own, in pairs as they are used.
///
/// `cargo package` would build each dependency once more, with other settings, and would verify
/// against the code of an earlier run where it finds the same version.
pub(crate) fn are_complete() -> Result<()> {
    let mut package = step::cargo("package --no-verify");
    let published = Published::read()?;
    package.args(published.arguments());
    if !is_ci() {
        package.arg("--allow-dirty");
    }
    step::run("packages", &mut package)?;
    let folder = step::root().join("target/package/unpacked");
    unpack(&published.names, &folder)?;
    for pair in ["kcc-core kcc-cli", "kcache kcache-join"] {
        let mut check = step::cargo("check --offline --target-dir");
        check.arg(step::root().join("target")).current_dir(&folder);
        for name in pair.split(' ') {
            check.args(["--package", name]);
        }
        step::run(&format!("what was packed: {pair}"), &mut check)?;
    }
    Ok(())
}

fn unpack(names: &[String], folder: &Path) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir(folder)?;
    let mut manifest = String::from("[workspace]\nresolver = \"3\"\nmembers = [\"*-*\"]\n");
    // Not from crates.io, where they are not yet, or are others.
    manifest += "\n[patch.crates-io]\n";
    for name in names {
        let package = format!("{name}-{version}");
        let archive = folder.with_file_name(format!("{package}.crate"));
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(archive).current_dir(folder);
        step::output_of(&mut tar)?;
        writeln!(manifest, "{name} = {{ path = \"{package}\" }}")?;
    }
    // Dependencies with the same settings are compiled already.
    let workspace = fs::read_to_string(step::root().join("Cargo.toml"))?;
    let profiles = workspace.find("[profile.").context("no profiles")?;
    manifest += "\n";
    manifest += &workspace[profiles..];
    fs::write(folder.join("Cargo.toml"), manifest)?;
    let lock = step::root().join("Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock"))?;
    Ok(())
}
