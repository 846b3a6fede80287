//! The programs that are compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::dist;
use crate::step;

/// A way in which people come to `kcc-cache`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Build {
    /// As `cargo install kcc-cli` builds it
    Installed,
    /// The same where it cannot be linked statically, or is not to be (`KCC_LINK=dynamic`)
    Dynamic,
    /// What `cargo xtask dist` packs: static, with the feature `keyring`
    Released,
    /// The same without the feature
    ReleasedWithoutKeyring,
}

/// Starts what its arguments say, waits for it, and says on stderr how many nanoseconds that took. It
/// ends then: kcc-cache takes a process that requests twice for one whose credential was refused. It is no
/// shell, which kcc-cache would look behind, as kubectl is none.
const CLIENT: &str = r#"
fn main() {
    let mut words = std::env::args_os().skip(1);
    let mut command = std::process::Command::new(words.next().unwrap());
    command.args(words);
    let started = std::time::Instant::now();
    let status = command.status().unwrap();
    let took = started.elapsed();
    assert!(status.success(), "{status}");
    eprintln!("{}", took.as_nanos());
}
"#;

const NOTHING: &str = "fn main() {}\n";

impl Build {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Installed => "cargo install",
            Self::Dynamic => "cargo install, dynamic",
            Self::Released => "release",
            Self::ReleasedWithoutKeyring => "release, no keyring",
        }
    }

    /// Builds it, and copies it to where it can be started.
    pub(crate) fn build(self, folder: &Path) -> Result<PathBuf> {
        let built = match self {
            Self::Installed | Self::Dynamic => {
                let arguments = "build --quiet --release --package kcc-cli --bin kcc-cache";
                let mut build = step::cargo(arguments);
                if self == Self::Dynamic {
                    build.env("KCC_LINK", "dynamic");
                }
                step::run(self.name(), &mut build)?;
                step::root().join("target/release")
            }
            Self::Released => dist::build(&["kcc-cache"], dist::FEATURES)?,
            Self::ReleasedWithoutKeyring => dist::build(&["kcc-cache"], "")?,
        };
        let name = format!("kcc-cache-{self:?}").to_lowercase();
        installed(&built.join("kcc-cache"), &folder.join(name))
    }
}

/// What starts the other programs.
pub(super) fn build_client(folder: &Path) -> Result<PathBuf> {
    build_static("client", CLIENT, folder)
}

/// A program that does nothing, built as a release is.
pub(super) fn build_nothing(folder: &Path) -> Result<PathBuf> {
    build_static("nothing", NOTHING, folder)
}

fn build_static(name: &str, code: &str, folder: &Path) -> Result<PathBuf> {
    let source = folder.join(name).with_extension("rs");
    let linked = source.with_extension("linked");
    fs::write(&source, code)?;
    let mut rustc = Command::new("rustc");
    rustc.args("--edition=2024 -O -C panic=abort -C lto=fat -C codegen-units=1".split(' '));
    rustc
        .args(dist::STATIC.split(' '))
        .args(["--target", &step::host_target()?, "-o"]);
    step::run(name, rustc.arg(&linked).arg(&source))?;
    installed(&linked, &folder.join(name))
}

/// A copy, as an installer makes one. What a linker writes piece by piece lies scattered in the page
/// cache, and such a file was seen to start 130 microseconds slower than its copy.
fn installed(linked: &Path, program: &Path) -> Result<PathBuf> {
    if program.exists() {
        fs::remove_file(program)?;
    }
    fs::copy(linked, program).with_context(|| format!("no {}", linked.display()))?;
    Ok(program.to_owned())
}
