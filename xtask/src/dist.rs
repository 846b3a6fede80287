//! What users download: binaries with completions, manual pages and licences, in an archive with its
//! checksum, the krew manifest for it, and what it is made of.

mod linked;
mod build;
mod files;
mod keyring;
mod sbom;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

pub(crate) use self::build::{FEATURES, STATIC, build, is_static};

use self::build::{PROGRAMS, is_linux};
use crate::manifests::Published;
use crate::step;

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

/// Builds, checks and packs; `url` is the folder on the web that the archive will lie in, if not that
/// of the project's releases.
pub(crate) fn run(out: &Path, url: Option<&str>) -> Result<()> {
    let release = Release::new(out)?;
    release.build()?;
    if is_linux(&release.target) {
        for program in PROGRAMS {
            let path = release.folder.join(program);
            linked::ensure_static(&path)?;
            linked::ensure_stripped(&path)?;
        }
    }
    trial::run(&release.folder, &release.out.join("trial"), &release.target)?;
    release.add_documents()?;
    release.pack()?;
    let bill = serde_json::to_vec_pretty(&sbom::of(&release.target)?)?;
    fs::write(release.out.join(format!("{}.cdx.json", release.name)), bill)?;

    let url = match url {
        Some(url) => Some(url.to_owned()),
        None => releases()?,
    };
    if url.is_none() {
        step::say(
            "\n=== no address: Cargo.toml names no `repository`. So krew.yaml still has @URL@ \
             (--url says where the archive will lie), `cargo binstall` finds nothing, and crates.io \
             would link nowhere.",
        );
    }
    files::write(&release.out, url.as_deref())?;
    other_targets()?;
    list(&release.out)
}

/// Makes one release of what several machines built, whose archives are in `out`: one list of
/// checksums and one krew manifest for all.
pub(crate) fn gather(out: &Path, tag: &str) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    ensure!(
        tag.strip_prefix('v') == Some(version),
        "the tag {tag} is not v{version}, which Cargo.toml says"
    );
    let url = releases()?.context(
        "Cargo.toml names no `repository`, and a release has to say where its archives lie",
    )?;
    let out = step::root().join(out);
    files::write(&out, Some(&url))?;
    list(&out)
}

/// Where the archives of this version will lie; None while the project has no address.
fn releases() -> Result<Option<String>> {
    let repository = Published::read()?.repository;
    let version = env!("CARGO_PKG_VERSION");
    Ok(repository.map(|repository| format!("{repository}/releases/download/v{version}")))
}

fn list(folder: &Path) -> Result<()> {
    step::say(&format!("\nin {}:", folder.display()));
    for file in fs::read_dir(folder)? {
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
            is_linux(&target) || target.ends_with("-apple-darwin"),
            "a release is built on Linux or macOS, not for {target}"
        );
        let name = files::name(&target);
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
    fn pack(&self) -> Result<()> {
        let archive = self.out.join(format!("{}.tar.gz", self.name));
        // Under the name that it has beside macOS's own.
        let gnu = if is_linux(&self.target) {
            "tar"
        } else {
            "gtar"
        };
        let mut tar = Command::new(gnu);
        tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner"])
            .arg("--mode=u=rwX,go=rX")
            .arg(format!("--mtime=@{}", commit_time()))
            .arg("--use-compress-program=gzip -n -9")
            .arg("--directory")
            .arg(&self.out)
            .arg("--create")
            .arg("--file")
            .args([&archive, Path::new(&self.name)]);
        step::run("archive", &mut tar)
    }
}

/// In seconds since 1970.
fn commit_time() -> String {
    let mut log = Command::new("git");
    log.args(["log", "-1", "--format=%ct"])
        .current_dir(step::root());
    // Outside of a repository any time is as good.
    let time = step::output_of(&mut log).unwrap_or_else(|_| "0".to_owned());
    time.trim().to_owned()
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
        let mut check = step::cargo("check --quiet --package kcc-cli --target");
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
