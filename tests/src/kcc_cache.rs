use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{env, fs, io};

use anyhow::{Context, ensure};
use tempfile::TempDir;

/// A home directory with a credential cache of its own.
#[derive(Debug)]
pub struct CacheHome {
    home: TempDir,
}

/// The `kcc-cache` binary: what `KCC_CACHE_BIN` names, else built once in this process.
pub fn build_kcc_cache() -> anyhow::Result<PathBuf> {
    build("kcc-cache", "KCC_CACHE_BIN", &[])
}

/// The same with the feature `keyring`: what `KCC_CACHE_KEYRING_BIN` names, else built once, in a
/// folder of its own, since both builds have one name.
pub fn build_kcc_cache_with_keyring() -> anyhow::Result<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/keyring");
    let feature = ["--features=keyring", "--target-dir", folder];
    build("kcc-cache", "KCC_CACHE_KEYRING_BIN", &feature)
}

/// The `kcc` binary: what `KCC_BIN` names, else built once in this process.
pub fn build_kcc() -> anyhow::Result<PathBuf> {
    build("kcc", "KCC_BIN", &[])
}

/// It is built alone, by `-p`: a build of the whole workspace unifies features and would test
/// another program than the one that users get.
fn build(binary: &str, variable: &str, arguments: &[&str]) -> anyhow::Result<PathBuf> {
    if let Some(named) = env::var_os(variable) {
        let path = PathBuf::from(named);
        ensure!(
            path.is_file(),
            "{variable} names no file: {}",
            path.display()
        );
        return Ok(path);
    }
    let package = ["build", "--package=kcc-cli", "--bin", binary];
    crate::built_program::build(&[&package, arguments].concat())
        .with_context(|| format!("cannot build {binary}"))
}

impl CacheHome {
    /// An empty home.
    pub fn new() -> io::Result<Self> {
        let home = tempfile::Builder::new().prefix("home").tempdir()?;
        Ok(Self { home })
    }

    /// The home directory.
    pub fn path(&self) -> &Path {
        self.home.path()
    }

    /// Where the entries are.
    pub fn entries_dir(&self) -> PathBuf {
        self.path().join("cache/kcc")
    }

    /// The files of the stored entries.
    pub fn entries(&self) -> Vec<PathBuf> {
        let Ok(files) = fs::read_dir(self.entries_dir()) else {
            return vec![];
        };
        let paths = files.filter_map(|file| Some(file.ok()?.path()));
        paths
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "entry")
            })
            .collect()
    }

    /// `kcc-cache` with this home and nothing else of our environment but `PATH`.
    ///
    /// A test that requests again was not refused by any server, so that is not looked for;
    /// [`variables`](Self::variables) leaves it on.
    ///
    /// # Panics
    /// Where the binary can be neither found nor built; the message says why.
    pub fn kcc_cache(&self) -> Command {
        static BINARY: OnceLock<PathBuf> = OnceLock::new();
        self.command(&BINARY, build_kcc_cache)
    }

    /// `kcc` with this home and nothing else of our environment but `PATH`.
    ///
    /// # Panics
    /// Where the binary can be neither found nor built; the message says why.
    pub fn kcc(&self) -> Command {
        static BINARY: OnceLock<PathBuf> = OnceLock::new();
        self.command(&BINARY, build_kcc)
    }

    fn command(
        &self,
        binary: &OnceLock<PathBuf>,
        build: fn() -> anyhow::Result<PathBuf>,
    ) -> Command {
        let binary = binary.get_or_init(|| match build() {
            Ok(path) => path,
            Err(error) => panic!("{error:#}"),
        });
        let mut command = Command::new(binary);
        command.env_clear().envs(self.variables());
        command.env("KUBE_CREDENTIAL_CACHE_RENEW_REJECTED", "0");
        // No terminal is here to see them.
        command.env("KUBE_CREDENTIAL_CACHE_WARNINGS", "stderr");
        command.stdin(Stdio::null());
        command
    }

    /// The environment that makes a program use this home.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let home = self.path().display();
        let path = env::var("PATH").unwrap_or_default();
        vec![
            ("HOME", home.to_string()),
            ("XDG_CACHE_HOME", format!("{home}/cache")),
            ("PATH", path),
        ]
    }
}
