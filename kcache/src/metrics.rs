//! Numbers for whoever collects them, by the facade of the crate `metrics`.

use metrics::{IntoLabels, Label, Unit, counter, describe_counter, describe_gauge, gauge};

use crate::counts::{Counts, FormCounts};
use crate::informers::Informers;
use crate::object::Object;
use crate::publisher::Publisher;
use crate::status::Phase;

/// Describes all metrics to the exporter that is installed, with those of clients that the loader makes. Call it
/// once, after that.
///
/// # Example
///
/// ```
/// kcache::describe_metrics(); // without an exporter it does nothing
/// ```
pub fn describe_metrics() {
    for (name, unit, text) in GAUGES {
        describe_gauge!(name, unit, text);
    }
    for (name, unit, text, _) in COUNTERS {
        describe_counter!(name, unit, text);
    }
    describe_counter!(
        RELISTS,
        Unit::Count,
        "Lists after the first one, by reason."
    );
    for (name, text, _) in FORM_GAUGES {
        describe_gauge!(name, Unit::Bytes, text);
    }
    describe_counter!(
        DECODED_AGAIN,
        Unit::Count,
        "Times that what is held compressed was decoded for a reader."
    );
    #[cfg(feature = "client")]
    kcc_core::client::describe_metrics();
}

const OBJECTS: &str = "kcache_objects";
const BAD_OBJECTS: &str = "kcache_bad_objects";
const BEHIND: &str = "kcache_behind_seconds";
const PHASE: &str = "kcache_phase";
const RELISTS: &str = "kcache_relists_total";

const SUBSCRIPTIONS: &str = "kcache_subscriptions";
const WAITING: &str = "kcache_waiting_changes";
const DECODED_AGAIN: &str = "kcache_decoded_again_total";

const GAUGES: [(&str, Unit, &str); 6] = [
    (OBJECTS, Unit::Count, "Objects that are there."),
    (
        SUBSCRIPTIONS,
        Unit::Count,
        "Subscriptions, with those of views and joins.",
    ),
    (
        WAITING,
        Unit::Count,
        "Changes that wait for the subscription that is furthest behind.",
    ),
    (
        BAD_OBJECTS,
        Unit::Count,
        "Objects that could not be taken in.",
    ),
    (
        BEHIND,
        Unit::Seconds,
        "Since the server last said that the state is up to date.",
    ),
    (
        PHASE,
        Unit::Count,
        "1 for the phase that it is in, 0 for others.",
    ),
];

type FormGauge = (&'static str, &'static str, fn(&FormCounts) -> u64);

/// Of stored forms that count themselves.
const FORM_GAUGES: [FormGauge; 2] = [
    (
        "kcache_held_bytes",
        "Bytes that are held for the content of objects.",
        |form| form.held_bytes,
    ),
    (
        "kcache_plain_bytes",
        "Bytes that the same objects would be as they came.",
        |form| form.plain_bytes,
    ),
];

type Counter = (&'static str, Unit, &'static str, fn(&Counts) -> u64);

const COUNTERS: [Counter; 14] = [
    ("kcache_commits_total", Unit::Count, "Commits.", |counts| {
        counts.commits
    }),
    (
        "kcache_changes_total",
        Unit::Count,
        "Creates, updates and deletes.",
        |counts| counts.changes,
    ),
    (
        "kcache_commit_microseconds_total",
        Unit::Microseconds,
        "Time spent in commits.",
        |counts| micros(counts.commit_time),
    ),
    (
        "kcache_evaluations_total",
        Unit::Count,
        "Evaluations of filters.",
        |counts| counts.evaluations,
    ),
    (
        "kcache_bad_reports_total",
        Unit::Count,
        "Times that an object could not be taken in.",
        |counts| counts.bad_reports,
    ),
    (
        "kcache_lists_total",
        Unit::Count,
        "Complete lists.",
        |counts| counts.lists,
    ),
    (
        "kcache_watches_total",
        Unit::Count,
        "Watches opened.",
        |counts| counts.watches,
    ),
    (
        "kcache_failures_total",
        Unit::Count,
        "Requests that failed, and watches that broke.",
        |counts| counts.failures,
    ),
    (
        "kcache_stale_lists_total",
        Unit::Count,
        "Lists that were older than requested, and refused.",
        |counts| counts.stale_inputs,
    ),
    (
        "kcache_decoded_objects_total",
        Unit::Count,
        "Objects decoded.",
        |counts| counts.decoded,
    ),
    (
        "kcache_decode_microseconds_total",
        Unit::Microseconds,
        "Time spent in decoding.",
        |counts| micros(counts.decode_time),
    ),
    (
        "kcache_lags_total",
        Unit::Count,
        "Times that a subscription began to lag.",
        |counts| counts.lags,
    ),
    (
        "kcache_merged_changes_total",
        Unit::Count,
        "Changes that were merged into others, because a subscription lagged.",
        |counts| counts.merged,
    ),
    (
        "kcache_received_bytes_total",
        Unit::Bytes,
        "Bytes of objects in lists and watches.",
        |counts| counts.received_bytes,
    ),
];

