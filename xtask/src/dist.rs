//! What users download: static binaries with completions, manual pages and licences, in an archive
//! with its checksum, and the krew manifest for it.

mod elf;
mod keyring;
mod trial;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::step;

pub(crate) const STATIC: &str = "-C target-feature=+crt-static";
/// What a release is built with.
pub(crate) const FEATURES: &str = "keyring";
const PROGRAMS: [&str; 2] = ["kcc", "kcc-cache"];

/// Each shell, and the name under which it looks for completions of `kcc`.
const COMPLETIONS: [(&str, &str); 5] = [
    ("bash", "kcc.bash"),
    ("elvish", "kcc.elv"),
    ("fish", "kcc.fish"),
    ("powershell", "_kcc.ps1"),
    ("zsh", "_kcc"),
];

/// What is looked at where the toolchain has it; nothing is built for them.
const OTHER_TARGETS: [&str; 4] = [
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-gnu",
    "x86_64-pc-windows-msvc",
];

/// One release for one target.
struct Release {
    target: String,
    /// `kcc-<version>-<target>`
    name: String,
    /// Where the archive is made.
    out: PathBuf,
    /// What goes into it.
    folder: PathBuf,
}

/// Builds, checks and packs; `url` is the folder on the web that the archive will lie in.
pub(crate) fn run(out: &Path, url: Option<&str>) -> Result<()> {
    let release = Release::new(out)?;
    release.build()?;
    for program in PROGRAMS {
        let path = release.folder.join(program);
        elf::ensure_static(&path)?;
        elf::ensure_stripped(&path)?;
    }
    trial::run(&release.folder, &release.out.join("trial"))?;
    release.add_documents()?;
    let archive = release.pack()?;
    let sum = release.checksum(&archive)?;
    release.krew(&archive, &sum, url)?;
    other_targets()?;
    step::say(&format!("\nwritten to {}:", release.out.display()));
    for file in fs::read_dir(&release.out)? {
        let file = file?;
        if file.file_type()?.is_file() {
            let size = file.metadata()?.len();
            step::say(&format!("{size:>10}  {}", file.file_name().display()));
        }
    }
    Ok(())
}

impl Release {
    fn new(out: &Path) -> Result<Self> {
        let target = step::host_target()?;
        ensure!(
            target.contains("-linux-"),
            "a release is built on Linux, not for {target}"
        );
        let name = format!("kcc-{}-{target}", env!("CARGO_PKG_VERSION"));
        let out = std::path::absolute(step::root().join(out))?;
        let folder = out.join(&name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Self {
            target,
            name,
            out,
            folder,
        })
    }

    fn build(&self) -> Result<()> {
        let built = build(&PROGRAMS, FEATURES)?;
        for program in PROGRAMS {
            fs::copy(built.join(program), self.folder.join(program))
                .with_context(|| format!("{program} was not built"))?;
        }
        Ok(())
    }

    /// What the binaries say of themselves, and the texts.
    fn add_documents(&self) -> Result<()> {
        let kcc = self.folder.join("kcc");
        let completions = self.folder.join("completions");
        fs::create_dir(&completions)?;
        for (shell, file) in COMPLETIONS {
            let script = step::output_of(Command::new(&kcc).args(["completions", shell]))?;
            fs::write(completions.join(file), script)?;
        }
        let man = self.folder.join("man/man1");
        step::output_of(Command::new(&kcc).args(["man", "--dir"]).arg(man))?;
        for (from, to) in [
            ("LICENSE-APACHE", "LICENSE-APACHE"),
            ("LICENSE-MIT", "LICENSE-MIT"),
            ("kcc-cli/README.md", "README.md"),
        ] {
            fs::copy(step::root().join(from), self.folder.join(to)).context(from)?;
        }
        Ok(())
    }

    /// The same content gives the same archive: sorted, without owners, with the commit's time.
    fn pack(&self) -> Result<PathBuf> {
        let archive = self.out.join(format!("{}.tar.gz", self.name));
        let mut log = Command::new("git");
        log.args(["log", "-1", "--format=%ct"])
            .current_dir(step::root());
        // Outside of a repository any time is as good.
        let time = step::output_of(&mut log).unwrap_or_else(|_| "0".to_owned());
        let mut tar = Command::new("tar");
        tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner"])
            .arg("--mode=u=rwX,go=rX")
            .arg(format!("--mtime=@{}", time.trim()))
            .arg("--use-compress-program=gzip -n -9")
            .arg("--directory")
            .arg(&self.out)
            .arg("--create")
            .arg("--file")
            .args([&archive, Path::new(&self.name)]);
        step::run("archive", &mut tar)?;
        Ok(archive)
    }

