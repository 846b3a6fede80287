//! Where programs are.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

/// The file that is run for `command`, which is a path or a name to look for in the directories of
/// `path`; the first one that is executable.
pub(crate) fn program(command: &OsStr, path: Option<&OsStr>) -> Option<PathBuf> {
    if command.as_encoded_bytes().contains(&b'/') {
        let file = PathBuf::from(command);
        return is_executable(&file).then_some(file);
    }
    all(command, path).into_iter().next()
}

/// Each executable file of that name in the directories of `path`, in their order.
pub(crate) fn all(name: &OsStr, path: Option<&OsStr>) -> Vec<PathBuf> {
    let directories = std::env::split_paths(path.unwrap_or_default());
    let files = directories.map(|directory| directory.join(name));
    files.filter(|file| is_executable(file)).collect()
}

fn is_executable(file: &Path) -> bool {
    file.is_file() && rustix::fs::access(file, Access::EXEC_OK).is_ok()
}
