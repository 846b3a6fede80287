//! The same numbers for whoever collects them, by the facade of the crate `metrics`.

use metrics::{IntoLabels, Label, Unit, counter, describe_counter};

use super::config::ClientConfig;
use super::counts::CredentialCounts;

const HITS: &str = "kcc_credential_hits_total";
const REFRESHES: &str = "kcc_credential_refreshes_total";

type Counter = (
    &'static str,
    Unit,
    &'static str,
    fn(&CredentialCounts) -> u64,
);

const COUNTERS: [Counter; 5] = [
    (
        "kcc_plugin_runs_total",
        Unit::Count,
        "Exec plugin runs of this process.",
        |counts| counts.plugin_runs,
    ),
    (
        "kcc_plugin_microseconds_total",
        Unit::Microseconds,
        "Time that these runs took.",
        |counts| u64::try_from(counts.plugin_time.as_micros()).unwrap_or(u64::MAX),
    ),
    (
        "kcc_unauthorized_total",
        Unit::Count,
        "Answers 401 to requests with the user's credential.",
        |counts| counts.unauthorized,
    ),
    (
        "kcc_credential_failures_total",
        Unit::Count,
        "Times that there was no new credential.",
        |counts| counts.failures,
    ),
    (
        "kcc_credential_stale_total",
        Unit::Count,
        "Times that the stored credential went on because the plugin failed.",
        |counts| counts.stale,
    ),
];

/// Describes the metrics of clients to the exporter that is installed. Call it once, after that;
/// `kcache::describe_metrics` does it, too.
pub fn describe_metrics() {
    for (name, unit, text, _) in COUNTERS {
        describe_counter!(name, unit, text);
    }
    describe_counter!(
        HITS,
        Unit::Count,
        "Credentials that took no run, by where they were."
    );
    describe_counter!(
        REFRESHES,
        Unit::Count,
        "Renewals of a credential, by why they began."
    );
}

impl ClientConfig {
    /// Gives its [`counts`](Self::counts) to the exporter of the crate `metrics` that is installed, with these
    /// labels, which tell it from other configurations. Call it from time to time, as in each scrape.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # fn example(config: &kcc_core::client::ClientConfig) {
    /// config.record_metrics(&[("cluster", "prod")]);
    /// # }
    /// ```
    pub fn record_metrics(&self, labels: impl IntoLabels) {
        let (labels, counts) = (labels.into_labels(), self.counts());
        for (name, _, _, read) in COUNTERS {
            counter!(name, labels.clone()).absolute(read(&counts));
        }
        let with = |key, value| {
            let mut labels = labels.clone();
            labels.push(Label::from_static_parts(key, value));
            labels
        };
        for (place, hits) in [
            ("memory", counts.memory_hits),
            ("store", counts.store_hits),
            ("process", counts.shared_runs),
        ] {
            counter!(HITS, with("from", place)).absolute(hits);
        }
        for (reason, times) in [
            ("ahead", counts.refreshes_ahead),
            ("unauthorized", counts.refreshes_after_401),
        ] {
            counter!(REFRESHES, with("reason", reason)).absolute(times);
        }
    }
}
