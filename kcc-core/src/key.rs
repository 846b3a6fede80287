//! The key of an entry: an HMAC over everything that decides which credential is meant.

mod installation;
mod parts;
mod shown;

pub(crate) use installation::{InstallationKey, hex};
pub(crate) use parts::{Key, KeyParts};
pub use shown::{is_harmless_option, is_harmless_variable};
