use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::exec::CredentialKind;
use crate::secret::Secret;

/// What is known of a stored credential without looking at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Metadata {
    #[serde(with = "micros")]
    pub(crate) stored_at: Timestamp,
    #[serde(with = "micros")]
    pub(crate) expires_at: Timestamp,
    pub(crate) kind: CredentialKind,
    pub(crate) command: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
    /// Whether the plugin answers in this version where its client says none.
    #[serde(
        rename = "unasked",
        default,
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub(crate) unrequested: bool,
    /// Whether the expiry that is printed is not the plugin's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) inferred: bool,
    /// What tells the entry from others, as it may be shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parts: Vec<(String, String)>,
    /// Whether a file that says who is active changed while the plugin ran: then it answers who
    /// waited for it, and nobody later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) moved: bool,
}

/// A stored credential.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) metadata: Metadata,
    /// The line to print.
    pub(crate) credential: Secret,
}

/// Microseconds since the Unix epoch: a hit reads them without a parser of dates.
mod micros {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        at: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.as_microsecond())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        Timestamp::from_microsecond(i64::deserialize(from)?).map_err(D::Error::custom)
    }
}
