use std::ffi::OsStr;
use std::fs::{Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rustix::fs::OFlags;

/// No name of a profile is longer.
const LONGEST_NAME: usize = 256;

/// A file that says who is active, with what of it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watched {
    path: PathBuf,
    look: Look,
}

/// What of a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Whether it is there, and how it was written last.
    State,
    /// Whether it is there, and still the one that was made then.
    Presence,
    /// The one line in it: it names the active file beside it, which is looked at, too.
    Pointer {
        before: &'static str,
        after: &'static str,
    },
}

/// A file that is part of the key, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileState {
    pub(crate) path: PathBuf,
    pub(crate) seen: Seen,
}

/// What was seen of a file. That it is not there is a state as well: nobody is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Absent,
    /// One that was removed and made again has another birth, where the file system knows it.
    Present {
        inode: u64,
        born: Option<Duration>,
    },
    /// It names the active file so.
    Name(Vec<u8>),
    /// A file that was written, or replaced, has other ones; times are seconds and nanoseconds.
    Written {
        inode: u64,
        size: u64,
        modified: (i64, i64),
        /// Cannot be set, so a file of equal size that took over an old time shows, too.
        changed: (i64, i64),
    },
}

impl Watched {
    pub(crate) fn new(path: PathBuf, look: Look) -> Self {
        Self { path, look }
    }

    /// The file that a pointer names, without a look into it; `None` where that is no file's name.
    pub(crate) fn pointing_to(&self, name: &[u8]) -> Option<Self> {
        let Look::Pointer { before, after } = self.look else {
            return None;
        };
        // A proxy may have a port, and its file has not.
        let name = name.trim_ascii().split(|byte| *byte == b':').next()?;
        if name.is_empty() || name.contains(&b'/') {
            return None;
        }
        let file = [before.as_bytes(), name, after.as_bytes()].concat();
        let path = self.path.with_file_name(OsStr::from_bytes(&file));
        Some(Self::new(path, Look::State))
    }
}

/// How the files are now, each once.
pub(crate) fn states(watched: Vec<Watched>) -> Vec<FileState> {
    let mut states: Vec<FileState> = Vec::with_capacity(watched.len() + 1);
    let mut add = |path: PathBuf, seen: Seen| {
        if states.iter().all(|state| state.path != path) {
            states.push(FileState { path, seen });
        }
    };
    for file in watched {
        let seen = file.look.at(&file.path);
        let named = match &seen {
            Seen::Name(name) => file.pointing_to(name),
            _ => None,
        };
        add(file.path, seen);
        if let Some(file) = named {
            let seen = file.look.at(&file.path);
            add(file.path, seen);
        }
    }
    states
}

impl Look {
    fn at(self, path: &Path) -> Seen {
        match self {
            Self::Pointer { .. } => first_bytes(path).map_or(Seen::Absent, Seen::Name),
            Self::State | Self::Presence => match std::fs::metadata(path) {
                Err(_) => Seen::Absent,
                Ok(metadata) if self == Self::Presence => Seen::Present {
                    inode: metadata.ino(),
                    born: born(&metadata),
                },
                Ok(metadata) => Seen::Written {
                    inode: metadata.ino(),
                    size: metadata.size(),
                    modified: (metadata.mtime(), metadata.mtime_nsec()),
                    changed: (metadata.ctime(), metadata.ctime_nsec()),
                },
            },
        }
    }
}

impl Seen {
    /// All of it, for a hash.
    pub(crate) fn encode(&self, field: &mut dyn FnMut(&[u8])) {
        match self {
            Self::Absent => field(b"absent"),
            Self::Present { inode, born } => {
                field(b"present");
                field(&inode.to_le_bytes());
                field(&born.unwrap_or_default().as_nanos().to_le_bytes());
            }
            Self::Name(name) => {
                field(b"name");
                field(name);
            }
            Self::Written {
                inode,
                size,
                modified,
                changed,
            } => {
                field(b"written");
                let times = [modified.0, modified.1, changed.0, changed.1];
                let [a, b, c, d] = times.map(i64::to_le_bytes);
                // Of a fixed length, so that one field is enough for all.
                field([inode.to_le_bytes(), size.to_le_bytes(), a, b, c, d].as_flattened());
            }
        }
    }
}

fn born(metadata: &Metadata) -> Option<Duration> {
    metadata.created().ok()?.duration_since(UNIX_EPOCH).ok()
}

fn first_bytes(path: &Path) -> Option<Vec<u8>> {
    // NONBLOCK, so that a pipe in the file's place cannot hold us up.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .ok()?;
    let mut bytes = vec![0; LONGEST_NAME];
    let count = file.read(&mut bytes).ok()?;
    bytes.truncate(count);
    Some(bytes)
}

#[cfg(test)]
mod tests;
