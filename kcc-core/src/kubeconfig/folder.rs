use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::path::clean;

/// The folder of a kubeconfig file, to which its relative paths are joined (clientcmd/loader.go,
/// `ResolveLocalPaths`): absolute, and without `.` and `..`.
///
/// Without a working directory it stays relative.
pub fn folder(file: &Path) -> PathBuf {
    let folder = file.parent().unwrap_or(file);
    let absolute = env::current_dir().map(|current| current.join(folder));
    let folder = absolute.unwrap_or_else(|_| folder.to_owned());
    clean(folder.as_os_str()).into()
}

/// A path of a kubeconfig in this folder: an absolute one stays as it stands.
pub(super) fn join(folder: &Path, path: &str) -> PathBuf {
    if Path::new(path).is_absolute() {
        PathBuf::from(path)
    } else {
        clean(folder.join(path).as_os_str()).into()
    }
}

/// A command is a path only if it has a slash in it; else it is a name for `PATH`.
pub(super) fn join_command(folder: &Path, command: &str) -> OsString {
    if command.contains('/') {
        join(folder, command).into_os_string()
    } else {
        OsStr::new(command).to_owned()
    }
}
