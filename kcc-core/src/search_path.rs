//! Where a program is found: Go's `exec.LookPath`.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD};

use crate::environment::Environment;
use crate::path::clean;

/// The folders in which a command without a slash is looked for: the `PATH` of the client.
///
/// What a kubeconfig adds for the plugin (`exec.env`) has no say in it: client-go looks the command
/// up before it adds that. This is the one place that looks programs up, for whoever runs one and
/// for whoever only says what would run.
///
/// ```
/// use kcc_core::{Environment, SearchPath};
///
/// let client: Environment = [("PATH", "bin:/bin:/usr/bin")].into_iter().collect();
/// let sh = SearchPath::of(&client).look_up("sh")?;
/// assert!(sh.is_absolute());
/// # Ok::<(), kcc_core::LookUpError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct SearchPath(OsString);

/// Why there is no program to run for a command.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookUpError {
    /// There is none in `PATH`.
    #[error("executable file not found in $PATH")]
    NotFound,
    /// `PATH` names it by way of the working directory, which may be anybody's (Go's
    /// `exec.ErrDot`).
    #[error("cannot run executable found relative to current directory")]
    Relative {
        /// The file, from the working directory on.
        path: PathBuf,
    },
    /// The file is none that can be run.
    #[error("{0}")]
    System(io::Error),
}

impl SearchPath {
    /// The `PATH` of `client`.
    pub fn of(client: &Environment) -> Self {
        Self(client.get("PATH").unwrap_or_default().to_owned())
    }

    /// The executable that a bare name or a path means: for a bare name an absolute path.
    ///
    /// The first one that `PATH` has counts. Where that is found by a relative element of `PATH`, or
    /// an empty one, it is not taken, nor any later one.
    ///
    /// # Errors
    /// [`LookUpError`] where there is none, or none that may be taken.
    pub fn look_up(&self, command: impl AsRef<OsStr>) -> Result<PathBuf, LookUpError> {
        let command = command.as_ref();
        if command.as_bytes().contains(&b'/') {
            let path = PathBuf::from(command);
            return match executable(&path) {
                Ok(()) => Ok(path),
                Err(error) => Err(LookUpError::System(error)),
            };
        }
        if self.0.is_empty() || matches!(command.as_bytes(), b"" | b"." | b"..") {
            return Err(LookUpError::NotFound);
        }
        // An empty element is the working directory.
        let folders = self.0.as_bytes().split(|byte| *byte == b':');
        let mut paths = folders.map(|folder| {
            let path = Path::new(OsStr::from_bytes(folder)).join(command);
            PathBuf::from(clean(path.as_os_str()))
        });
        match paths.find(|path| executable(path).is_ok()) {
            Some(path) if path.is_absolute() => Ok(path),
            Some(path) => Err(LookUpError::Relative { path }),
            None => Err(LookUpError::NotFound),
        }
    }
}

fn executable(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path)?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(rustix::fs::accessat(
        CWD,
        path,
        Access::EXEC_OK,
        AtFlags::EACCESS,
    )?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn look_up(path: &str) -> Result<PathBuf, LookUpError> {
        let client: Environment = [("PATH", path)].into_iter().collect();
        SearchPath::of(&client).look_up("plugin")
    }

    /// The tests run in this crate's folder, from which each of these leads to the program.
    #[test]
    fn the_working_directory_is_nobodys_path() {
        let here = std::env::current_dir().unwrap();
        let folder = tempfile::tempdir_in(&here).unwrap();
        let program = folder.path().join("plugin");
        fs::write(&program, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let name = folder.path().file_name().unwrap().to_str().unwrap();
        let absolute = folder.path().to_str().unwrap();
        for relative in [
            name.to_owned(),
            format!("./{name}"),
            format!("src/../{name}/"),
            format!("../{}/{name}", here.file_name().unwrap().display()),
            format!("/nowhere:{name}:{absolute}"),
        ] {
            let found = look_up(&relative);
            assert!(
                matches!(found, Err(LookUpError::Relative { .. })),
                "{relative}: {found:?}"
            );
        }
        for path in [
            format!("{absolute}:{name}"),
            format!(":{absolute}"),
            format!("//{absolute}/."),
        ] {
            assert_eq!(look_up(&path).unwrap(), program, "{path}");
        }
        for path in ["", ":", ".", "/nowhere"] {
            assert!(
                matches!(look_up(path), Err(LookUpError::NotFound)),
                "{path}"
            );
        }
    }
}
