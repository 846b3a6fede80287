use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};
use kcc_core::{CredentialCache, EntryInfo, EntryState, Environment, Settings, variable};
use rustix::fs::Access;

use super::finding::Finding;

/// Clocks of machines that keep time differ by less.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// The cache directory, what is in it, and the clock by which it is judged.
pub(super) fn check() -> Vec<Finding> {
    // What is wrong with the variables has been told.
    let Ok(settings) = Settings::from_environment(&Environment::of_process()) else {
        return vec![clock(&[])];
    };
    let directory = settings.directory().map(Path::to_owned);
    let cache = CredentialCache::new(settings);
    let Some(directory) = directory else {
        return vec![nowhere(&cache), clock(&[])];
    };
    let mut findings = vec![];
    match fs::symlink_metadata(&directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            findings.push(can_be_made(&directory));
            findings.push(clock(&[]));
            return findings;
        }
        Err(error) => {
            findings.push(unreachable(&directory, &error));
            return findings;
        }
        Ok(metadata) => {
            let finding = unsafe_to_use(&directory, &metadata);
            findings.push(finding.unwrap_or_else(|| works(&directory)));
        }
    }
    match cache.entries() {
        Ok(entries) => {
            findings.extend(unusable(&entries));
            findings.extend(keyring(&cache));
            findings.extend(warnings(&cache));
            findings.push(clock(&entries));
        }
        Err(error) => {
            // What is wrong with the directory itself has been told.
            if findings.iter().all(Finding::is_good) {
                findings.push(Finding::bad(
                    "directory",
                    error.to_string(),
                    elsewhere(&directory),
                ));
            }
            findings.push(clock(&[]));
        }
    }
    findings
}

/// What `kcc-cache` had to say where nobody could see it.
fn warnings(cache: &CredentialCache) -> Option<Finding> {
    let (kept, now) = (cache.warnings(), Timestamp::now());
    let is_recent = |at: &Timestamp| now.duration_since(*at) < SignedDuration::from_hours(24);
    let recent: Vec<_> = kept.iter().filter(|(at, _)| is_recent(at)).collect();
    let (at, last) = recent.last()?;
    let count = match recent.len() {
        1 => "a warning".to_owned(),
        count => format!("{count} warnings"),
    };
    Some(Finding::warning(
        "warnings",
        format!("kcc-cache kept {count} in the last day, the last one at {at:.0}: {last}"),
        format!(
            "see warnings.log in the cache directory; {}=stderr shows them as they come",
            variable::WARNINGS
        ),
    ))
}

fn nowhere(cache: &CredentialCache) -> Finding {
    let problem = match cache.entries() {
        Err(error) => error.to_string(),
        Ok(_) => "there is no cache directory".to_owned(),
    };
    let repair = format!(
        "set HOME, or {} to a file in a directory of yours; or {} to a backend of this build",
        variable::FILE,
        variable::BACKEND
    );
    Finding::bad("directory", problem, repair)
}

fn can_be_made(directory: &Path) -> Finding {
    let nearest = directory.ancestors().find(|path| path.exists());
    let nearest = nearest.unwrap_or(Path::new("/"));
    if nearest.is_dir() && rustix::fs::access(nearest, Access::WRITE_OK).is_ok() {
        let message = format!("{} is made when it is needed", directory.display());
        return Finding::good("directory", message);
    }
    let message = format!(
        "{} was not found and cannot be made: {} is not writable",
        directory.display(),
        nearest.display()
    );
    Finding::bad("directory", message, elsewhere(nearest))
}

fn unreachable(directory: &Path, error: &io::Error) -> Finding {
    let message = format!("{}: {error}", directory.display());
    Finding::bad("directory", message, elsewhere(directory))
}

fn elsewhere(path: &Path) -> String {
    format!(
        "make {} yours and writable, or name another place by {}",
        path.display(),
        variable::FILE
    )
}

