//! The key that seals entries, kept by the operating system's keyring.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use keyring_core::Entry;
use keyring_core::api::CredentialStore;
use zeroize::Zeroizing;

use super::backend::Keyring;
use super::seal::{KEY_SIZE, Seal};

/// What the key is called in the keyring.
const SERVICE: &str = "kcc";
const NAME: &str = "credential cache key";

/// A person may have to unlock the keyring; a client that waits longer seems to hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a keyring gave no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyringError {
    #[error("{keyring} cannot be used: {problem}{}", .keyring.advice())]
    Unusable { keyring: Keyring, problem: String },
    #[error("{0} did not answer within 30 s; unlock it")]
    Silent(Keyring),
}

impl Keyring {
    /// The seal of this user's entries; made where the keyring has none yet, while `lock` is held.
    pub(super) fn seal(self, lock: File) -> Result<Seal, KeyringError> {
        let (sender, receiver) = mpsc::channel();
        // A keyring that prompts has no time limit of its own.
        let thread = std::thread::Builder::new().spawn(move || sender.send(self.key(&lock)));
        let problem = match thread.map(|_| receiver.recv_timeout(PATIENCE)) {
            Ok(Ok(Ok(key))) => return Ok(Seal::new(key)),
            Ok(Ok(Err(problem))) => problem,
            Ok(Err(RecvTimeoutError::Timeout)) => return Err(KeyringError::Silent(self)),
            Ok(Err(RecvTimeoutError::Disconnected)) => "its library failed".to_owned(),
            Err(error) => error.to_string(),
        };
        let keyring = self;
        Err(KeyringError::Unusable { keyring, problem })
    }

    fn key(self, lock: &File) -> Result<Zeroizing<[u8; KEY_SIZE]>, String> {
        let store = self.open().map_err(|error| told(&error))?;
        let entry = store.build(SERVICE, NAME, None);
        let entry = entry.map_err(|error| told(&error))?;
        if let Some(key) = stored_key(&entry)? {
            return Ok(key);
        }
        // Of several processes that find none, one makes it and the others take that one.
        lock.lock().map_err(|error| error.to_string())?;
        if let Some(key) = stored_key(&entry)? {
            return Ok(key);
        }
        let mut key = Zeroizing::new([0; KEY_SIZE]);
        getrandom::fill(key.as_mut()).map_err(|error| error.to_string())?;
        entry
            .set_secret(key.as_ref())
            .map_err(|error| told(&error))?;
        // Another cache directory has another lock: what stands in the keyring is the key.
        stored_key(&entry)?.ok_or_else(|| "it forgot the key at once".to_owned())
    }

    fn open(self) -> keyring_core::Result<Arc<CredentialStore>> {
        Ok(match self {
            #[cfg(target_os = "linux")]
            Self::SecretService => dbus_secret_service_keyring_store::Store::new()?,
            #[cfg(target_os = "linux")]
            Self::Keyutils => linux_keyutils_keyring_store::Store::new()?,
            #[cfg(target_os = "macos")]
            Self::Keychain => apple_native_keyring_store::keychain::Store::new()?,
        })
    }

    /// What may help where it cannot be used.
    fn advice(self) -> &'static str {
        match self {
            #[cfg(target_os = "linux")]
            Self::SecretService => {
                "; without a desktop session, KUBE_CREDENTIAL_CACHE_BACKEND=keyring:keyutils is the kernel's keyring"
            }
            #[cfg(target_os = "linux")]
            Self::Keyutils => "",
            #[cfg(target_os = "macos")]
            Self::Keychain => "",
        }
    }
}

fn stored_key(entry: &Entry) -> Result<Option<Zeroizing<[u8; KEY_SIZE]>>, String> {
    let bytes = match entry.get_secret() {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(keyring_core::Error::NoEntry) => return Ok(None),
        Err(error) => return Err(told(&error)),
    };
    match <[u8; KEY_SIZE]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(Some(Zeroizing::new(key))),
        Err(_) => Err(format!(
            "its entry {NAME:?} of {SERVICE:?} is no key; remove it"
        )),
    }
}

/// The crate's own messages repeat no secret but in two variants, and name no cause in others.
fn told(error: &keyring_core::Error) -> String {
    match error {
        keyring_core::Error::NoStorageAccess(cause) => {
            format!("it is locked, or closed to us: {cause}")
        }
        keyring_core::Error::PlatformFailure(cause) => cause.to_string(),
        keyring_core::Error::Ambiguous(_) => {
            format!("it has several entries {NAME:?} of {SERVICE:?}; remove them")
        }
        _ => "it does not take or give a key of 32 bytes".to_owned(),
    }
}
