use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Keeps fingerprints apart from the names of entries.
const FINGERPRINT: &[u8] = b"kcc fingerprint 1";

/// The random key of this installation, so that the names of entries tell nothing about them.
#[derive(Clone)]
pub(crate) struct InstallationKey(Zeroizing<[u8; 32]>);

impl InstallationKey {
    pub(crate) const SIZE: usize = 32;

    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; Self::SIZE]);
        getrandom::fill(bytes.as_mut())?;
        Ok(Self(bytes))
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes = <[u8; Self::SIZE]>::try_from(bytes).ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Tells texts apart without showing them: eight hexadecimal digits, the same for the same text.
    pub(crate) fn fingerprint(&self, text: &[u8]) -> String {
        let mac = self.authenticate([FINGERPRINT, text]);
        hex(&mac[..4])
    }

    /// An HMAC over fields, each behind its length, so that no two lists of fields look alike.
    pub(crate) fn authenticate<'a>(&self, fields: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
        let mut hasher = Hasher::new(self);
        for field in fields {
            hasher.field(field);
        }
        hasher.finish()
    }
}

/// HMAC-SHA-256 over length-prefixed fields.
pub(super) struct Hasher(Hmac<Sha256>);

impl Hasher {
    pub(super) fn new(installation: &InstallationKey) -> Self {
        Self(Hmac::new_from_slice(installation.as_bytes()).expect("HMAC takes keys of any length"))
    }

    pub(super) fn count(&mut self, count: usize) {
        self.0.update(&(count as u64).to_le_bytes());
    }

    pub(super) fn field(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> [u8; 32] {
        self.0.finalize().into_bytes().into()
    }
}

impl fmt::Debug for InstallationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InstallationKey([redacted])")
    }
}

/// Bytes as text, two digits each.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from(DIGITS[usize::from(nibble)]));
        }
    }
    text
}
