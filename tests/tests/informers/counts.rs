//! What is counted, and what an exporter shows of it.

use std::collections::BTreeSet;
use std::time::Duration;

use harness::memory::{ApiServer, Fault, Verb};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kcache::client::ClientConfig;
use kcache::{Compact, Filter, Informer, Informers, KindOptions, Phase, SubscribeOptions};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::{client, eventually, pod, put};

fn server() -> ApiServer {
    let server = ApiServer::new();
    put(&server, [pod("shop", "a"), pod("shop", "b")]);
    server
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_counted_where_it_happens() {
    let server = server();
    let pods = Informer::<Pod>::builder(client(&server)).start();
    let view = pods.view(Filter::labels([("app", "web")]));
    view.ready().await.unwrap();
    let first = pods.counts();
    assert_eq!((first.objects, first.changes, first.commits), (2, 2, 1));
    assert_eq!((first.lists, first.watches, first.decoded), (1, 1, 2));
    assert_eq!(first.relists.iter().map(|(_, times)| times).sum::<u64>(), 0);
    assert!(first.received_bytes > 200 && first.decode_time > Duration::ZERO);
    assert!(first.commit_time > Duration::ZERO);
    put(&server, [pod("shop", "c")]);
    server.delete("pods", "shop", "a").unwrap();
    eventually(|| view.counts().changes == 4).await;
    let now = pods.counts();
    assert_eq!((now.objects, now.changes, now.lists), (2, 4, 1));
    assert!(now.evaluations > first.evaluations);
    // What is derived has no source.
    let derived = view.counts();
    assert_eq!((derived.objects, derived.lists, derived.watches), (2, 0, 0));
    assert_eq!(derived.behind, None);
}

#[tokio::test(start_paused = true)]
async fn a_relist_has_a_reason() {
    let server = server();
    let pods = Informer::<Pod>::builder(client(&server)).start();
    pods.ready().await.unwrap();
    let resumes = |fault: Fault| {
        let watches = fault.on(Verb::Watch);
        watches.when(|info| info.parameter("sendInitialEvents") != "true")
    };
    server.inject(resumes(Fault::gone()).times(1));
    server.cut_watches();
    eventually(|| pods.counts().lists == 2).await;
    assert_eq!(pods.counts().relists.expired, 1);
    server.inject(resumes(Fault::internal_error()).times(1));
    server.cut_watches();
    eventually(|| pods.counts().lists == 3).await;
    assert_eq!(pods.counts().relists.refused, 1);
    let relists = pods.counts().relists;
    assert_eq!(relists.iter().map(|(_, times)| times).sum::<u64>(), 2);
    assert!(pods.counts().failures >= 2);
    // One that is only opened again is no relist.
    let watches = pods.counts().watches;
    server.end_watches();
    eventually(|| pods.counts().watches > watches).await;
    assert_eq!(pods.counts().lists, 3);
}

#[tokio::test(start_paused = true)]
async fn bookmarks_say_how_far_it_is_behind() {
    let server = server();
    let pods = Informer::<Pod>::builder(client(&server)).start();
    pods.ready().await.unwrap();
    for number in 0..10 {
        // Something else is written, so that a bookmark says more than the last one.
        let mut map = pod("shop", &format!("m{number}"));
        map["kind"] = "ConfigMap".into();
        put(&server, [map]);
        tokio::time::sleep(Duration::from_secs(47)).await;
        let behind = pods.counts().behind.unwrap();
        // A bookmark a minute; one that a new watch does without.
        assert!(behind <= Duration::from_secs(125), "{behind:?}");
    }
    server.inject(Fault::unavailable().forever());
    server.cut_watches();
    eventually(|| matches!(pods.status().phase, Phase::Degraded { .. })).await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert!(pods.counts().behind.unwrap() >= Duration::from_secs(300));
}

#[tokio::test]
async fn subscriptions_that_lag_are_counted_beyond_their_end() {
    let (maps, mut feed) = kcache::feed::<ConfigMap>();
    let map = |name: &str, version: usize| -> ConfigMap {
        let metadata = json!({ "name": name, "resourceVersion": version.to_string() });
        serde_json::from_value(json!({ "metadata": metadata })).unwrap()
    };
    feed.relist([map("a", 1)], None).unwrap();
    let quick = maps.subscribe();
    let slow = maps.subscribe_options(SubscribeOptions::default().queue(2));
    assert_eq!(maps.counts().subscriptions, 2);
    for version in 2..12 {
        feed.apply(map("a", version)).unwrap();
    }
    let counts = maps.counts();
    // The quick one has its start and ten changes; of the slow one all are merged into its start.
    assert_eq!(counts.most_waiting, 11, "{counts:?}");
    assert_eq!((counts.lags, counts.merged), (1, 10), "{counts:?}");
    drop((quick, slow));
    let counts = maps.counts();
    assert_eq!((counts.subscriptions, counts.most_waiting), (0, 0));
    assert_eq!((counts.lags, counts.merged), (1, 10));
}

#[tokio::test]
async fn an_exporter_shows_them_and_the_dashboard_knows_no_others() {
    let server = server();
    let informers = Informers::new(client(&server));
    let web = KindOptions::new().namespaces(["shop"]).labels("app=web");
    let pods = informers.informer::<Pod>();
    let _web = informers.informer_with::<Pod>(web);
    let compact = informers.informer::<Compact<Pod>>();
    let maps = informers.informer::<ConfigMap>();
    let view = maps.view(Filter::everything());
    informers.ready().await.unwrap();
    view.ready().await.unwrap();
    let config = client_config();

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let builder = PrometheusBuilder::new().with_http_listener(address);
    let (recorder, exporter) = builder.build().unwrap();
    let exporter = tokio::spawn(exporter);
    metrics::with_local_recorder(&recorder, || {
        kcache::describe_metrics();
        informers.record_metrics();
        view.record_metrics(&[("resource", "view")]);
        config.record_metrics(&[("cluster", "c")]);
    });
    let text = scrape(address).await;
    for line in [
        r#"kcache_objects{resource="pods",form="Pod",scope=""} 2"#,
        r#"kcache_objects{resource="pods",form="Pod",scope="namespaces shop; labels app=web"} 2"#,
        r#"kcache_objects{resource="view"} 0"#,
        r#"kcache_phase{resource="configmaps",form="ConfigMap",scope="",phase="live"} 1"#,
        r#"kcache_phase{resource="configmaps",form="ConfigMap",scope="",phase="degraded"} 0"#,
        r#"kcache_relists_total{resource="pods",form="Pod",scope="",reason="expired"} 0"#,
        r#"kcache_lists_total{resource="pods",form="Pod",scope=""} 1"#,
        r#"kcache_subscriptions{resource="configmaps",form="ConfigMap",scope=""} 1"#,
        r#"kcache_subscriptions{resource="view"} 0"#,
        r#"kcache_waiting_changes{resource="pods",form="Pod",scope=""} 0"#,
        r#"kcache_merged_changes_total{resource="pods",form="Pod",scope=""} 0"#,
        r#"kcc_credential_hits_total{cluster="c",from="memory"} 0"#,
        r#"kcc_plugin_runs_total{cluster="c"} 0"#,
        "# HELP kcc_plugin_runs_total Exec plugin runs of this process.",
        "# TYPE kcache_changes_total counter",
        "# HELP kcache_behind_seconds Since the server last said that the state is up to date.",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    // Only the forms that count themselves say what they hold.
    let held = compact.cache().list()[0].stats().held_bytes();
    let line =
        format!(r#"kcache_held_bytes{{resource="pods",form="Compact<Pod>",scope=""}} {held}"#);
    assert!(
        held > 0 && text.lines().any(|one| one == line),
        "{line}\n{text}"
    );
    assert_eq!(text.matches("\nkcache_held_bytes{").count(), 1, "{text}");
    // Counters go up, whoever asks how often.
    put(&server, [pod("shop", "c")]);
    eventually(|| pods.cache().len() == 3).await;
    metrics::with_local_recorder(&recorder, || informers.record_metrics());
    let changed = r#"kcache_changes_total{resource="pods",form="Pod",scope=""} 3"#;
    let text = scrape(address).await;
    assert!(text.lines().any(|line| line == changed), "{text}");

    let shown: BTreeSet<_> = text.lines().filter_map(metric).collect();
    let dashboard: Value =
        serde_json::from_str(include_str!("../../../docs/grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let queried = panels.map(|panel| {
        let target = panel["targets"][0]["expr"].as_str().unwrap();
        let at = target.find("kc").unwrap();
        metric(&target[at..]).unwrap()
    });
    let queried: BTreeSet<_> = queried.collect();
    assert!(queried.is_subset(&shown), "{queried:?} {shown:?}");
    let guide = include_str!("../../../docs/guide.md");
    assert!(shown.iter().all(|name| guide.contains(name)), "{shown:?}");
    exporter.abort();
}

/// The name at the beginning.
fn metric(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
    let is_ours = text.starts_with("kcache_") || text.starts_with("kcc_");
    is_ours.then(|| &text[..end])
}

fn client_config() -> ClientConfig {
    let file = tempfile::NamedTempFile::new().unwrap();
    let kubeconfig = json!({
        "current-context": "c",
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
        "clusters": [{ "name": "c", "cluster": { "server": "https://localhost:1" } }],
        "users": [{ "name": "u", "user": { "token": "t" } }],
    });
    std::fs::write(file.path(), kubeconfig.to_string()).unwrap();
    let loader = ClientConfig::loader().with_kubeconfig(file.path());
    loader.load().unwrap()
}

async fn scrape(address: std::net::SocketAddr) -> String {
    let mut stream = loop {
        match tokio::net::TcpStream::connect(address).await {
            Ok(stream) => break stream,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}
