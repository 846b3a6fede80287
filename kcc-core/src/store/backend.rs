#[cfg(feature = "keyring")]
use std::fmt;

/// How credentials are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    /// Files that only their owner can read.
    File,
    /// The same, and their credentials sealed under a key that is kept elsewhere.
    #[cfg(feature = "keyring")]
    Keyring(Keyring),
    /// A keyring that is not to be had, for the reason given.
    NoKeyring(&'static str),
}

/// Who keeps the key under which credentials are sealed.
#[cfg(feature = "keyring")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyring {
    /// What a desktop session has: GNOME Keyring, `KWallet` or `KeePassXC`.
    #[cfg(target_os = "linux")]
    SecretService,
    /// The kernel's keyrings (keyrings(7)): in memory, until the machine restarts.
    #[cfg(target_os = "linux")]
    Keyutils,
    /// The login keychain.
    #[cfg(target_os = "macos")]
    Keychain,
}

#[cfg(feature = "keyring")]
impl fmt::Display for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            #[cfg(target_os = "linux")]
            Self::SecretService => "the Secret Service",
            #[cfg(target_os = "linux")]
            Self::Keyutils => "the kernel's keyring",
            #[cfg(target_os = "macos")]
            Self::Keychain => "the keychain",
        })
    }
}
