//! What is stored, for whoever manages it; never a secret.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use jiff::Timestamp;

use super::credential_cache::CredentialCache;
use super::fetch::Fetch;
use super::freshness::is_from_the_future;
use super::request::Request;
use crate::error::Error;
use crate::exec::CredentialKind;
use crate::identity::{FileState, Seen};
use crate::key::Key;
use crate::notice::{MissReason, Notice};
use crate::store::{Fault, Lookup, Metadata, Store};

/// A stored credential as it can be shown: what it is, for whom and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryInfo {
    /// The entry's file.
    pub path: PathBuf,
    /// What it is worth now.
    pub state: EntryState,
    /// What it says of itself; `None` where it is [`EntryState::Unusable`].
    pub details: Option<EntryDetails>,
    key: Key,
}

/// What a stored credential is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryState {
    /// It answers.
    Good,
    /// It has not expired, and the next request renews it: it is in its refresh margin, or seems to be
    /// stored in the future.
    Due,
    /// It has expired.
    Expired,
    /// It is never used: somebody else's, open to others, a symbolic link, or no entry at all.
    Unusable {
        /// Why.
        problem: String,
    },
}

/// What a stored credential says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryDetails {
    /// When the plugin gave it.
    pub stored_at: Timestamp,
    /// From when on a request renews it: the begin of its refresh margin under these settings.
    pub renew_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Token, certificate or both.
    pub kind: CredentialKind,
    /// The plugin's command; its arguments are not stored.
    pub command: String,
    /// The kubeconfig user, empty where the request did not say.
    pub user: String,
    /// The server's URL, where the client gave cluster information.
    pub server: Option<String>,
    /// What else the entry's key was made of, by name: options of the plugin, `arguments` for all
    /// others, environment variables, and files that say who is active. A value that may be a secret,
    /// and how a file was, is a fingerprint behind a `#`: equal ones are equal.
    pub parts: Vec<(String, String)>,
}

/// A file that says who is active, and so decides which entry answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyFile {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is there.
    pub is_there: bool,
    /// When it was written, where that counts.
    pub modified: Option<Timestamp>,
}

/// What a request would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// What would be run: an absolute path, or a bare name that is looked for in `PATH`.
    pub program: OsString,
    /// The names of the environment variables that are part of the key, sorted. Their values may be
    /// secrets.
    pub variables: Vec<OsString>,
    /// The files that are part of the key: those by which a known plugin tells who is active, and
    /// those that `KUBE_CREDENTIAL_CACHE_CACHEKEY_FILES` names.
    pub files: Vec<KeyFile>,
    /// Where the entry is, or would be.
    pub path: PathBuf,
    /// Where the entry is for clients that do not set `KUBERNETES_EXEC_INFO`, if their plugin answers
    /// in another version than the kubeconfig's.
    pub unset_path: PathBuf,
    /// The entry, where there is one.
    pub entry: Option<EntryInfo>,
    /// Why the plugin would run; `None` where the entry answers.
    pub miss: Option<MissReason>,
}

impl CredentialCache {
    /// Everything that is stored, in the order of the files' names; nothing where there is no cache
    /// directory yet.
    ///
    /// Only the heads of the entries are read, not the credentials behind them: a damage there shows
    /// in [`inspect`](Self::inspect), or when the entry is requested.
    ///
    /// # Errors
    /// [`Error::NoStore`] where there is no place for entries, or none that can be used.
    pub fn entries(&self) -> Result<Vec<EntryInfo>, Error> {
        let Some(store) = self.existing_store()? else {
            return Ok(vec![]);
        };
        let mut keys = store
            .keys()
            .map_err(|error| no_store(store.problem(&error)))?;
        keys.sort_unstable();
        let listed = keys.into_iter().filter_map(|key| {
            let head = store.head(key).transpose()?;
            Some(self.info(&store, key, head))
        });
        Ok(listed.collect())
    }

    /// Forgets a credential; whether there was one. A plugin that runs for it just now stores its
    /// answer all the same.
    ///
    /// # Errors
    /// [`Error::NoStore`] where it cannot be removed.
    pub fn remove(&self, entry: &EntryInfo) -> Result<bool, Error> {
        match self.existing_store()? {
            None => Ok(false),
            Some(store) => {
                let removed = store.remove(entry.key);
                removed.map_err(|error| no_store(store.problem(&error)))
            }
        }
    }

