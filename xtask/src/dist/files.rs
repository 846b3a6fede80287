//! The archives of one version in a folder, and what is made of all of them: checksums, and the
//! manifest for krew.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::step;

const VERSION: &str = env!("CARGO_PKG_VERSION");

struct Archive {
    name: String,
    target: String,
    /// SHA-256, in hex digits.
    sum: String,
}

/// `kcc-<version>-<target>`
pub(super) fn name(target: &str) -> String {
    format!("kcc-{VERSION}-{target}")
}

/// Writes `SHA256SUMS` and `krew.yaml`. Without `url`, the folder on the web that the archives will
/// lie in, the manifest still has `@URL@`.
pub(super) fn write(folder: &Path, url: Option<&str>) -> Result<()> {
    let archives = archives(folder)?;
    ensure!(
        !archives.is_empty(),
        "{}: no archives of {VERSION}",
        folder.display()
    );
    let sums = archives
        .iter()
        .map(|it| format!("{}  {}\n", it.sum, it.name));
    fs::write(folder.join("SHA256SUMS"), sums.collect::<String>())?;
    let mut check = if step::answers("sha256sum", &["--version"]) {
        Command::new("sha256sum")
    } else {
        let mut shasum = Command::new("shasum");
        shasum.args(["--algorithm", "256"]);
        shasum
    };
    check.args(["--check", "SHA256SUMS"]).current_dir(folder);
    step::run("checksums", &mut check)?;
    Ok(fs::write(folder.join("krew.yaml"), krew(&archives, url)?)?)
}

fn archives(folder: &Path) -> Result<Vec<Archive>> {
    let mut archives = vec![];
    for file in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        let target = name.strip_suffix(".tar.gz");
        let target = target.and_then(|name| name.strip_prefix(&self::name("")));
        let Some(target) = target.map(str::to_owned) else {
            continue;
        };
        let mut sum = String::new();
        for byte in Sha256::digest(fs::read(file.path())?) {
            write!(sum, "{byte:02x}")?;
        }
        archives.push(Archive { name, target, sum });
    }
    archives.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(archives)
}

/// The template, with what a release decides filled in: its last part once for each archive.
fn krew(archives: &[Archive], url: Option<&str>) -> Result<String> {
    let template = fs::read_to_string(step::root().join(".krew.yaml"))?;
    let (head, platform) = template
        .split_once("  platforms:\n")
        .context(".krew.yaml has no platforms")?;
    let mut manifest = fill(head, &[("@VERSION@", VERSION)])? + "  platforms:\n";
    for Archive { name, target, sum } in archives {
        let (os, arch) = krew_platform(target)?;
        let url = url.map(|url| format!("{}/{name}", url.trim_end_matches('/')));
        let values = [
            ("@OS@", os),
            ("@ARCH@", arch),
            ("@SHA256@", sum),
            ("@URL@", url.as_deref().unwrap_or("@URL@")),
        ];
        manifest += &fill(platform, &values)?;
    }
    Ok(manifest)
}

fn fill(template: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut filled = template.to_owned();
    for (placeholder, value) in values {
        ensure!(
            filled.contains(placeholder),
            ".krew.yaml has no {placeholder}"
        );
        filled = filled.replace(placeholder, value);
    }
    Ok(filled)
}

fn krew_platform(target: &str) -> Result<(&str, &str)> {
    let arch = match target.split('-').next() {
        Some("x86_64") => "amd64",
        Some("aarch64") => "arm64",
        _ => bail!("krew has no name for the processor of {target}"),
    };
    let os = if target.contains("-linux-") {
        "linux"
    } else if target.ends_with("-apple-darwin") {
        "darwin"
    } else {
        bail!("krew has no name for the system of {target}");
    };
    Ok((os, arch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_krew_manifest_is_filled_in() {
        let archive = |target: &str, sum: &str| Archive {
            name: format!("{}.tar.gz", name(target)),
            target: target.to_owned(),
            sum: sum.to_owned(),
        };
        let archives = [
            archive("aarch64-apple-darwin", "0123"),
            archive("x86_64-unknown-linux-gnu", "4567"),
        ];
        let manifest = krew(&archives, Some("https://x/")).unwrap();
        assert!(!manifest.contains('@'), "{manifest}");
        let linux = format!("    uri: \"https://x/kcc-{VERSION}-x86_64-unknown-linux-gnu.tar.gz\"");
        for line in [
            concat!("  version: v", env!("CARGO_PKG_VERSION")),
            "        os: darwin",
            "        arch: arm64",
            "    sha256: \"0123\"",
            "        os: linux",
            "        arch: amd64",
            "    sha256: \"4567\"",
            &linux,
        ] {
            assert!(manifest.lines().any(|it| it == line), "{line}: {manifest}");
        }
        assert!(krew(&archives, None).unwrap().contains("@URL@"));
    }
}
