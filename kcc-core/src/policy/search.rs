//! Where a command is found: Go's `exec.LookPath` and `filepath.Clean`, as the policy's rules use
//! them.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD};

use crate::environment::Environment;

/// The folders in which bare names are looked for: the client's `PATH`.
#[derive(Debug, Clone, Default)]
pub(super) struct SearchPath(OsString);

/// Why it is unknown which file a command is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookUpError {
    /// There is none in `PATH`.
    #[error("executable file not found in $PATH")]
    NotFound,
    /// `PATH` names it by way of the working directory, which may be anybody's.
    #[error("cannot run executable found relative to current directory")]
    Relative,
    /// The file is none that can be run.
    #[error("{0}")]
    System(io::Error),
}

impl SearchPath {
    pub(super) fn of(client: &Environment) -> Self {
        Self(client.get("PATH").unwrap_or_default().to_owned())
    }

    /// The executable that a bare name or a path means.
    pub(super) fn look_up(&self, command: &OsStr) -> Result<PathBuf, LookUpError> {
        if command.as_bytes().contains(&b'/') {
            let path = PathBuf::from(command);
            return match executable(&path) {
                Ok(()) => Ok(path),
                Err(error) => Err(LookUpError::System(error)),
            };
        }
        if matches!(command.as_bytes(), b"" | b"." | b"..") {
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
            Some(_) => Err(LookUpError::Relative),
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

/// The shortest spelling of a path, by its text alone.
pub(super) fn clean(path: &OsStr) -> OsString {
    let path = path.as_bytes();
    let is_rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = vec![];
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => drop(parts.pop()),
            b".." if is_rooted => {}
            part => parts.push(part),
        }
    }
    let mut cleaned = if is_rooted { vec![b'/'] } else { vec![] };
    cleaned.extend(parts.join(&b'/'));
    if cleaned.is_empty() {
        cleaned.push(b'.');
    }
    OsString::from_vec(cleaned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cleaned_as_go_cleans_it() {
        for (path, cleaned) in [
            ("", "."),
            ("aws", "aws"),
            ("./aws", "aws"),
            ("/usr//bin/./aws/", "/usr/bin/aws"),
            ("/usr/lib/../bin/aws", "/usr/bin/aws"),
            ("/../aws", "/aws"),
            ("../../aws", "../../aws"),
            ("a/../../aws", "../aws"),
            ("a/..", "."),
            ("/", "/"),
        ] {
            assert_eq!(clean(OsStr::new(path)), cleaned, "{path}");
        }
    }
}
