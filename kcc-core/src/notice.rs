//! What a caller is told on the way to a credential.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

/// Something a person may want to know. None of them holds a secret.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A stored entry was not used, and counts as absent.
    EntryUnusable {
        /// The entry's file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The credential is good, and the next request will have to run the plugin again.
    NotStored {
        /// Why.
        problem: String,
    },
    /// Another process runs the plugin for this credential, and has for some seconds.
    Waiting,
    /// The plugin runs although another process may run it at the same time.
    NotLocked {
        /// Why.
        problem: String,
    },
    /// The plugin failed, and the stored credential, which has not expired yet, is used.
    PluginFailed {
        /// How it failed.
        problem: String,
        /// When the stored credential ends.
        expires_at: Timestamp,
    },
    /// The default kuberc cannot be read, so no plugin policy holds.
    KubercIgnored {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// For debugging: why the plugin has to run.
    Miss {
        /// Why.
        reason: MissReason,
        /// The entry's file.
        path: Option<PathBuf>,
    },
    /// For debugging: the store answered.
    Hit {
        /// The entry's file.
        path: PathBuf,
        /// When the credential ends.
        expires_at: Timestamp,
    },
    /// For who has to end it: the plugin is started now. [`Request::forward_signals`](crate::Request::forward_signals) holds from
    /// here on.
    PluginStarts,
    /// For debugging: the plugin ran to its end.
    PluginRan {
        /// How long it took.
        took: Duration,
        /// What it ended with; `None` where it did not end by itself, or could not be started.
        exit_code: Option<i32>,
    },
}

/// Why the store does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissReason {
    /// There is no usable entry.
    Absent,
    /// The entry has expired.
    Expired,
    /// The entry is so near its end that it is renewed.
    InMargin,
    /// The entry seems to be stored in the future.
    ClockSetBack,
    /// There is no store.
    NoStore,
    /// The entry is the credential that the server refused.
    Rejected,
    /// The client process that was given the entry requests it again: the server seems to have
    /// refused it.
    RequestedAgain,
    /// A file that says who is active changed while the plugin ran: of which of the two the entry is,
    /// nobody knows.
    FilesChanged,
    /// The entry is good; it is refreshed before its time, in the background.
    Ahead,
    /// Somebody wants the entry replaced.
    Refresh,
}

/// Takes what a person may want to know, as it happens.
pub type Notify<'a> = &'a mut dyn FnMut(Notice);

impl Notice {
    /// Whether a person should see it unasked.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::EntryUnusable { .. }
            | Self::NotStored { .. }
            | Self::Waiting
            | Self::NotLocked { .. }
            | Self::PluginFailed { .. }
            | Self::KubercIgnored { .. } => true,
            Self::Miss { .. } | Self::Hit { .. } | Self::PluginStarts | Self::PluginRan { .. } => {
                false
            }
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EntryUnusable { path, problem } => {
                write!(f, "the entry {} is not used: {problem}", path.display())
            }
            Self::NotStored { problem } => {
                write!(f, "the credential could not be stored: {problem}")
            }
            Self::Waiting => {
                f.write_str("another process runs the plugin for this credential; waiting for it")
            }
            Self::NotLocked { problem } => {
                write!(
                    f,
                    "the plugin runs without a lock, perhaps beside another run: {problem}"
                )
            }
            Self::PluginFailed {
                problem,
                expires_at,
            } => {
                write!(
                    f,
                    "{problem}; using the stored credential, good until {expires_at:.0}"
                )
            }
            Self::KubercIgnored { path, problem } => {
                write!(
                    f,
                    "kuberc: no preferences loaded from {}: {problem}",
                    path.display()
                )
            }
            Self::Miss {
                reason,
                path: Some(path),
            } => write!(f, "miss: {reason}: {}", path.display()),
            Self::Miss { reason, path: None } => write!(f, "miss: {reason}"),
            Self::Hit { path, expires_at } => {
                write!(f, "hit: {}, good until {expires_at:.0}", path.display())
            }
            Self::PluginStarts => f.write_str("the plugin is started"),
            Self::PluginRan { took, .. } => write!(f, "the plugin ran for {took:.0?}"),
        }
    }
}

impl fmt::Display for MissReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "there is no usable entry",
            Self::Expired => "the entry has expired",
            Self::InMargin => "the entry is near its expiry",
            Self::ClockSetBack => "the entry is from the future; the clock was set back",
            Self::NoStore => "there is no store",
            Self::Rejected => "the server refused the entry",
            Self::RequestedAgain => {
                "its client requests it again; the server seems to have refused the entry"
            }
            Self::FilesChanged => "who is active changed while the entry's plugin ran",
            Self::Ahead => "it is refreshed before its time",
            Self::Refresh => "a refresh was requested",
        })
    }
}
