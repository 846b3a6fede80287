mod form;
#[cfg(feature = "keyring")]
mod keyring;
mod prune;
#[cfg(feature = "keyring")]
mod seal;
mod warnings;

use std::fs::{DirBuilder, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::exec_credential::CredentialKind;
use crate::key::{InstallationKey, Key, hex};
use crate::secret::Secret;
use crate::settings::Backend;
#[cfg(feature = "keyring")]
use crate::settings::Keyring;
use form::{Form, MAGIC, SEALED_MAGIC};

pub(crate) use prune::is_removed;

const INSTALLATION_KEY: &str = "installation.key";
const INSTALLATION_LOCK: &str = "installation.lock";
#[cfg(feature = "keyring")]
const KEYRING_LOCK: &str = "keyring.lock";
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

const MAC_HEX: usize = 64;

const ENTRY_SUFFIX: &str = ".entry";

/// Longer than the head of any entry: its first two lines.
const MAX_HEAD: u64 = 64 * 1024;

/// No credential comes near this; a larger file is no entry.
const MAX_ENTRY: u64 = 8 * 1024 * 1024;

/// A directory of credentials that only its owner can read: one file for each key, written beside
/// its place and renamed, so that a reader sees a whole entry or none.
///
/// ```text
/// kcc1 <HMAC over the rest, in hex>
/// {"expires_at":...}                  what, for whom, until when; no secret
/// {"kind":"ExecCredential",...}       what is printed
/// ```
///
/// Under a keyring the first line begins with `kcc1 sealed `, and what is printed is encrypted.
#[derive(Debug)]
pub(crate) struct Store {
    directory: File,
    path: PathBuf,
    installation: InstallationKey,
    uid: u32,
    form: Form,
}

/// What is known of a stored credential without looking at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Metadata {
    #[serde(with = "micros")]
    pub(crate) stored_at: Timestamp,
    #[serde(with = "micros")]
    pub(crate) expires_at: Timestamp,
    pub(crate) kind: CredentialKind,
    pub(crate) command: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
    /// Whether the plugin answers in this version where its client says none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unasked: bool,
    /// Whether the expiry that is printed is not the plugin's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) inferred: bool,
    /// What tells the entry from others, as it may be shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parts: Vec<(String, String)>,
    /// Whether a file that says who is active changed while the plugin ran: then it answers who
    /// waited for it, and nobody later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) moved: bool,
}

/// A stored credential.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) metadata: Metadata,
    /// The line to print.
    pub(crate) credential: Secret,
}

/// What a look into the store found.
#[derive(Debug)]
pub(crate) enum Lookup {
    Found(Entry),
    Absent,
    /// There is something that must not be used.
    Unusable(Fault),
}

/// Why something in the store must not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("it is a symbolic link")]
    Symlink,
    #[error("it is not a regular file")]
    NotAFile,
    #[error("it belongs to user id {0}; with sudo, use sudo -H, else remove it")]
    ForeignOwner(u32),
    #[error("its mode {0:03o} lets others at it")]
    Mode(u32),
    #[error("it is damaged")]
    Damaged,
    #[cfg(feature = "keyring")]
    #[error("it is sealed under another key than the keyring's, or damaged")]
    OtherSeal,
    #[cfg(feature = "keyring")]
    #[error("it cannot be sealed: {0}")]
    Unsealed(#[from] seal::SealError),
    #[error(transparent)]
    System(#[from] io::Error),
}

/// Why there is no place for credentials.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("{path}: {source}", path = .path.display())]
    Directory { path: PathBuf, source: io::Error },
    #[error("{path}: {fault}", path = .path.display())]
    Fault { path: PathBuf, fault: Fault },
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
}

impl Fault {
    /// Whether a new entry may take its place: what belongs to somebody else is left alone.
    fn is_replaceable(&self) -> bool {
        !matches!(self, Self::ForeignOwner(_))
    }
}