    fn checksum(&self, archive: &Path) -> Result<String> {
        let digest = Sha256::digest(fs::read(archive)?);
        let mut sum = String::new();
        for byte in digest {
            write!(sum, "{byte:02x}")?;
        }
        let name = archive.file_name().unwrap_or_default().display();
        fs::write(self.out.join("SHA256SUMS"), format!("{sum}  {name}\n"))?;
        let mut check = Command::new("sha256sum");
        check.args(["--check", "SHA256SUMS"]).current_dir(&self.out);
        step::run("checksums", &mut check)?;
        Ok(sum)
    }

    fn krew(&self, archive: &Path, sum: &str, url: Option<&str>) -> Result<()> {
        let arch = match self.target.split('-').next() {
            Some("x86_64") => "amd64",
            Some("aarch64") => "arm64",
            other => bail!("krew has no name for {other:?}"),
        };
        let name = archive.file_name().unwrap_or_default().display();
        let uri = if let Some(url) = url {
            format!("{}/{name}", url.trim_end_matches('/'))
        } else {
            step::say("\nkrew.yaml still has @URL@: --url says where the archive will lie");
            "@URL@".to_owned()
        };
        let manifest = krew_manifest(arch, &uri, sum)?;
        Ok(fs::write(self.out.join("krew.yaml"), manifest)?)
    }
}

/// Builds programs as they are released; the folder that they are in. A static build has to name its
/// target, or proc-macros cannot be built. By `-p`: a build of the workspace unifies features.
pub(crate) fn build(programs: &[&str], features: &str) -> Result<PathBuf> {
    let target = step::host_target()?;
    let mut build = step::cargo_with("build --release --locked --package kcc-cli");
    for program in programs {
        build.args(["--bin", program]);
    }
    build.args(["--features", features, "--target", &target]);
    build
        .env("RUSTFLAGS", STATIC)
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    step::run("release build", &mut build)?;
    Ok(step::root().join(format!("target/{target}/release")))
}

/// Whether a program needs no dynamic loader.
pub(crate) fn is_static(program: &Path) -> bool {
    elf::ensure_static(program).is_ok()
}

/// The template, with what a release decides filled in.
fn krew_manifest(arch: &str, uri: &str, sum: &str) -> Result<String> {
    let template = fs::read_to_string(step::root().join(".krew.yaml"))?;
    let version = env!("CARGO_PKG_VERSION");
    let mut manifest = template;
    for (placeholder, value) in [
        ("@VERSION@", version),
        ("@ARCH@", arch),
        ("@SHA256@", sum),
        ("@URL@", uri),
    ] {
        ensure!(
            manifest.contains(placeholder),
            ".krew.yaml has no {placeholder}"
        );
        manifest = manifest.replace(placeholder, value);
    }
    Ok(manifest)
}

/// Checks that it compiles elsewhere, where the toolchain can. Windows is not supported yet, so
/// that it does not compile there is told and is no failure.
fn other_targets() -> Result<()> {
    let sysroot = step::output_of(Command::new("rustc").args(["--print", "sysroot"]))?;
    let installed = Path::new(sysroot.trim()).join("lib/rustlib");
    for target in OTHER_TARGETS {
        if !installed.join(target).join("lib").is_dir() {
            step::say(&format!(
                "\n=== {target}: not looked at, since the toolchain has it not (rustup target add {target})"
            ));
            continue;
        }
        let mut check = step::cargo_with("check --quiet --package kcc-cli --target");
        let checked = step::run(target, check.arg(target));
        if target.contains("windows") {
            let said = if checked.is_ok() {
                "compiles"
            } else {
                "does not compile"
            };
            step::say(&format!("=== {target}: not supported; {said}"));
        } else {
            checked?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_krew_manifest_is_filled_in() {
        let manifest = krew_manifest("amd64", "https://x/kcc.tar.gz", "0123").unwrap();
        assert!(!manifest.contains('@'), "{manifest}");
        for line in [
            concat!("  version: v", env!("CARGO_PKG_VERSION")),
            "        arch: amd64",
            "    uri: \"https://x/kcc.tar.gz\"",
            "    sha256: \"0123\"",
        ] {
            assert!(manifest.lines().any(|it| it == line), "{line}: {manifest}");
        }
    }
}