const PHASES: [&str; 4] = ["syncing", "live", "degraded", "closed"];

fn name(phase: &Phase) -> &'static str {
    PHASES[match phase {
        Phase::Syncing { .. } => 0,
        Phase::Live => 1,
        Phase::Degraded { .. } => 2,
        Phase::Closed(_) => 3,
    }]
}

impl<V: Object> Publisher<V> {
    /// Gives its [`counts`](Self::counts) and its phase to the exporter of the crate `metrics` that is
    /// installed, with these labels, which tell it from other publishers. Call it
    /// from time to time, as in each scrape: counting goes on meanwhile, and costs no more with an exporter.
    ///
    /// # Example
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// # let (maps, mut feed) = kcache::feed::<ConfigMap>();
    /// maps.record_metrics(&[("resource", "configmaps")]);
    /// ```
    pub fn record_metrics(&self, labels: impl IntoLabels) {
        record(&labels.into_labels(), &self.counts(), &self.status().phase);
    }
}

impl Informers {
    /// Gives the counts and the phases of all that run to the exporter of the crate `metrics` that is
    /// installed: see [`Publisher::record_metrics`]. The labels are `resource`, as kubectl names it, `form`, the
    /// stored type, and `scope`, the namespaces and selectors, empty for all.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(informers: kcache::Informers) {
    /// kcache::describe_metrics();
    /// let mut ticks = tokio::time::interval(Duration::from_secs(10));
    /// loop {
    ///     ticks.tick().await;
    ///     informers.record_metrics();
    /// }
    /// # }
    /// ```
    pub fn record_metrics(&self) {
        for it in self.overview() {
            let labels = [
                Label::new("resource", it.resource.to_string()),
                Label::new("form", it.form),
                Label::new("scope", it.scope),
            ];
            record(&labels, &it.counts, &it.status.phase);
        }
    }
}

fn record(labels: &[Label], counts: &Counts, phase: &Phase) {
    let labels = labels.to_vec();
    let set = |name, value: f64| gauge!(name, labels.clone()).set(value);
    set(OBJECTS, count(counts.objects as u64));
    set(BAD_OBJECTS, count(counts.bad_objects));
    set(SUBSCRIPTIONS, count(counts.subscriptions as u64));
    set(WAITING, count(counts.most_waiting as u64));
    if let Some(form) = &counts.form {
        for (name, _, read) in FORM_GAUGES {
            set(name, count(read(form)));
        }
        counter!(DECODED_AGAIN, labels.clone()).absolute(form.decoded);
    }
    if let Some(behind) = counts.behind {
        set(BEHIND, behind.as_secs_f64());
    }
    let with = |key, value| {
        let mut labels = labels.clone();
        labels.push(Label::from_static_parts(key, value));
        labels
    };
    for one in PHASES {
        let is = if one == name(phase) { 1.0 } else { 0.0 };
        gauge!(PHASE, with("phase", one)).set(is);
    }
    for (name, _, _, read) in COUNTERS {
        counter!(name, labels.clone()).absolute(read(counts));
    }
    for (reason, times) in counts.relists.iter() {
        counter!(RELISTS, with("reason", reason)).absolute(times);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge has no other numbers")]
fn count(number: u64) -> f64 {
    number as f64
}

fn micros(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