impl Store {
    /// Opens the directory, and makes it with its key where it is not there yet.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let opened = match open_directory(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut builder = DirBuilder::new();
                builder.recursive(true).mode(DIRECTORY_MODE);
                builder.create(path).and_then(|()| open_directory(path))
            }
            opened => opened,
        };
        Self::in_directory(path, opened)
    }

    /// Opens the directory; `None` where it is not there.
    pub(crate) fn open_existing(path: &Path) -> Result<Option<Self>, OpenError> {
        match open_directory(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => Self::in_directory(path, opened).map(Some),
        }
    }

    fn in_directory(path: &Path, opened: io::Result<File>) -> Result<Self, OpenError> {
        let directory = opened.map_err(|source| OpenError::Directory {
            path: path.to_owned(),
            source,
        })?;
        let uid = rustix::process::geteuid().as_raw();
        secure_directory(&directory, uid).map_err(|fault| OpenError::Fault {
            path: path.to_owned(),
            fault,
        })?;
        let installation = installation_key(&directory, path, uid)?;
        Ok(Self {
            directory,
            path: path.to_owned(),
            installation,
            uid,
            form: Form::Plain,
        })
    }

    /// The same store in the form that `backend` asks for: sealed, with a keyring. Metadata can be
    /// read in either form.
    #[cfg_attr(
        not(feature = "keyring"),
        expect(clippy::unnecessary_wraps, reason = "a keyring may be closed")
    )]
    pub(crate) fn with_backend(self, backend: Backend) -> Result<Self, String> {
        match backend {
            Backend::File | Backend::NoKeyring(_) => Ok(self),
            #[cfg(feature = "keyring")]
            Backend::Keyring(keyring) => self.sealed_by(keyring),
        }
    }

    #[cfg(feature = "keyring")]
    fn sealed_by(mut self, keyring: Keyring) -> Result<Self, String> {
        let flags = OFlags::RDWR | OFlags::CREATE;
        let lock = open_at(&self.directory, KEYRING_LOCK, flags)
            .map_err(|error| format!("{}: {error}", self.path.join(KEYRING_LOCK).display()))?;
        let seal = keyring.seal(lock).map_err(|error| error.to_string())?;
        self.form = Form::Sealed(seal);
        Ok(self)
    }

    pub(crate) fn installation(&self) -> &InstallationKey {
        &self.installation
    }

    pub(crate) fn path_of(&self, key: Key) -> PathBuf {
        self.path.join(entry_name(key))
    }

    pub(crate) fn path_beside(&self, key: Key, extension: &str) -> PathBuf {
        self.path_of(key).with_extension(extension)
    }

    /// Reads the entry of `key`.
    pub(crate) fn look_up(&self, key: Key) -> Lookup {
        let bytes = match read(&self.directory, &entry_name(key), self.uid) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Lookup::Absent,
            Err(fault) => return Lookup::Unusable(fault),
        };
        self.decode(key, bytes.expose())
            .unwrap_or(Lookup::Unusable(Fault::Damaged))
    }

    /// Writes the entry of `key`. `exclusive` says that the caller holds the key's lock, so that
    /// the remains of a killed writer cannot be somebody's work.
    pub(crate) fn put(&self, key: Key, entry: &Entry, exclusive: bool) -> Result<(), Fault> {
        if let Lookup::Unusable(fault) = self.look_up(key)
            && !fault.is_replaceable()
        {
            return Err(fault);
        }
        let temporary = if exclusive {
            format!("{key}.tmp")
        } else {
            format!("{key}.{}.tmp", std::process::id())
        };
        let encoded = self.encode(key, entry)?;
        let result = self
            .write_new(&temporary, &encoded)
            .and_then(|()| rename(&self.directory, &temporary, &entry_name(key)));
        if result.is_err() {
            let _ = unlink(&self.directory, &temporary);
        }
        result.map_err(Fault::System)
    }

    /// Opens, and where needed makes, a file beside the entry: a lock, or what goes with it.
    pub(crate) fn open_beside(&self, key: Key, extension: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE;
        open_at(&self.directory, &format!("{key}.{extension}"), flags)
    }

    pub(crate) fn remove_beside(&self, key: Key, extension: &str) -> io::Result<()> {
        unlink(&self.directory, &format!("{key}.{extension}"))
    }

    /// Opens a file beside the entry to append to, and reads it, up to `limit` bytes. One that is not
    /// ours alone is not used.
    pub(crate) fn open_log(
        &self,
        key: Key,
        extension: &str,
        flags: OFlags,
        limit: usize,
    ) -> Result<(File, Vec<u8>), Fault> {
        let flags = flags | OFlags::RDWR | OFlags::APPEND | OFlags::NONBLOCK;
        let file = open_at(&self.directory, &format!("{key}.{extension}"), flags)?;
        let size = check_ours(&file, self.uid)?;
        let mut text = vec![0; limit.min(usize::try_from(size).unwrap_or(limit))];
        let count = file.read_at(&mut text, 0)?;
        text.truncate(count);
        Ok((file, text))
    }

    /// Puts a new file in the place of one that is appended to, and opens it to append.
    pub(crate) fn replace_log(&self, key: Key, extension: &str, text: &[u8]) -> io::Result<File> {
        let temporary = format!("{key}.{extension}.{}.tmp", std::process::id());
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::TRUNC;
        let mut file = open_at(&self.directory, &temporary, flags)?;
        file.write_all(text)?;
        rename(&self.directory, &temporary, &format!("{key}.{extension}"))?;
        Ok(file)
    }

    /// The keys of which there is an entry, in no particular order.
    pub(crate) fn keys(&self) -> io::Result<Vec<Key>> {
        let mut keys = vec![];
        for file in rustix::fs::Dir::read_from(&self.directory)? {
            let name = file?;
            let stem = name.file_name().to_str().ok();
            let stem = stem.and_then(|name| name.strip_suffix(ENTRY_SUFFIX));
            keys.extend(stem.and_then(Key::from_hex));
        }
        Ok(keys)
    }

    /// What the entry of `key` says of itself, without the credential behind it; `None` where there
    /// is no entry. Its MAC is not checked, which would take the credential.
    pub(crate) fn head(&self, key: Key) -> Result<Option<Metadata>, Fault> {
        let Some((file, _)) = open(&self.directory, &entry_name(key), self.uid)? else {
            return Ok(None);
        };
        let mut lines = BufReader::new(file.take(MAX_HEAD)).split(b'\n');
        let mut line = || lines.next().transpose();
        let (Some(first), Some(second)) = (line()?, line()?) else {
            return Err(Fault::Damaged);
        };
        if !first.starts_with(MAGIC.as_bytes()) {
            return Err(Fault::Damaged);
        }
        serde_json::from_slice(&second).map_err(|_| Fault::Damaged)
    }

    /// Removes the entry of `key`, and who was served it; whether there was one. Its lock stays.
    pub(crate) fn remove(&self, key: Key) -> io::Result<bool> {
        // Only tells of the entry; where it stays, nothing is wrong.
        let _ = self.remove_beside(key, "served");
        match unlink(&self.directory, &entry_name(key)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// What went wrong in this directory, for those who manage what is stored.
    pub(crate) fn error(&self, error: &io::Error) -> Error {
        Error::NoStore {
            problem: format!("{}: {error}", self.path.display()),
        }
    }

    fn write_new(&self, name: &str, bytes: &Secret) -> io::Result<()> {
        match unlink(&self.directory, name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        create_at(&self.directory, name)?.write_all(bytes.expose())
    }

    fn encode(&self, key: Key, entry: &Entry) -> Result<Secret, Fault> {
        let metadata = serde_json::to_vec(&entry.metadata).expect("plain fields");
        let credential = self.form.wrap(key, &metadata, &entry.credential)?;
        let magic = self.form.magic();
        let mac = hex(&self.mac(key, &metadata, &credential));
        let size = magic.len() + MAC_HEX + metadata.len() + credential.len() + 2;
        let mut bytes = Vec::with_capacity(size);
        for part in [
            magic.as_bytes(),
            mac.as_bytes(),
            b"\n",
            &metadata,
            b"\n",
            &credential,
        ] {
            bytes.extend_from_slice(part);
        }
        Ok(Secret::new(bytes))
    }

    /// `None` where it is damaged.
    fn decode(&self, key: Key, bytes: &[u8]) -> Option<Lookup> {
        let magic = [SEALED_MAGIC, MAGIC]
            .into_iter()
            .find(|magic| bytes.starts_with(magic.as_bytes()))?;
        if magic != self.form.magic() {
            return Some(Lookup::Absent);
        }
        let (mac, rest) = bytes[magic.len()..].split_at_checked(MAC_HEX)?;
        let rest = rest.strip_prefix(b"\n")?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (metadata, credential) = (&rest[..end], &rest[end + 1..]);
        if hex(&self.mac(key, metadata, credential)).as_bytes() != mac {
            return None;
        }
        let credential = match self.form.unwrap(key, metadata, credential) {
            Ok(credential) => credential,
            Err(fault) => return Some(Lookup::Unusable(fault)),
        };
        Some(Lookup::Found(Entry {
            metadata: serde_json::from_slice(metadata).ok()?,
            credential,
        }))
    }

    /// Binds the content to its name and to this installation: a damaged, copied or renamed entry
    /// is never used.
    fn mac(&self, key: Key, metadata: &[u8], credential: &[u8]) -> [u8; 32] {
        let (magic, name) = (self.form.magic(), key.to_hex());
        let fields: [&[u8]; 4] = [magic.as_bytes(), name.as_bytes(), metadata, credential];
        self.installation.authenticate(fields)
    }
}

/// The key of this installation, made once: of any number of processes that find none, the first
/// to link its own wins, and all read that one.
fn installation_key(directory: &File, path: &Path, uid: u32) -> Result<InstallationKey, OpenError> {
    let fault = |fault| OpenError::Fault {
        path: path.join(INSTALLATION_KEY),
        fault,
    };
    // Other rounds are needed where this process makes the key, or takes a bad one away.
    for _ in 0..4 {
        match read_key(directory, uid) {
            Ok(Some(key)) => return Ok(key),
            Ok(None) => {
                let key = InstallationKey::generate().map_err(OpenError::Random)?;
                link_new_key(directory, &key).map_err(|error| fault(error.into()))?;
            }
            Err(Fault::Symlink | Fault::Mode(_) | Fault::Damaged) => {
                retire_bad_key(directory, uid).map_err(|error| fault(error.into()))?;
            }
            Err(other) => return Err(fault(other)),
        }
    }
    Err(fault(Fault::Damaged))
}

fn read_key(directory: &File, uid: u32) -> Result<Option<InstallationKey>, Fault> {
    match read(directory, INSTALLATION_KEY, uid)? {
        None => Ok(None),
        Some(bytes) => {
            let key = InstallationKey::from_bytes(bytes.expose());
            key.map(Some).ok_or(Fault::Damaged)
        }
    }
}

/// Takes an unusable key out of the way. Entries under it are lost, which costs a plugin run each.
/// Under a lock and after another look, or it would take away the good key that another made.
fn retire_bad_key(directory: &File, uid: u32) -> io::Result<()> {
    let lock = open_at(directory, INSTALLATION_LOCK, OFlags::RDWR | OFlags::CREATE)?;
    lock.lock()?;
    match read_key(directory, uid) {
        Ok(_) => Ok(()),
        Err(_) => match unlink(directory, INSTALLATION_KEY) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        },
    }
}

fn link_new_key(directory: &File, key: &InstallationKey) -> io::Result<()> {
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix).map_err(io::Error::other)?;
    let temporary = format!("{INSTALLATION_KEY}.{}.tmp", hex(&suffix));
    let written = create_at(directory, &temporary)?.write_all(key.as_bytes());
    let linked = written.and_then(|()| link(directory, &temporary, INSTALLATION_KEY));
    unlink(directory, &temporary)?;
    match linked {
        // Another process was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
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

/// A directory of ours that others can enter is closed to them; each file in it is still checked.
fn secure_directory(directory: &File, uid: u32) -> Result<(), Fault> {
    let metadata = directory.metadata()?;
    if metadata.uid() != uid {
        return Err(Fault::ForeignOwner(metadata.uid()));
    }
    if metadata.mode() & 0o077 != 0 {
        rustix::fs::fchmod(directory, Mode::RWXU).map_err(io::Error::from)?;
    }
    Ok(())
}

/// The whole of a file that is ours alone; `None` where there is none.
fn read(directory: &File, name: &str, uid: u32) -> Result<Option<Secret>, Fault> {
    let Some((mut file, size)) = open(directory, name, uid)? else {
        return Ok(None);
    };
    let mut bytes = vec![0; size];
    // An entry is never written in place, so its size cannot change under us.
    file.read_exact(&mut bytes)?;
    Ok(Some(Secret::new(bytes)))
}

/// A file that is ours alone, with its size; `None` where there is none.
fn open(directory: &File, name: &str, uid: u32) -> Result<Option<(File, usize)>, Fault> {
    // NONBLOCK, so that a pipe in the file's place cannot hold us up.
    let file = match open_at(directory, name, OFlags::RDONLY | OFlags::NONBLOCK) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            return Err(Fault::Symlink);
        }
        Err(error) => return Err(error.into()),
    };
    let size = check_ours(&file, uid)?;
    let fits = usize::try_from(size).ok().filter(|_| size <= MAX_ENTRY);
    Ok(Some((file, fits.ok_or(Fault::Damaged)?)))
}

