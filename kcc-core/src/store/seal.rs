//! How credentials are stored where a keyring keeps the key.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::secret::Secret;

pub(super) const KEY_SIZE: usize = 32;
const NONCE_SIZE: usize = 24;

/// Encrypts credentials: XChaCha20-Poly1305 under a random nonce, which stands in front. What the
/// entry says in plain text, and its name, are authenticated with it.
pub(crate) struct Seal(Zeroizing<[u8; KEY_SIZE]>);

impl Seal {
    pub(super) fn new(key: Zeroizing<[u8; KEY_SIZE]>) -> Self {
        Self(key)
    }

    /// `bound` has to be the same again when it is opened.
    pub(super) fn seal(&self, bound: &[u8], credential: &Secret) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_SIZE];
        getrandom::fill(&mut nonce).map_err(SealError::Random)?;
        let payload = Payload {
            msg: credential.expose(),
            aad: bound,
        };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| SealError::TooLong)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// `None` where it was sealed under another key, or anything of it was changed.
    pub(super) fn open(&self, bound: &[u8], sealed: &[u8]) -> Option<Secret> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_SIZE>()?;
        let payload = Payload {
            msg: sealed,
            aad: bound,
        };
        let opened = self.cipher().decrypt(&XNonce::from(*nonce), payload);
        opened.ok().map(Secret::new)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.0))
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

/// Why a credential could not be sealed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
    #[error("it is too long to be encrypted")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(key: u8) -> Seal {
        Seal::new(Zeroizing::new([key; KEY_SIZE]))
    }

    #[test]
    fn what_is_sealed_can_be_opened_and_not_read() {
        let sealed = seal(1)
            .seal(b"name", &Secret::new(b"MARKER".to_vec()))
            .unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"MARKER"));
        let opened = seal(1).open(b"name", &sealed).unwrap();
        assert_eq!(opened.expose(), b"MARKER");
    }

    #[test]
    fn nothing_of_it_can_be_changed() {
        let sealed = seal(1)
            .seal(b"name", &Secret::new(b"MARKER".to_vec()))
            .unwrap();
        assert!(seal(2).open(b"name", &sealed).is_none(), "another key");
        assert!(seal(1).open(b"mane", &sealed).is_none(), "another name");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(seal(1).open(b"name", &changed).is_none(), "byte {index}");
            assert!(seal(1).open(b"name", &sealed[..index]).is_none(), "{index}");
        }
    }

    #[test]
    fn the_same_credential_is_never_sealed_alike() {
        let credential = Secret::new(b"MARKER".to_vec());
        let sealed = [(); 2].map(|()| seal(1).seal(b"name", &credential).unwrap());
        assert_ne!(sealed[0], sealed[1]);
    }
}