    /// What [`get`](Self::get) would come to now. Nothing is run, locked or written.
    ///
    /// # Errors
    /// [`Error::NoStore`] where there is no place for entries, or none that can be used.
    pub fn inspect(&self, request: &Request) -> Result<Inspection, Error> {
        let store = self.open_store().map_err(no_store)?;
        let mut silent = |_| {};
        let fetch = Fetch::new(self.settings(), self.clock(), request, &mut silent);
        let mut parts = fetch.key_parts();
        let key = parts.key(store.installation());
        parts.api_version = None;
        let unset = parts.key(store.installation());
        let (entry, miss) = match store.look_up(key) {
            Lookup::Absent => (None, Some(MissReason::Absent)),
            Lookup::Found(entry) => {
                let miss = fetch.reason_to_renew(&entry);
                (Some(self.info(&store, key, Ok(entry.metadata))), miss)
            }
            Lookup::Unusable(fault) => (
                Some(self.info(&store, key, Err(fault))),
                Some(MissReason::Absent),
            ),
        };
        Ok(Inspection {
            program: parts.command.to_owned(),
            variables: parts
                .env
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            files: parts.files.iter().map(KeyFile::from).collect(),
            path: store.path_of(key),
            unset_path: store.path_of(unset),
            entry,
            miss,
        })
    }

    /// Whether credentials can be stored: the directory can be used, and with a keyring, whether that
    /// gives its key. The directory and that key are made where they are not there yet.
    ///
    /// # Errors
    /// [`Error::NoStore`] where they cannot.
    pub fn can_store(&self) -> Result<(), Error> {
        self.open_store().map(drop).map_err(no_store)
    }

    /// Tells values of one installation apart without showing them: eight hexadecimal digits, the
    /// same for the same text. It is keyed, so that a short secret cannot be guessed from it.
    ///
    /// # Errors
    /// [`Error::NoStore`] where there is no place for entries, or none that can be used.
    pub fn fingerprint(&self, text: &OsStr) -> Result<String, Error> {
        let store = self.open_store().map_err(no_store)?;
        Ok(store.installation().fingerprint(text.as_encoded_bytes()))
    }

    /// Keeps a warning for [`warnings`](Self::warnings), where it cannot be shown to a person. That it
    /// is kept is a courtesy: without a usable cache directory it is lost.
    pub fn keep_warning(&self, notice: &Notice) {
        if let Ok(Some(store)) = self.existing_store() {
            let _ = store.note_warning(&notice.to_string(), self.clock().now());
        }
    }

    /// The warnings that were kept, the oldest first, each with its time; the oldest are forgotten.
    pub fn warnings(&self) -> Vec<(Timestamp, String)> {
        let store = self.existing_store().ok().flatten();
        store.map_or_else(Vec::new, |store| store.warnings())
    }

    fn existing_store(&self) -> Result<Option<Store>, Error> {
        let Some(directory) = self.settings().directory() else {
            return Err(no_store(self.open_store().err().unwrap_or_default()));
        };
        Store::open_existing(directory).map_err(|error| no_store(error.to_string()))
    }

    fn info(&self, store: &Store, key: Key, head: Result<Metadata, Fault>) -> EntryInfo {
        let (state, details) = match head.map(|metadata| self.details(metadata)) {
            Ok(details) => (details.state(self.clock().now()), Some(details)),
            Err(fault) => {
                let problem = fault.to_string();
                (EntryState::Unusable { problem }, None)
            }
        };
        EntryInfo {
            path: store.path_of(key),
            state,
            details,
            key,
        }
    }

    fn details(&self, metadata: Metadata) -> EntryDetails {
        let (stored_at, expires_at) = (metadata.stored_at, metadata.expires_at);
        EntryDetails {
            renew_at: if metadata.moved {
                stored_at
            } else {
                self.settings().renew_at(stored_at, expires_at)
            },
            stored_at,
            expires_at,
            kind: metadata.kind,
            command: metadata.command,
            user: metadata.user,
            server: metadata.server,
            parts: metadata.parts,
        }
    }
}

impl EntryDetails {
    fn state(&self, now: Timestamp) -> EntryState {
        if self.expires_at <= now {
            EntryState::Expired
        } else if self.renew_at <= now || is_from_the_future(self.stored_at, now) {
            EntryState::Due
        } else {
            EntryState::Good
        }
    }
}

fn no_store(problem: String) -> Error {
    Error::NoStore { problem }
}

impl From<&FileState> for KeyFile {
    fn from(file: &FileState) -> Self {
        let modified = match file.seen {
            Seen::Written {
                modified: (seconds, nanoseconds),
                ..
            } => Timestamp::new(seconds, i32::try_from(nanoseconds).unwrap_or(0)).ok(),
            _ => None,
        };
        Self {
            path: file.path.clone(),
            is_there: file.seen != Seen::Absent,
            modified,
        }
    }
}
