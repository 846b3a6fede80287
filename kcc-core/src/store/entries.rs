use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::backend::Backend;
#[cfg(feature = "keyring")]
use super::backend::Keyring;
use super::directory::Directory;
use super::entry::{Entry, Metadata};
use super::extension::{ENTRY, TEMPORARY, USES};
use super::fault::Fault;
use super::form::{Form, MAGIC, SEALED_MAGIC};
use super::installation::{OpenError, installation_key};
use crate::key::{InstallationKey, Key, hex};
use crate::secret::Secret;

#[cfg(feature = "keyring")]
const KEYRING_LOCK: &str = "keyring.lock";

const MAC_HEX: usize = 64;

/// Longer than the head of any entry: its first two lines.
const MAX_HEAD: u64 = 64 * 1024;

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
    pub(super) directory: Directory,
    installation: InstallationKey,
    form: Form,
}

/// What a look into the store found.
#[derive(Debug)]
pub(crate) enum Lookup {
    Found(Entry),
    Absent,
    /// There is something that must not be used.
    Unusable(Fault),
}

impl Store {
    /// Opens the directory, and makes it with its key where it is not there yet.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let directory = Directory::open(path).map_err(|fault| OpenError::of(path, fault))?;
        Self::in_directory(directory)
    }

    /// Opens the directory; `None` where it is not there.
    pub(crate) fn open_existing(path: &Path) -> Result<Option<Self>, OpenError> {
        let opened = Directory::open_existing(path).map_err(|fault| OpenError::of(path, fault))?;
        opened.map(Self::in_directory).transpose()
    }

    fn in_directory(directory: Directory) -> Result<Self, OpenError> {
        Ok(Self {
            installation: installation_key(&directory)?,
            directory,
            form: Form::Plain,
        })
    }

    /// The same store in the form that `backend` says: sealed, with a keyring. Metadata can be
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
        let lock = self.directory.open_lock(KEYRING_LOCK).map_err(|error| {
            let path = self.directory.path().join(KEYRING_LOCK);
            format!("{}: {error}", path.display())
        })?;
        let seal = keyring.seal(lock).map_err(|error| error.to_string())?;
        self.form = Form::Sealed(seal);
        Ok(self)
    }

    pub(crate) fn installation(&self) -> &InstallationKey {
        &self.installation
    }

    pub(crate) fn path_of(&self, key: Key) -> PathBuf {
        self.path_beside(key, ENTRY)
    }

    pub(crate) fn path_beside(&self, key: Key, extension: &str) -> PathBuf {
        self.directory.path().join(name(key, extension))
    }

    /// Reads the entry of `key`.
    pub(crate) fn look_up(&self, key: Key) -> Lookup {
        let bytes = match self.directory.read(&name(key, ENTRY)) {
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
            name(key, TEMPORARY)
        } else {
            format!("{key}.{}.{TEMPORARY}", std::process::id())
        };
        let encoded = self.encode(key, entry)?;
        let removed = self.directory.remove_if_there(&temporary);
        let written = removed.and_then(|_| {
            self.directory.write_new(&temporary, encoded.expose())?;
            self.directory.rename(&temporary, &name(key, ENTRY))
        });
        if written.is_err() {
            let _ = self.directory.remove(&temporary);
        }
        written.map_err(Fault::System)
    }

    /// Opens, and where needed makes, a file beside the entry: a lock, or what goes with it.
    pub(crate) fn open_beside(&self, key: Key, extension: &str) -> io::Result<File> {
        self.directory.open_lock(&name(key, extension))
    }

    pub(crate) fn remove_beside(&self, key: Key, extension: &str) -> io::Result<()> {
        self.directory.remove(&name(key, extension))
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
        self.directory.open_log(&name(key, extension), flags, limit)
    }

    /// Puts a new file in the place of one that is appended to, and opens it to append.
    pub(crate) fn replace_log(&self, key: Key, extension: &str, text: &[u8]) -> io::Result<File> {
        self.directory.replace_log(&name(key, extension), text)
    }

    /// The keys of which there is an entry, in no particular order.
    pub(crate) fn keys(&self) -> io::Result<Vec<Key>> {
        let mut keys = vec![];
        for name in self.directory.names()? {
            let name = name?;
            let (stem, extension) = name.split_once('.').unwrap_or_default();
            keys.extend(Key::from_hex(stem).filter(|_| extension == ENTRY));
        }
        Ok(keys)
    }

    /// What the entry of `key` says of itself, without the credential behind it; `None` where there
    /// is no entry. Its MAC is not checked, which would take the credential.
    pub(crate) fn head(&self, key: Key) -> Result<Option<Metadata>, Fault> {
        let Some((file, _)) = self.directory.open_ours(&name(key, ENTRY))? else {
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

    /// Removes the entry of `key`, and who was given it; whether there was one. Its lock stays.
    pub(crate) fn remove(&self, key: Key) -> io::Result<bool> {
        // Only tells of the entry; where it stays, nothing is wrong.
        let _ = self.remove_beside(key, USES);
        self.directory.remove_if_there(&name(key, ENTRY))
    }

    /// What went wrong in this directory.
    pub(crate) fn problem(&self, error: &io::Error) -> String {
        format!("{}: {error}", self.directory.path().display())
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

pub(super) fn name(key: Key, extension: &str) -> String {
    format!("{key}.{extension}")
}
