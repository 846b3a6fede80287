use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What the credentials of a [`ClientConfig`](super::ClientConfig) took so far, in numbers: see
/// [`ClientConfig::counts`](super::ClientConfig::counts).
///
/// What is of an exec plugin is zero for users without one. A request is answered from memory, or it waits
/// for what comes from the store, from another process, or from a run; those who wait for the same thing count
/// once there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialCounts {
    /// How many requests found the plugin's credential in memory.
    pub memory_hits: u64,
    /// How often it came from the store, without a run: another process had left it there.
    pub store_hits: u64,
    /// How often it came from a run of another process that was waited for.
    pub shared_runs: u64,
    /// How many times this process started the plugin.
    pub plugin_runs: u64,
    /// How long these runs took.
    pub plugin_time: Duration,
    /// How many of the renewals began before the credential's end, while it was used on.
    pub refreshes_ahead: u64,
    /// How many renewals began because the server answered 401.
    pub refreshes_after_401: u64,
    /// How many answers were 401 to a request with the user's credential, of whatever sort that is.
    pub unauthorized: u64,
    /// How often there was no new credential: the plugin failed, or what it gave is none.
    pub failures: u64,
    /// How often the one that was stored went on because the plugin failed; these are among the failures.
    pub stale: u64,
}

/// A number that goes up.
#[derive(Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What is counted for all clients of a configuration.
#[derive(Default)]
pub(super) struct Counters {
    pub(super) memory_hits: Count,
    pub(super) store_hits: Count,
    pub(super) shared_runs: Count,
    pub(super) plugin_runs: Count,
    plugin_micros: Count,
    pub(super) refreshes_ahead: Count,
    pub(super) refreshes_after_401: Count,
    pub(super) unauthorized: Count,
    pub(super) failures: Count,
    pub(super) stale: Count,
}

impl Counters {
    pub(super) fn ran(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros());
        self.plugin_micros.add(micros.unwrap_or(u64::MAX));
    }

    pub(super) fn read(&self) -> CredentialCounts {
        CredentialCounts {
            memory_hits: self.memory_hits.get(),
            store_hits: self.store_hits.get(),
            shared_runs: self.shared_runs.get(),
            plugin_runs: self.plugin_runs.get(),
            plugin_time: Duration::from_micros(self.plugin_micros.get()),
            refreshes_ahead: self.refreshes_ahead.get(),
            refreshes_after_401: self.refreshes_after_401.get(),
            unauthorized: self.unauthorized.get(),
            failures: self.failures.get(),
            stale: self.stale.get(),
        }
    }
}
