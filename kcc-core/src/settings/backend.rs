use std::ffi::OsStr;

use super::value::{SettingsError, bad};
use crate::environment::Environment;
use crate::store::Backend;
#[cfg(feature = "keyring")]
use crate::store::Keyring;
use crate::variable;

const FORM: &str = "file, keyring, keyring:secret-service or keyring:keyutils";

impl Backend {
    pub(super) fn from_environment(env: &Environment) -> Result<Self, SettingsError> {
        let name = match env.non_empty(variable::BACKEND).map(OsStr::to_str) {
            None | Some(Some("file")) => return Ok(Self::File),
            Some(name) => name.unwrap_or_default(),
        };
        #[cfg(feature = "keyring")]
        if let Some(keyring) = Keyring::named(name) {
            return Ok(Self::Keyring(keyring));
        }
        match name {
            "keyring" | "keyring:secret-service" | "keyring:keyutils" | "keyring:keychain" => {
                Ok(Self::NoKeyring(if cfg!(feature = "keyring") {
                    "KUBE_CREDENTIAL_CACHE_BACKEND names a keyring that this system does not have"
                } else {
                    "KUBE_CREDENTIAL_CACHE_BACKEND=keyring, and this build has no keyring support"
                }))
            }
            _ => Err(bad(env, variable::BACKEND, FORM)),
        }
    }
}

#[cfg(feature = "keyring")]
impl Keyring {
    /// None where this system has no such keyring.
    fn named(name: &str) -> Option<Self> {
        match name {
            #[cfg(target_os = "linux")]
            "keyring" | "keyring:secret-service" => Some(Self::SecretService),
            #[cfg(target_os = "linux")]
            "keyring:keyutils" => Some(Self::Keyutils),
            #[cfg(target_os = "macos")]
            "keyring" | "keyring:keychain" => Some(Self::Keychain),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn settings(backend: &str) -> Settings {
        let pairs = [("HOME", "/home/u"), (variable::BACKEND, backend)];
        Settings::from_environment(&pairs.into_iter().collect()).unwrap()
    }

    #[test]
    fn a_keyring_that_was_chosen_is_never_replaced_by_plain_files() {
        for backend in ["keyring", "keyring:keyutils", "keyring:keychain"] {
            let read = settings(backend);
            assert_ne!(read.backend, Backend::File);
            let is_missing = matches!(read.backend, Backend::NoKeyring(_));
            assert_eq!(read.directory().is_none(), is_missing, "{backend}");
        }
        assert_eq!(settings("file").backend, Backend::File);
    }

    #[test]
    #[cfg(all(feature = "keyring", target_os = "linux"))]
    fn the_backend_names_the_keyring() {
        for (backend, keyring) in [
            ("keyring", Keyring::SecretService),
            ("keyring:secret-service", Keyring::SecretService),
            ("keyring:keyutils", Keyring::Keyutils),
        ] {
            assert_eq!(settings(backend).backend, Backend::Keyring(keyring));
        }
    }
}
