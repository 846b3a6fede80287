use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, MAIN_SEPARATOR, Path, PathBuf};

use zeroize::Zeroizing;

use super::{Kubeconfig, KubeconfigError, decode};

/// Which files make up the kubeconfig (clientcmd/loader.go, `ClientConfigLoadingRules`).
#[derive(Clone, Debug, Default)]
pub struct LoadingRules {
    /// The file of `--kubeconfig`. It is the only one then, and has to exist. An empty path counts
    /// as none.
    pub explicit: Option<PathBuf>,
    /// The value of `KUBECONFIG`: a list separated by `:` (`;` on Windows). Empty counts as unset;
    /// empty elements and missing files are skipped.
    pub kubeconfig: Option<OsString>,
    /// The home folder, for the default `.kube/config`. Without one kubectl looks in the working
    /// directory, and so does this.
    pub home: Option<PathBuf>,
}

impl LoadingRules {
    /// The rules that this process's environment gives: `KUBECONFIG` and `HOME`.
    ///
    /// On Windows the home folder is, as for kubectl, the first of `HOME`, `HOMEDRIVE` with
    /// `HOMEPATH`, and `USERPROFILE` that has a `.kube\config`, else `USERPROFILE`.
    pub fn from_env() -> Self {
        Self {
            explicit: None,
            kubeconfig: env::var_os("KUBECONFIG"),
            home: home(),
        }
    }

    /// The same rules with a file that was named on the command line.
    #[must_use]
    pub fn with_explicit(mut self, path: impl Into<PathBuf>) -> Self {
        self.explicit = Some(path.into());
        self
    }

    /// The files, in order of precedence, whether they exist or not. A path that `KUBECONFIG` has
    /// twice in the same spelling is there once.
    pub fn paths(&self) -> Vec<PathBuf> {
        if let Some(path) = self.explicit() {
            return vec![path.to_owned()];
        }
        let Some(list) = self.kubeconfig.as_ref().filter(|list| !list.is_empty()) else {
            return vec![self.default_path()];
        };
        let mut paths = Vec::new();
        for path in env::split_paths(list) {
            if !path.as_os_str().is_empty() && !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
    }

    fn explicit(&self) -> Option<&Path> {
        self.explicit
            .as_deref()
            .filter(|path| !path.as_os_str().is_empty())
    }

    /// `~/.kube/config`, or where that is missing its old name `~/.kube/.kubeconfig`, which kubectl
    /// would copy to the new one first.
    fn default_path(&self) -> PathBuf {
        let folder = self.home.clone().unwrap_or_default().join(".kube");
        let (path, old) = (folder.join("config"), folder.join(".kubeconfig"));
        if cfg!(unix) && !path.exists() && old.is_file() {
            old
        } else {
            path
        }
    }
}

impl Kubeconfig {
    /// Reads and merges the files that `rules` name. No file at all gives an empty kubeconfig.
    ///
    /// # Errors
    ///
    /// The first file that cannot be used, even if an earlier one has all that is needed; kubectl
    /// refuses to work then, too.
    pub fn load(rules: &LoadingRules) -> Result<Self, KubeconfigError> {
        let mut merged = Self::default();
        for path in rules.paths() {
            match fs::read(&path).map(Zeroizing::new) {
                Ok(bytes) => {
                    merged.merge(decode::file(&path, &bytes)?);
                    merged.files.push(path);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if rules.explicit().is_some() {
                        return Err(KubeconfigError::NotFound { path });
                    }
                    merged.missing.push(path);
                }
                Err(source) => return Err(KubeconfigError::Read { path, source }),
            }
        }
        Ok(merged)
    }

    /// Reads one kubeconfig from memory, as if it stood in the file `path`.
    ///
    /// # Errors
    ///
    /// If kubectl would not read it.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, KubeconfigError> {
        decode::file(path, bytes)
    }
}

/// The folder of a kubeconfig file, to which its relative paths are joined (clientcmd/loader.go,
/// `ResolveLocalPaths`).
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Without a working directory the folder stays relative; then only absolute paths work.
    pub(super) fn of(file: &Path) -> Self {
        let folder = file.parent().unwrap_or(file);
        let absolute = env::current_dir().map(|current| current.join(folder));
        Self(absolute.unwrap_or_else(|_| folder.to_owned()))
    }

    /// An absolute path stays as it stands; a relative one is joined and tidied.
    pub(super) fn join(&self, path: String) -> PathBuf {
        let path = PathBuf::from(path);
        if path.is_absolute() {
            path
        } else {
            tidy(&self.0.join(path))
        }
    }

    /// A command is a path only if it has a separator in it; else it is a name for `PATH`.
    pub(super) fn command(&self, command: String) -> OsString {
        if command.contains(MAIN_SEPARATOR) {
            self.join(command).into_os_string()
        } else {
            command.into()
        }
    }
}

/// The path without `.` and `..`, by its letters alone, as Go's `filepath.Clean` does it: what a
/// symlink's `..` leads to is not asked.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                tidied.pop();
            }
            part => tidied.push(part),
        }
    }
    tidied
}

#[cfg(not(windows))]
fn home() -> Option<PathBuf> {
    env::var_os("HOME").map(PathBuf::from)
}

/// client-go's util/homedir, but for its last question: which of the folders is writable.
#[cfg(windows)]
fn home() -> Option<PathBuf> {
    let drive = env::var_os("HOMEDRIVE").zip(env::var_os("HOMEPATH"));
    let drive = drive.map(|(mut drive, path)| {
        drive.push(path);
        drive
    });
    let profile = env::var_os("USERPROFILE");
    let candidates = [env::var_os("HOME"), drive, profile.clone()];
    let has_config = |home: &PathBuf| home.join(".kube").join("config").exists();
    let mut homes = candidates.into_iter().flatten().map(PathBuf::from);
    homes.find(has_config).or(profile.map(PathBuf::from))
}
