use std::io;
use std::path::{Path, PathBuf};

use super::directory::Directory;
use super::extension::TEMPORARY;
use super::fault::Fault;
use crate::key::{InstallationKey, hex};

const INSTALLATION_KEY: &str = "installation.key";
const INSTALLATION_LOCK: &str = "installation.lock";

/// Why there is no place for credentials.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("{path}: {fault}", path = .path.display())]
    Fault { path: PathBuf, fault: Fault },
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
}

impl OpenError {
    pub(super) fn of(directory: &Path, fault: Fault) -> Self {
        Self::Fault {
            path: directory.to_owned(),
            fault,
        }
    }
}

/// The key of this installation, made once: of any number of processes that find none, the first
/// to link its own wins, and all read that one.
pub(super) fn installation_key(directory: &Directory) -> Result<InstallationKey, OpenError> {
    let fault = |fault| OpenError::Fault {
        path: directory.path().join(INSTALLATION_KEY),
        fault,
    };
    // Other rounds are needed where this process makes the key, or takes a bad one away.
    for _ in 0..4 {
        match read_key(directory) {
            Ok(Some(key)) => return Ok(key),
            Ok(None) => {
                let key = InstallationKey::generate().map_err(OpenError::Random)?;
                link_new_key(directory, &key).map_err(|error| fault(error.into()))?;
            }
            Err(Fault::Symlink | Fault::Mode(_) | Fault::Damaged) => {
                retire_bad_key(directory).map_err(|error| fault(error.into()))?;
            }
            Err(other) => return Err(fault(other)),
        }
    }
    Err(fault(Fault::Damaged))
}

fn read_key(directory: &Directory) -> Result<Option<InstallationKey>, Fault> {
    match directory.read(INSTALLATION_KEY)? {
        None => Ok(None),
        Some(bytes) => {
            let key = InstallationKey::from_bytes(bytes.expose());
            key.map(Some).ok_or(Fault::Damaged)
        }
    }
}

/// Takes an unusable key out of the way. Entries under it are lost, which costs a plugin run each.
/// Under a lock and after another look, or it would take away the good key that another made.
fn retire_bad_key(directory: &Directory) -> io::Result<()> {
    let lock = directory.open_lock(INSTALLATION_LOCK)?;
    lock.lock()?;
    if read_key(directory).is_err() {
        directory.remove_if_there(INSTALLATION_KEY)?;
    }
    Ok(())
}

fn link_new_key(directory: &Directory, key: &InstallationKey) -> io::Result<()> {
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix).map_err(io::Error::other)?;
    let temporary = format!("{INSTALLATION_KEY}.{}.{TEMPORARY}", hex(&suffix));
    let written = directory.write_new(&temporary, key.as_bytes());
    let linked = written.and_then(|()| directory.link(&temporary, INSTALLATION_KEY));
    let removed = directory.remove(&temporary);
    match linked {
        // Another process was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => removed,
        Err(error) => Err(error),
        Ok(()) => removed,
    }
}
