//! What is counted, and what is shown to `tracing`, of credentials on their way.

use std::sync::OnceLock;
use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kcache::client::CredentialCounts;
use kcache::{Informer, Informers};
use libtest_mimic::Failed;
use serde_json::json;

use super::{Outcome, PluginUser, Run, await_that, check, runtime, whoami};
use crate::trace::{Entry, Recorder};
use crate::trial::{named, until_ok};

pub(super) const TRIALS: &[(&str, Run)] = named![
    a_story_is_counted,
    a_refresh_ahead_is_counted,
    nothing_secret_is_in_any_span
];

fn counts_are(counts: &CredentialCounts, expected: CredentialCounts) -> Outcome {
    let plugin_time = counts.plugin_time;
    let mut expected = expected;
    expected.plugin_time = plugin_time;
    check(
        *counts == expected,
        format!("{counts:?} is not {expected:?}"),
    )?;
    let has_run = counts.plugin_runs > 0;
    check(has_run != plugin_time.is_zero(), format!("{plugin_time:?}"))
}

/// All others are 0.
fn counts(set: impl FnOnce(&mut CredentialCounts)) -> CredentialCounts {
    let mut counts = CredentialCounts::default();
    set(&mut counts);
    counts
}

fn a_story_is_counted() -> Outcome {
    let user = PluginUser::new("cara")?.with_tokens()?;
    let (one, other) = (user.config()?, user.config()?);
    counts_are(&one.counts(), CredentialCounts::default())?;
    runtime()?.block_on(async {
        let client = one.client()?;
        for _ in 0..4 {
            user.expect_known(&client).await?;
        }
        let first = counts(|it| (it.plugin_runs, it.memory_hits) = (1, 3));
        counts_are(&one.counts(), first)?;
        // Another program finds it in the store.
        let second = other.client()?;
        user.expect_known(&second).await?;
        user.expect_known(&second).await?;
        let found = counts(|it| (it.store_hits, it.memory_hits) = (1, 1));
        counts_are(&other.counts(), found)?;
        // It is revoked: one answer 401, one run, and the request again.
        user.cluster.revoke_token(&user.token(1))?;
        user.expect_known(&client).await?;
        let renewed = counts(|it| {
            (it.plugin_runs, it.memory_hits) = (2, 4);
            (it.unauthorized, it.refreshes_after_401) = (1, 1);
        });
        counts_are(&one.counts(), renewed)?;
        // Once more, and the plugin fails.
        user.plugin.exits_with(7)?;
        user.cluster.revoke_token(&user.token(2))?;
        check(whoami(&client).await.is_err(), "nobody knows it")?;
        let failed = counts(|it| {
            (it.plugin_runs, it.memory_hits) = (3, 5);
            (it.unauthorized, it.refreshes_after_401, it.failures) = (2, 2, 1);
        });
        counts_are(&one.counts(), failed)?;
        // All clients and clones count together.
        counts_are(&one.clone().counts(), one.counts())
    })
}

fn a_refresh_ahead_is_counted() -> Outcome {
    let user = PluginUser::renewed_ahead("dora")?;
    let config = user.config()?;
    runtime()?.block_on(async {
        let client = config.client()?;
        user.expect_known(&client).await?;
        user.plugin.expires_after(Some(3_600))?;
        let is_renewed = async || {
            user.expect_known(&client).await?;
            Ok(check(config.counts().plugin_runs >= 2, "a renewal"))
        };
        until_ok(LIMIT, is_renewed).await?;
        let counts = config.counts();
        check(
            (counts.refreshes_ahead, counts.unauthorized) == (1, 0),
            format!("{counts:?}"),
        )
    })
}

/// A limit that only a hang reaches.
const LIMIT: Duration = Duration::from_secs(120);

/// All that the trials of this process say, from the first call on: plugins have threads of their own.
fn recorder() -> &'static Recorder {
    static RECORDER: OnceLock<Recorder> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let recorder = Recorder::default();
        let installed = tracing::subscriber::set_global_default(recorder.clone());
        installed.expect("there is no other");
        recorder
    })
}

