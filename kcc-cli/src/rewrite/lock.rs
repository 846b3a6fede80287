use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::change::bars_replacement;
use super::interrupt::Deferred;

/// kubectl holds a lock for milliseconds and does not wait for one at all.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// What stands in a lock file of ours, which is locked itself while we live: so one that a killed
/// process left behind is told from one that is held.
const MARK: &[u8] = b"kcc\n";

/// The lock that `kubectl config` takes for a kubeconfig: a file beside it with `.lock` at its end,
/// made by create-exclusive (clientcmd/loader.go, `lockFile`).
///
/// Where nothing can be made beside the file, kubectl cannot write it either. What keeps two of us
/// apart there is a lock of the file itself.
pub(super) struct Lock {
    /// The file that was made.
    made: Option<PathBuf>,
    _file: File,
}

impl Lock {
    /// The locks of kubeconfigs, each by the name that it was given and by that of the file itself.
    /// They are waited for, but not for ever and not beyond a signal.
    pub(super) fn all(files: &[(&Path, &Path)], deferred: &Deferred) -> anyhow::Result<Vec<Self>> {
        let mut places = Vec::new();
        for (named, target) in files {
            for path in [named, target] {
                places.push((Self::place(path)?, *target));
            }
        }
        // In one order for all, so that two who wait do not wait for each other.
        places.sort_unstable();
        places.dedup_by(|one, other| one.0 == other.0);
        let mut locks = Vec::new();
        let mut bare: Vec<&Path> = Vec::new();
        for (place, target) in places {
            match Self::acquire(&place, deferred)? {
                Some(lock) => locks.push(lock),
                None => bare.push(target),
            }
        }
        bare.sort_unstable();
        bare.dedup();
        for target in bare {
            locks.push(Self::of_file(target, deferred)?);
        }
        Ok(locks)
    }

    /// Where the lock of a kubeconfig is, which may be a symbolic link: kubectl locks the name that
    /// it was given. The same for each spelling of that name.
    fn place(kubeconfig: &Path) -> anyhow::Result<PathBuf> {
        let path = std::path::absolute(kubeconfig)?;
        let (folder, name) = path
            .parent()
            .zip(path.file_name())
            .context("no file name")?;
        let mut name = OsString::from(name);
        name.push(".lock");
        Ok(folder.canonicalize()?.join(name))
    }

    /// None where no file can be made there.
    fn acquire(path: &Path, deferred: &Deferred) -> anyhow::Result<Option<Self>> {
        let mut wait = Wait::new(path, deferred);
        loop {
            match create(path) {
                Ok(file) => {
                    return Ok(Some(Self {
                        made: Some(path.to_owned()),
                        _file: file,
                    }));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if bars_replacement(&error) => return Ok(None),
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("cannot lock kubeconfig: {}", path.display()));
                }
            }
            if !remove_stale(path) {
                wait.pause()?;
            }
        }
    }

    fn of_file(target: &Path, deferred: &Deferred) -> anyhow::Result<Self> {
        let file = File::open(target)?;
        let mut wait = Wait::new(target, deferred);
        // Where there are no locks, nothing is lost that was there before.
        while let Err(fs::TryLockError::WouldBlock) = file.try_lock() {
            wait.pause()?;
        }
        Ok(Self {
            made: None,
            _file: file,
        })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(path) = &self.made {
            let _ = fs::remove_file(path);
        }
    }
}

struct Wait<'a> {
    began: Instant,
    path: &'a Path,
    deferred: &'a Deferred,
}

impl<'a> Wait<'a> {
    fn new(path: &'a Path, deferred: &'a Deferred) -> Self {
        Self {
            began: Instant::now(),
            path,
            deferred,
        }
    }

    fn pause(&mut self) -> anyhow::Result<()> {
        if self.deferred.is_pending() {
            bail!("interrupted");
        }
        if self.began.elapsed() > PATIENCE {
            bail!(
                "another process, such as kubectl config, holds {path}: try again; if none is running, it was left behind: remove it",
                path = self.path.display()
            );
        }
        thread::sleep(PAUSE);
        Ok(())
    }
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o400)
        .open(path)?;
    // That it is known as ours is worth nothing where it cannot be locked.
    if file.try_lock().is_ok() {
        let _ = file.write_all(MARK);
    }
    Ok(file)
}

/// Takes away a lock file of ours whose process has ended; whether it is gone.
fn remove_stale(path: &Path) -> bool {
    let Ok(mut file) = File::open(path) else {
        return !path.exists();
    };
    let mut text = Vec::new();
    if (&mut file).take(16).read_to_end(&mut text).is_err()
        || text != MARK
        || file.try_lock().is_err()
    {
        return false;
    }
    // Whoever holds its lock is the only one to remove it, and until then nobody makes another.
    let is_same = |now: fs::Metadata| {
        file.metadata()
            .is_ok_and(|ours| (ours.dev(), ours.ino()) == (now.dev(), now.ino()))
    };
    fs::symlink_metadata(path).is_ok_and(is_same) && fs::remove_file(path).is_ok()
}
