use std::borrow::Cow;

use super::fault::Fault;
#[cfg(feature = "keyring")]
use super::seal::Seal;
use crate::key::Key;
use crate::secret::Secret;

/// The first bytes of an entry: the format and its version.
pub(super) const MAGIC: &str = "kcc1 ";
/// The same where the credential is sealed. It begins with the other, so that the metadata is found
/// alike.
pub(super) const SEALED_MAGIC: &str = "kcc1 sealed ";

/// How credentials are stored. An entry of the other form is none: what was to be
/// sealed is never read from plain text.
#[derive(Debug)]
pub(super) enum Form {
    Plain,
    /// Encrypted under a key that the operating system's keyring keeps.
    #[cfg(feature = "keyring")]
    Sealed(Seal),
}

impl Form {
    pub(super) fn magic(&self) -> &'static str {
        match self {
            Self::Plain => MAGIC,
            #[cfg(feature = "keyring")]
            Self::Sealed(_) => SEALED_MAGIC,
        }
    }

    pub(super) fn wrap<'a>(
        &self,
        key: Key,
        metadata: &[u8],
        credential: &'a Secret,
    ) -> Result<Cow<'a, [u8]>, Fault> {
        match self {
            Self::Plain => Ok(Cow::Borrowed(credential.expose())),
            #[cfg(feature = "keyring")]
            Self::Sealed(seal) => Ok(seal.seal(&bound(key, metadata), credential)?.into()),
        }
    }

    pub(super) fn unwrap(&self, key: Key, metadata: &[u8], stored: &[u8]) -> Result<Secret, Fault> {
        match self {
            Self::Plain => Ok(Secret::new(stored.to_vec())),
            #[cfg(feature = "keyring")]
            Self::Sealed(seal) => {
                let opened = seal.open(&bound(key, metadata), stored);
                opened.ok_or(Fault::OtherSeal)
            }
        }
    }
}

/// What a seal binds its credential to. Names are of one length.
#[cfg(feature = "keyring")]
fn bound(key: Key, metadata: &[u8]) -> Vec<u8> {
    [key.to_hex().as_bytes(), metadata].concat()
}
