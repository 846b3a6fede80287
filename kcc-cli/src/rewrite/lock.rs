use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::interrupt::Deferred;

/// kubectl holds a lock for milliseconds and does not wait for one at all.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// The lock that `kubectl config` takes for a kubeconfig: a file beside it with `.lock` at its end,
/// made by create-exclusive (clientcmd/loader.go, `lockFile`).
pub(super) struct Lock {
    path: PathBuf,
}

impl Lock {
    /// Where the lock of a kubeconfig is, which may be a symbolic link: kubectl locks the name that
    /// it was given. The same for each spelling of that name.
    pub(super) fn place(kubeconfig: &Path) -> anyhow::Result<PathBuf> {
        let path = std::path::absolute(kubeconfig)?;
        let (folder, name) = path
            .parent()
            .zip(path.file_name())
            .context("no file name")?;
        let mut name = OsString::from(name);
        name.push(".lock");
        Ok(folder.canonicalize()?.join(name))
    }

    /// Waits for it, but not for ever and not beyond a signal.
    pub(super) fn acquire(path: PathBuf, deferred: &Deferred) -> anyhow::Result<Self> {
        let began = Instant::now();
        loop {
            match create(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("cannot lock kubeconfig: {}", path.display()));
                }
            }
            if deferred.is_pending() {
                bail!("interrupted");
            }
            if began.elapsed() > PATIENCE {
                bail!(
                    "another process, such as kubectl config, holds {path}: try again; if none is running, it was left behind: remove it",
                    path = path.display()
                );
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn create(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0);
    options.open(path).map(drop)
}