/// What must be nowhere but where it belongs.
const MARKERS: [&str; 5] = [
    "marker-argument",
    "marker-variable",
    "marker-stderr",
    "marker-token",
    "marker-content",
];

fn nothing_secret_is_in_any_span() -> Outcome {
    let recorder = recorder();
    let user = PluginUser::with("marker-free", |exec, _| {
        exec.args.push("marker-argument".to_owned());
        exec.env
            .push(("MARKED".to_owned(), "marker-variable".to_owned()));
    })?;
    user.plugin.answers_token("marker-token-@RUN@")?;
    user.plugin.says("marker-stderr\n")?;
    for run in 1..=3 {
        user.add_token(&format!("marker-token-{run}"))?;
    }
    let metadata =
        json!({ "namespace": "default", "name": "marked", "labels": { "l": "marker-content" } });
    user.cluster.apply(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": metadata,
        "stringData": { "key": "marker-content" },
    }))?;
    user.cluster.apply(&json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata,
        "data": { "key": "marker-content" },
    }))?;
    let config = user.config()?;
    runtime()?.block_on(async {
        let client = config.client()?;
        let informers = Informers::new(client.clone());
        let secrets = informers.informer::<Secret>();
        // No object of this kind can be read as one of that.
        let others = Informer::<ConfigMap>::builder(client.clone());
        let others = others.transform_json(|map| map["data"] = json!(["marker-content"]));
        let others = others.labels("none!=marker-content").start();
        secrets.ready_or_refused().await?;
        others.ready_or_refused().await?;
        check(others.status().bad_objects > 0, "there are bad objects")?;
        informers.list_live::<Secret>("default").await?;
        user.cluster.revoke_token("marker-token-1")?;
        user.expect_known(&client).await?;
        user.plugin.exits_with(7)?;
        user.cluster.revoke_token("marker-token-2")?;
        check(whoami(&client).await.is_err(), "nobody knows it")?;
        user.plugin.exits_with(0)?;
        user.plugin.answers("marker-token, and no credential")?;
        check(whoami(&client).await.is_err(), "nobody knows it")?;
        Ok::<_, Failed>(())
    })?;
    recorder.expect_none_of(&MARKERS);
    let of_user = |name: &str| {
        let mut spans = recorder.spans(name);
        spans.retain(|span| span.has("kcc.user", &user.name));
        spans
    };
    let (credentials, runs) = (of_user("credential"), of_user("plugin"));
    let any = |spans: &[Entry], fields: &[(&str, &str)]| {
        let has = |span: &Entry| fields.iter().all(|(field, value)| span.has(field, value));
        let found = spans.iter().any(has);
        check(found, format!("{fields:?} in {spans:?}"))
    };
    any(
        &credentials,
        &[("kcc.reason", "first"), ("kcc.source", "plugin")],
    )?;
    any(
        &credentials,
        &[("kcc.reason", "unauthorized"), ("kcc.source", "plugin")],
    )?;
    let failed = [("error.type", "exit"), ("otel.status_code", "ERROR")];
    any(&credentials, &failed)?;
    any(
        &runs,
        &[
            ("process.exit.code", "0"),
            ("process.executable.name", "plugin"),
        ],
    )?;
    any(
        &runs,
        &[("process.exit.code", "7"), ("otel.status_code", "ERROR")],
    )?;
    let entries = recorder.entries();
    let is_in_one = |run: &Entry| {
        let parent = run.parent.map(|parent| entries[parent].name());
        parent == Some("credential")
    };
    check(runs.iter().all(is_in_one), "each run is for a credential")?;
    // The thread of the last one ends after its answer.
    await_that("the end of the spans", || {
        let spans = [of_user("credential"), of_user("plugin")].concat();
        Ok(spans.iter().all(Entry::is_closed))
    })?;
    // Where a request went is in its span.
    let requests = recorder.spans("request");
    let host = config.server();
    let host = host.trim_start_matches("https://").trim_end_matches('/');
    let (address, port) = host.rsplit_once(':').ok_or("a port")?;
    any(
        &requests,
        &[
            ("server.address", address),
            ("server.port", port),
            ("http.response.status_code", "200"),
            ("otel.name", "GET /api/v1/secrets"),
        ],
    )
}
