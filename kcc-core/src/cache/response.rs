use jiff::Timestamp;

use crate::secret::Secret;

/// What a [`Request`](super::Request) gets.
#[derive(Debug)]
pub struct Response {
    /// An `ExecCredential` as one line of JSON, with the line's end.
    pub credential: Secret,
    /// Where it came from.
    pub source: Source,
    /// From when on a request renews it: the begin of its refresh margin. `None` where it has no end.
    pub renew_at: Option<Timestamp>,
    /// Whether it is time to refresh it, and this process is the one to see to that: by starting
    /// another one, in the background, that calls [`refresh_ahead`](super::CredentialCache::refresh_ahead). Only ever so
    /// [for a parent process](super::CredentialCache::for_parent_process).
    pub refresh_is_due: bool,
}

/// Where a credential came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The store; nothing was run or locked.
    Cache,
    /// A plugin run of this process.
    Plugin,
    /// A plugin run of another process that requested it at the same time.
    OtherProcess,
    /// The store, since the plugin failed: the credential is in its refresh margin, not expired.
    CacheAfterFailure,
}
