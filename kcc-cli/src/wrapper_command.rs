//! What `kcc inject` writes in front of a plugin.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::install_path;

/// The name of the wrapper program.
pub(crate) const KCC_CACHE: &str = "kcc-cache";

/// What is put in front of plugins: `kcc-cache`, or `kcc exec --` by a path that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapperCommand {
    /// The command.
    pub(crate) command: String,
    /// The arguments before the plugin.
    pub(crate) own_args: Vec<String>,
}

impl WrapperCommand {
    /// `kcc`, or `kubectl-kcc`, in the place of `kcc-cache`.
    pub(crate) fn manager(command: &str) -> Self {
        Self {
            command: command.to_owned(),
            own_args: ["exec", "--"].map(str::to_owned).into(),
        }
    }

    /// What to write for `program`, the `kcc-cache` beside `kcc`: its own path where that lasts, else
    /// another one that leads there, else `kcc exec` by such a path. Where there is none either, its
    /// own.
    pub(crate) fn lasting(program: &Path, kcc: &Path) -> Option<Self> {
        let real = fs::canonicalize(program).ok()?;
        if install_path::is_versioned(program) {
            if let Some(path) = install_path::lasting(&real, KCC_CACHE) {
                return Some(Self::from(path.to_str()?));
            }
            let real = fs::canonicalize(kcc).ok()?;
            for name in ["kubectl-kcc", "kcc"] {
                if let Some(path) = install_path::lasting(&real, name) {
                    return Some(Self::manager(path.to_str()?));
                }
            }
        }
        Some(Self::from(program.to_str()?))
    }

    /// Whether an upgrade of the program takes the path of this command away.
    pub(crate) fn is_versioned(command: &OsStr) -> bool {
        let path = Path::new(command);
        path.is_absolute() && install_path::is_versioned(path)
    }
}

impl From<&str> for WrapperCommand {
    fn from(command: &str) -> Self {
        Self {
            command: command.to_owned(),
            own_args: vec![],
        }
    }
}

impl From<&Self> for WrapperCommand {
    fn from(command: &Self) -> Self {
        command.clone()
    }
}
