//! Looks for a Go toolchain that can build the API server.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names a ready API server binary, which is then not built.
pub(super) const APISERVER_ENV: &str = "KCC_APISERVER_BIN";
/// Names a ready kubectl, which is then not built.
pub(super) const KUBECTL_ENV: &str = "KCC_KUBECTL_BIN";

/// The oldest Go that fetches the toolchain which `go.mod` names by itself.
const OLDEST: (u32, u32) = (1, 21);

/// A usable Go toolchain.
#[derive(Debug, Clone)]
pub struct Go {
    /// The `go` command.
    pub command: PathBuf,
    /// Its own version, as in `go1.26.8`.
    pub version: String,
}

/// Why there is no usable Go. The message says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoGo {
    /// No `go` command was found.
    Missing,
    /// There is one, but it does not run or is too old.
    Unusable {
        /// The command that was tried.
        command: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Go {
    /// The first usable one in `PATH`, then where Go's own installer puts it.
    ///
    /// # Errors
    /// A [`NoGo`] whose text can be shown as it is: of the first one found, where none is usable.
    pub fn find() -> Result<Self, NoGo> {
        let mut unusable = None;
        for command in candidates().filter(|path| path.is_file()) {
            match version_of(&command) {
                Ok(version) => return Ok(Self { command, version }),
                Err(reason) => {
                    unusable.get_or_insert(NoGo::Unusable { command, reason });
                }
            }
        }
        Err(unusable.unwrap_or(NoGo::Missing))
    }
}

impl std::fmt::Display for NoGo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => write!(f, "no `go` in PATH")?,
            Self::Unusable { command, reason } => write!(f, "{}: {reason}", command.display())?,
        }
        let (major, minor) = OLDEST;
        write!(
            f,
            "; the real kube-apiserver and kubectl are built from Go source. Install Go {major}.{minor} \
             or newer and put it into PATH, or name ready binaries with {APISERVER_ENV} and {KUBECTL_ENV}",
        )
    }
}

impl std::error::Error for NoGo {}

fn candidates() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push(PathBuf::from("/usr/local/go/bin"));
    folders.into_iter().map(|folder| folder.join("go"))
}

fn version_of(command: &Path) -> Result<String, String> {
    let output = Command::new(command)
        .args(["env", "GOVERSION"])
        // The version of this installation, not of a toolchain that it would fetch.
        .env("GOTOOLCHAIN", "local")
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("does not run ({error})"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match release(&version) {
        Some(found) if found >= OLDEST => Ok(version),
        Some(_) => Err(format!("{version} is too old")),
        None => Err(format!("`go env GOVERSION` failed ({})", output.status)),
    }
}

/// Major and minor number of `go1.26.8`, `go1.26rc1` or `devel go1.27-abc`.
fn release(version: &str) -> Option<(u32, u32)> {
    let (_, numbers) = version.split_once("go")?;
    let mut parts = numbers
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::{NoGo, release};

    #[test]
    fn reads_every_shape_of_version() {
        assert_eq!(release("go1.26.8"), Some((1, 26)));
        assert_eq!(release("go1.21"), Some((1, 21)));
        assert_eq!(release("go1.26rc1"), Some((1, 26)));
        assert_eq!(release("devel go1.27-0a1b2c"), Some((1, 27)));
        assert_eq!(release(""), None);
    }

    #[test]
    fn says_which_tool_is_missing_and_what_to_do() {
        let text = NoGo::Missing.to_string();
        assert!(text.contains("`go`") && text.contains("Install Go 1.21"));
    }
}
