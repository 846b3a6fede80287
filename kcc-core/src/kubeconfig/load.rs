use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::decode;
use super::error::KubeconfigError;
use super::merged::Kubeconfig;

/// Which files make up the kubeconfig (clientcmd/loader.go, `ClientConfigLoadingRules`).
#[derive(Clone, Debug, Default)]
pub struct LoadingRules {
    /// The file of `--kubeconfig`. It is the only one then, and has to exist. An empty path counts
    /// as none.
    pub explicit: Option<PathBuf>,
    /// The value of `KUBECONFIG`: a list separated by `:`. Empty counts as unset; empty elements
    /// and missing files are skipped.
    pub kubeconfig: Option<OsString>,
    /// The home folder, for the default `.kube/config`. Without one kubectl looks in the working
    /// directory, and so does this.
    pub home: Option<PathBuf>,
}

impl LoadingRules {
    /// The rules that this process's environment gives: `KUBECONFIG` and `HOME`.
    pub fn from_env() -> Self {
        Self {
            explicit: None,
            kubeconfig: env::var_os("KUBECONFIG"),
            home: env::var_os("HOME").map(PathBuf::from),
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
        if !path.exists() && old.is_file() {
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
