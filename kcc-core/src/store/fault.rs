#[cfg(feature = "keyring")]
use super::seal::SealError;
use std::io;

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
    Unsealed(#[from] SealError),
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Fault {
    /// Whether a new entry may take its place: what belongs to somebody else is left alone.
    pub(super) fn is_replaceable(&self) -> bool {
        !matches!(self, Self::ForeignOwner(_))
    }
}
