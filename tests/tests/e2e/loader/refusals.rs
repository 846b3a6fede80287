//! What a server refuses that has too much to do: it is sent again, as by kubectl and by kube's own client, but
//! for what an informer requests.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use harness::KubectlProxy;
use http::{Request, StatusCode};
use k8s_openapi::api::core::v1::ConfigMap;
use kcache::{Failure, Informer};
use kcc_core::client::NoRetry;
use kube::api::{Api, ListParams, PostParams, WatchParams};
use kube::client::Body;
use kube::core::ObjectMeta;
use kube::{Client, Config};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Outcome, Run, check, cluster_for_testers, runtime};
use crate::testers::{client, kubeconfig};
use crate::trial::{named, until, until_ok};

pub(super) const TRIALS: &[(&str, Run)] =
    named![what_is_refused_is_sent_again_as_by_kubectl_and_kube];

/// A limit that only a hang reaches.
const PATIENCE: Duration = Duration::from_secs(60);
const USER: &str = "shed";
const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// API Priority and Fairness refuses all that one user requests, since another request of that user has the only seat: 429
/// with `Retry-After: 1`. kubectl, kube's own client and ours wait for what they requested until it is granted; an informer
/// says why it has nothing.
fn what_is_refused_is_sent_again_as_by_kubectl_and_kube() -> Outcome {
    let cluster = cluster_for_testers()?;
    let file = kubeconfig(cluster, cluster.server_url(), USER, &["testers"])?;
    // kube is compiled without TLS here.
    let proxy = KubectlProxy::start(cluster.kubectl_with(file.path()))?;
    runtime()?.block_on(async {
        let mut silent = Silent::start()?;
        for manifest in [no_seats(), schema(), silent.webhooks()?] {
            cluster.apply(&manifest)?;
        }
        let ours = client(file.path())?;
        let kubes = Client::try_from(Config::new(proxy.url().parse()?))?;
        let mut seated = None;
        let refused = async || {
            // A server that has not heard of the webhooks yet creates it at once, and the seat is free again.
            if seated.as_ref().is_none_or(JoinHandle::is_finished) {
                seated = Some(tokio::spawn(take_the_seat(ours.clone())));
            }
            let is_taken = silent.is_called();
            let status = status_of_a_list(&ours).await?;
            let is_refused = is_taken && status == StatusCode::TOO_MANY_REQUESTS;
            Ok(check(is_refused, format!("a list is answered {status}")))
        };
        until_ok(PATIENCE, refused).await?;

        let lists = [("ours", &ours), ("kube's", &kubes)];
        let lists = lists.map(|(whose, client)| (whose, tokio::spawn(list(client.clone()))));
        let mut kubectl = cluster.kubectl_with(file.path());
        kubectl.args(["get", "--raw", MAPS, "--v=4"]);
        kubectl.stdout(Stdio::null()).stderr(Stdio::piped());
        let kubectl = tokio::task::spawn_blocking(move || kubectl.output());
        let informer = Informer::<ConfigMap>::builder(ours.clone());
        let informer = informer.namespace("default").start();
        let code = || informer.status().phase.failure().and_then(Failure::code);
        until(PATIENCE, "the informer's failure", || code() == Some(429)).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        for (whose, list) in &lists {
            check(!list.is_finished(), format!("{whose}: it was not refused"))?;
        }

        drop(silent);
        for (whose, list) in lists {
            let granted = timeout(PATIENCE, list).await??;
            granted.map_err(|error| format!("{whose}: {error}"))?;
        }
        let kubectl = timeout(PATIENCE, kubectl).await???;
        let told = String::from_utf8_lossy(&kubectl.stderr);
        check(
            kubectl.status.success() && told.contains("Retry-After"),
            format!("kubectl: {} {told}", kubectl.status),
        )?;
        timeout(PATIENCE, informer.ready()).await??;
        Ok(())
    })
}

/// A level without seats and queues: it serves one request if it serves no other.
fn no_seats() -> Value {
    json!({
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "PriorityLevelConfiguration",
        "metadata": { "name": USER },
        "spec": { "type": "Limited", "limited": {
            "nominalConcurrencyShares": 0,
            "lendablePercent": 0,
            "borrowingLimitPercent": 0,
            "limitResponse": { "type": "Reject" },
        } },
    })
}

/// All that the user requests is of that level.
fn schema() -> Value {
    let subject = json!({ "kind": "User", "user": { "name": USER } });
    let all = json!({
        "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"], "clusterScope": true,
    });
    json!({
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "FlowSchema",
        "metadata": { "name": USER },
        "spec": {
            "priorityLevelConfiguration": { "name": USER },
            "matchingPrecedence": 100,
            "rules": [{ "subjects": [subject], "resourceRules": [all] }],
        },
    })
}

/// Takes connections and says nothing, until it is dropped.
struct Silent {
    listener: TcpListener,
    held: Vec<TcpStream>,
}

impl Silent {
    fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let held = Vec::new();
        Ok(Self { listener, held })
    }

    /// Whether somebody has come.
    fn is_called(&mut self) -> bool {
        self.held
            .extend(self.listener.accept().map(|(come, _)| come));
        !self.held.is_empty()
    }

    /// Whoever creates a `ConfigMap` of this label waits for this: ten seconds for each of them, and a minute in
    /// all.
    fn webhooks(&self) -> std::io::Result<Value> {
        let url = format!("https://{}/", self.listener.local_addr()?);
        let webhooks = (0..12).map(|number| {
            json!({
                "name": format!("silent-{number}.example.com"),
                "clientConfig": { "url": url },
                "rules": [{
                    "operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"],
                }],
                "objectSelector": { "matchLabels": { "user": USER } },
                "failurePolicy": "Ignore",
                "sideEffects": "None",
                "timeoutSeconds": 30,
                "admissionReviewVersions": ["v1"],
            })
        });
        Ok(json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": { "name": USER },
            "webhooks": webhooks.collect::<Vec<_>>(),
        }))
    }
}

async fn take_the_seat(client: Client) {
    let map = ConfigMap {
        metadata: ObjectMeta {
            generate_name: Some(format!("{USER}-")),
            labels: Some(BTreeMap::from([("user".to_owned(), USER.to_owned())])),
            ..ObjectMeta::default()
        },
        ..ConfigMap::default()
    };
    let maps: Api<ConfigMap> = Api::namespaced(client, "default");
    let _ = maps.create(&PostParams::default(), &map).await;
}

/// Lists, and begins to watch.
async fn list(client: Client) -> Result<(), kube::Error> {
    let maps: Api<ConfigMap> = Api::namespaced(client, "default");
    maps.list(&ListParams::default()).await?;
    maps.watch(&WatchParams::default(), "0").await.map(drop)
}

async fn status_of_a_list(client: &Client) -> Result<StatusCode, Failed> {
    let mut request = Request::get(MAPS).body(Body::empty())?;
    request.extensions_mut().insert(NoRetry);
    Ok(client.send(request).await?.status())
}
