use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::extension::TEMPORARY;
use super::fault::Fault;
use crate::secret::Secret;

const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// No credential comes near this; a larger file is no entry.
const MAX_FILE: u64 = 8 * 1024 * 1024;

/// An open directory that is ours alone. Files are reached through it, whatever becomes of its path.
#[derive(Debug)]
pub(crate) struct Directory {
    file: File,
    path: PathBuf,
    uid: u32,
}

impl Directory {
    /// Opens the directory, and makes it where it is not there yet.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        match open_directory(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut builder = DirBuilder::new();
                builder.recursive(true).mode(DIRECTORY_MODE);
                builder.create(path)?;
                Self::of(open_directory(path)?, path)
            }
            opened => Self::of(opened?, path),
        }
    }

    /// Opens the directory; `None` where it is not there.
    pub(super) fn open_existing(path: &Path) -> Result<Option<Self>, Fault> {
        match open_directory(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => Self::of(opened?, path).map(Some),
        }
    }

    /// A directory of ours that others can enter is closed to them; each file in it is still checked.
    fn of(file: File, path: &Path) -> Result<Self, Fault> {
        let uid = rustix::process::geteuid().as_raw();
        let metadata = file.metadata()?;
        if metadata.uid() != uid {
            return Err(Fault::ForeignOwner(metadata.uid()));
        }
        if metadata.mode() & 0o077 != 0 {
            rustix::fs::fchmod(&file, Mode::RWXU).map_err(io::Error::from)?;
        }
        let path = path.to_owned();
        Ok(Self { file, path, uid })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The names in it, in no particular order.
    pub(super) fn names(&self) -> io::Result<impl Iterator<Item = io::Result<String>>> {
        let files = rustix::fs::Dir::read_from(&self.file)?;
        Ok(files.filter_map(|file| match file {
            Ok(file) => Some(Ok(file.file_name().to_str().ok()?.to_owned())),
            Err(error) => Some(Err(error.into())),
        }))
    }

    pub(super) fn stat(&self, name: &str) -> io::Result<Stat> {
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        Ok(rustix::fs::statat(&self.file, name, flags)?)
    }

    /// The whole of a file that is ours alone; `None` where there is none.
    pub(super) fn read(&self, name: &str) -> Result<Option<Secret>, Fault> {
        let Some((mut file, size)) = self.open_ours(name)? else {
            return Ok(None);
        };
        let mut bytes = vec![0; size];
        // An entry is never written in place, so its size cannot change under us.
        file.read_exact(&mut bytes)?;
        Ok(Some(Secret::new(bytes)))
    }

    /// A file that is ours alone, with its size; `None` where there is none.
    pub(super) fn open_ours(&self, name: &str) -> Result<Option<(File, usize)>, Fault> {
        // NONBLOCK, so that a pipe in the file's place cannot hold us up.
        let file = match self.open_file(name, OFlags::RDONLY | OFlags::NONBLOCK) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                return Err(Fault::Symlink);
            }
            Err(error) => return Err(error.into()),
        };
        let size = self.check_ours(&file)?;
        let fits = usize::try_from(size).ok().filter(|_| size <= MAX_FILE);
        Ok(Some((file, fits.ok_or(Fault::Damaged)?)))
    }

    /// The size of an open file, where it is a regular one that is ours alone.
    fn check_ours(&self, file: &File) -> Result<u64, Fault> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(Fault::NotAFile);
        }
        if metadata.uid() != self.uid {
            return Err(Fault::ForeignOwner(metadata.uid()));
        }
        if metadata.mode() & 0o077 != 0 {
            return Err(Fault::Mode(metadata.mode() & 0o777));
        }
        Ok(metadata.size())
    }

    pub(super) fn open_file(&self, name: &str, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.file, name, flags, FILE_MODE)?.into())
    }

    /// Opens, and where needed makes, a file that is locked, or written in place.
    pub(super) fn open_lock(&self, name: &str) -> io::Result<File> {
        self.open_file(name, OFlags::RDWR | OFlags::CREATE)
    }

    /// Opens a file to append to, and reads it, up to `limit` bytes. One that is not ours alone is
    /// not used.
    pub(super) fn open_log(
        &self,
        name: &str,
        flags: OFlags,
        limit: usize,
    ) -> Result<(File, Vec<u8>), Fault> {
        let flags = flags | OFlags::RDWR | OFlags::APPEND | OFlags::NONBLOCK;
        let file = self.open_file(name, flags)?;
        let size = self.check_ours(&file)?;
        let mut text = vec![0; limit.min(usize::try_from(size).unwrap_or(limit))];
        let count = file.read_at(&mut text, 0)?;
        text.truncate(count);
        Ok((file, text))
    }

    /// Puts a new file in the place of one that is appended to, and opens it to append.
    pub(super) fn replace_log(&self, name: &str, text: &[u8]) -> io::Result<File> {
        let temporary = format!("{name}.{}.{TEMPORARY}", std::process::id());
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::TRUNC;
        let mut file = self.open_file(&temporary, flags)?;
        file.write_all(text)?;
        self.rename(&temporary, name)?;
        Ok(file)
    }

    /// Writes a file that must not be there yet.
    pub(super) fn write_new(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        self.open_file(name, flags)?.write_all(bytes)
    }

    pub(super) fn link(&self, from: &str, to: &str) -> io::Result<()> {
        let flags = AtFlags::empty();
        Ok(rustix::fs::linkat(&self.file, from, &self.file, to, flags)?)
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.file, from, &self.file, to)?)
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.file, name, AtFlags::empty())?)
    }

    /// The same; whether it was there.
    pub(super) fn remove_if_there(&self, name: &str) -> io::Result<bool> {
        match self.remove(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            removed => removed.map(|()| true),
        }
    }
}

fn open_directory(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(directory) => Ok(directory.into()),
        Err(Errno::LOOP) => Err(io::Error::other("it is a symbolic link")),
        Err(error) => Err(error.into()),
    }
}

/// Whether this open file has no name any more.
pub(crate) fn is_removed(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
}