/// Why the directory is not used, or not as it is.
fn unsafe_to_use(directory: &Path, metadata: &Metadata) -> Option<Finding> {
    let shown = directory.display();
    let uid = rustix::process::geteuid().as_raw();
    let bad = |message, repair: String| Some(Finding::bad("directory", message, repair));
    if metadata.is_symlink() {
        return bad(
            format!("{shown} is a symbolic link, which is not followed"),
            format!("remove the link, or name its target by {}", variable::FILE),
        );
    }
    if !metadata.is_dir() {
        return bad(format!("{shown} is not a directory"), format!("rm {shown}"));
    }
    if metadata.uid() != uid {
        return bad(
            format!(
                "{shown} belongs to user id {}, not to you ({uid})",
                metadata.uid()
            ),
            format!("sudo chown -R {uid} {shown}; with sudo, use sudo -H"),
        );
    }
    if metadata.mode() & 0o077 != 0 {
        return Some(Finding::warning(
            "directory",
            format!(
                "{shown} has mode {:03o}: others can enter it",
                metadata.mode() & 0o777
            ),
            format!("chmod 700 {shown}"),
        ));
    }
    if metadata.mode() & 0o700 != 0o700 {
        return bad(
            format!(
                "{shown} has mode {:03o}: you cannot use it",
                metadata.mode() & 0o777
            ),
            format!("chmod 700 {shown}"),
        );
    }
    None
}

/// Writes and locks a file there, as each request for a credential does.
fn works(directory: &Path) -> Finding {
    let probe = Probe(directory.join(format!("doctor.{}.tmp", std::process::id())));
    match probe.write_and_lock() {
        Ok(()) => Finding::good(
            "directory",
            format!(
                "{} is yours alone, can be written, and has locks",
                directory.display()
            ),
        ),
        Err(problem) => Finding::bad(
            "directory",
            format!("{}: {problem}", directory.display()),
            format!(
                "free or fix the file system, or name a place on another by {}",
                variable::FILE
            ),
        ),
    }
}

struct Probe(PathBuf);

impl Probe {
    fn write_and_lock(&self) -> Result<(), String> {
        let unwritable = |error: io::Error| format!("it cannot be written: {error}");
        let mut file = File::create_new(&self.0).map_err(unwritable)?;
        file.write_all(&[b' '; 4096]).map_err(unwritable)?;
        let other = File::open(&self.0).map_err(unwritable)?;
        let unlockable =
            |problem: &str| format!("its file system has no locks that hold: {problem}");
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(unlockable(&error.to_string())),
            Err(TryLockError::WouldBlock) => return Err(unlockable("a new file is locked")),
        }
        match other.try_lock() {
            Err(TryLockError::WouldBlock) => Ok(()),
            Ok(()) => Err(unlockable("two can hold one lock")),
            Err(TryLockError::Error(error)) => Err(unlockable(&error.to_string())),
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Whether the keyring, where the user wants one, gives the key under which credentials are sealed.
fn keyring(cache: &CredentialCache) -> Option<Finding> {
    let environment = Environment::of_process();
    let backend = environment.non_empty(variable::BACKEND)?;
    if backend == "file" {
        return None;
    }
    Some(match cache.can_store() {
        Ok(()) => Finding::good("keyring", format!("{} gives its key", backend.display())),
        Err(error) => Finding::bad(
            "keyring",
            error.to_string(),
            format!(
                "start or unlock it; without {} credentials are kept in files",
                variable::BACKEND
            ),
        ),
    })
}

fn unusable(entries: &[EntryInfo]) -> Vec<Finding> {
    let of = |entry: &EntryInfo| match &entry.state {
        EntryState::Unusable { problem } => {
            let path = entry.path.display();
            let message = format!("{path} is never used: {problem}");
            Some(Finding::bad("entries", message, format!("rm {path}")))
        }
        _ => None,
    };
    let bad: Vec<Finding> = entries.iter().filter_map(of).collect();
    if bad.is_empty() {
        let message = format!("{} stored, all of them readable", entries.len());
        return vec![Finding::good("entries", message)];
    }
    bad
}

/// The clock decides what has expired. No server is contacted for the time, but nothing here can be
/// from the future.
fn clock(entries: &[EntryInfo]) -> Finding {
    let now = Timestamp::now();
    let stored = entries.iter().filter_map(|entry| {
        let details = entry.details.as_ref()?;
        Some((entry.path.clone(), details.stored_at))
    });
    let latest = stored.chain(own_program()).max_by_key(|(_, at)| *at);
    match latest {
        Some((path, at)) if at > now + TOLERANCE => Finding::bad(
            "clock",
            format!(
                "it says {now:.0}, and {} is of {at:.0}, later than that",
                path.display()
            ),
            "set the clock (timedatectl set-ntp true); if it is right now, kcc clear --all",
        ),
        _ => Finding::good(
            "clock",
            format!("it says {now:.0}, and nothing here is later (no server was contacted)"),
        ),
    }
}

fn own_program() -> Option<(PathBuf, Timestamp)> {
    let path = std::env::current_exe().ok()?;
    let modified: SystemTime = fs::metadata(&path).ok()?.modified().ok()?;
    Some((path, Timestamp::try_from(modified).ok()?))
}