/// The size of an open file, where it is a regular one that is ours alone.
fn check_ours(file: &File, uid: u32) -> Result<u64, Fault> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Fault::NotAFile);
    }
    if metadata.uid() != uid {
        return Err(Fault::ForeignOwner(metadata.uid()));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(Fault::Mode(metadata.mode() & 0o777));
    }
    Ok(metadata.size())
}

fn open_at(directory: &File, name: &str, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(directory, name, flags, FILE_MODE)?.into())
}

fn create_at(directory: &File, name: &str) -> io::Result<File> {
    open_at(
        directory,
        name,
        OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL,
    )
}

fn link(directory: &File, from: &str, to: &str) -> io::Result<()> {
    let flags = AtFlags::empty();
    Ok(rustix::fs::linkat(directory, from, directory, to, flags)?)
}

fn rename(directory: &File, from: &str, to: &str) -> io::Result<()> {
    Ok(rustix::fs::renameat(directory, from, directory, to)?)
}

fn unlink(directory: &File, name: &str) -> io::Result<()> {
    Ok(rustix::fs::unlinkat(directory, name, AtFlags::empty())?)
}

fn entry_name(key: Key) -> String {
    format!("{key}{ENTRY_SUFFIX}")
}

/// Microseconds since the Unix epoch: a hit reads them without a parser of dates.
mod micros {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        at: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.as_microsecond())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        Timestamp::from_microsecond(i64::deserialize(from)?).map_err(D::Error::custom)
    }
}
