//! The whole main job on the real kube-apiserver: a kubeconfig, cached credentials, watches, a view
//! and a join.

mod chaos;
mod encodings;
mod main_job;
mod relations;
mod restore;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::cluster::{
    self, Cluster, ClusterOptions, ExecUser, Kubeconfig, KubeconfigUser, TokenUser,
};
use harness::{CacheHome, ExecPlugin, build_kcc_cache};
use k8s_openapi::api::core::v1::{Pod, Service};
use kcache::client::ClientConfig;
use kcache::{Encoding, Filter, Informer, Key, Lookup, Object, Publisher, View};
use kcache_join::Join;
use kcc_core::Environment;
use kube::Client;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::ledger::{Ledger, lock};
use crate::trial::{Outcome, check, until};

/// A limit that only a hang reaches.
const PATIENCE: Duration = Duration::from_secs(240);
const NAMESPACE: &str = "main-job";

pub(crate) fn trials() -> Vec<Trial> {
    let ignored = cluster::unavailable().is_some();
    [
        Trial::test("watch::the_main_job", main_job::run),
        Trial::test("watch::relations", relations::run),
        Trial::test("watch::chaos", chaos::run),
        Trial::test("watch::restored_ahead", restore::ahead),
        Trial::test("watch::restored_back", restore::back),
        Trial::test(
            "watch::both_encodings_give_the_same_objects",
            encodings::run,
        ),
    ]
    .map(|trial| trial.with_ignored_flag(ignored))
    .into()
}

/// A cluster that can be killed, and a user whose credentials come from a plugin behind `kcc-cache`.
struct Setup {
    cluster: Cluster,
    home: CacheHome,
    plugin: ExecPlugin,
    exec: ExecUser,
}

impl Setup {
    fn new(options: ClusterOptions) -> Result<Self, Failed> {
        let cluster = Cluster::start(options)?;
        cluster.bind_group("testers", "cluster-admin")?;
        // One an hour, for runs of a day.
        for run in 1..=24 {
            cluster.add_token(TokenUser::new(&format!("job-{run}"), "job", &["testers"]))?;
        }
        cluster.kubectl_admin(&["create", "namespace", NAMESPACE])?;
        let plugin = ExecPlugin::new()?;
        plugin.answers_token("job-@RUN@")?;
        plugin.expires_after(Some(3_600))?;
        let path = plugin.path().display().to_string();
        Ok(Self {
            cluster,
            home: CacheHome::new()?,
            plugin,
            exec: ExecUser::new(build_kcc_cache()?, &[&path]),
        })
    }

    /// A client of the user, at this address of the server.
    fn client(&self, url: &str) -> Result<Client, Failed> {
        let user = KubeconfigUser::Exec(self.exec.clone());
        let kubeconfig = Kubeconfig::new(url, self.cluster.ca_pem()).with_user("job", user);
        let file = kubeconfig.write()?;
        let environment: Environment = self.home.variables().into_iter().collect();
        let config = ClientConfig::loader()
            .with_kubeconfig(file.path())
            .with_environment(environment)
            .with_terminal(false)
            .load()?;
        Ok(config.client()?)
    }

    /// Where the server listens.
    fn address(&self) -> Result<SocketAddr, Failed> {
        let url = self.cluster.server_url();
        Ok(url.trim_start_matches("https://").parse()?)
    }

    /// The newest revision of etcd.
    fn revision(&self) -> Result<u64, Failed> {
        let path = "/api/v1/namespaces?limit=1";
        let text = self.cluster.kubectl_admin(&["get", "--raw", path])?;
        let list: Value = serde_json::from_str(&text)?;
        let version = list["metadata"]["resourceVersion"].as_str();
        Ok(version.unwrap_or_default().parse()?)
    }

    /// What kubectl says there is, by key, with version and labels.
    fn listed(&self, resource: &str) -> Result<Vec<Value>, Failed> {
        let arguments = ["-n", NAMESPACE, "get", resource, "-o", "json"];
        let text = self.cluster.kubectl_admin(&arguments)?;
        let mut list: Value = serde_json::from_str(&text)?;
        let items = list["items"].take();
        Ok(items.as_array().cloned().unwrap_or_default())
    }
}

/// Informers, a view and a join, each with someone who believes nothing.
struct Watched {
    pods: Informer<Pod>,
    /// The same Pods, requested as JSON.
    pods_as_json: Informer<Pod>,
    services: Informer<Service>,
    view: View<Pod>,
    joined: Join<Service, Pod>,
    /// The Pods by their label `app`.
    by_app: Lookup<Pod>,
    /// The value of the label `tier` that the view selects.
    tier: &'static str,
    witnesses: [(&'static str, Witness); 4],
}

impl Watched {
    async fn start(client: Client) -> Result<Self, Failed> {
        let pods = Informer::<Pod>::builder(client.clone()).namespace(NAMESPACE);
        let pods = pods.start();
        let pods_as_json = Informer::<Pod>::builder(client.clone()).namespace(NAMESPACE);
        let pods_as_json = pods_as_json.json_only().start();
        let services = Informer::<Service>::builder(client).namespace(NAMESPACE);
        let services = services.start();
        let view = pods.view(Filter::labels([("tier", "front")]));
        let joined = kcache_join::relations::service_pods().join(&services, &pods);
        let by_app = pods.index_by_label("app");
        let witnesses = [
            ("pods", Witness::of(&pods)),
            ("pods as JSON", Witness::of(&pods_as_json)),
            ("the view", Witness::of(&view)),
            ("the join", Witness::of(&joined)),
        ];
        tokio::time::timeout(PATIENCE, joined.ready()).await??;
        tokio::time::timeout(PATIENCE, pods_as_json.ready()).await??;
        Ok(Self {
            pods,
            pods_as_json,
            services,
            view,
            joined,
            by_app,
            tier: "front",
            witnesses,
        })
    }

    fn refilter(&mut self, tier: &'static str) -> Outcome {
        self.tier = tier;
        Ok(self.view.refilter(Filter::labels([("tier", tier)]))?)
    }

    /// What comes may be of another incarnation, where versions are lower.
    fn begin_incarnation(&self) {
        for (_, witness) in &self.witnesses {
            lock(&witness.0).between = true;
        }
    }

    /// Everything is of one incarnation now, and what is gone does not come back.
    fn forget(&self) {
        for (_, witness) in &self.witnesses {
            let mut ledger = lock(&witness.0);
            let new = std::mem::take(&mut ledger.between);
            let there: BTreeSet<_> = ledger
                .state
                .values()
                .map(|pod| pod.uid().to_owned())
                .collect();
            ledger.versions.retain(|uid, _| !new && there.contains(uid));
        }
    }

    /// Waits, when nobody writes any longer, until everyone has what kubectl says there is.
    async fn agree(&self, setup: &Setup) -> Outcome {
        let pods = setup.listed("pods")?;
        let services = setup.listed("services")?;
        let selects = |pod: &&Value| {
            let has = &pod["metadata"]["labels"]["app"];
            services
                .iter()
                .any(|service| service["spec"]["selector"]["app"] == *has)
        };
        let in_tier = |pod: &&Value| pod["metadata"]["labels"]["tier"] == self.tier;
        let all = versions(pods.iter());
        let wanted = [
            all.clone(),
            all.clone(),
            versions(pods.iter().filter(in_tier)),
            versions(pods.iter().filter(selects)),
        ];
        // A join can only be right when its sources are.
        let wanted_services = versions(services.iter());
        until(PATIENCE, "services", || {
            held(&self.services) == wanted_services
        })
        .await
        .map_err(|error| self.explain(&error, setup, &held(&self.services), &wanted_services))?;
        let caches: [&Publisher<Pod>; 4] =
            [&self.pods, &self.pods_as_json, &self.view, &self.joined];
        for ((name, witness), (cache, wanted)) in
            self.witnesses.iter().zip(caches.into_iter().zip(wanted))
        {
            until(PATIENCE, name, || {
                held(cache) == wanted && witness.holds(&wanted)
            })
            .await
            .map_err(|error| self.explain(&error, setup, &held(cache), &wanted))?;
            witness.is_legal(name)?;
        }
        let apps: BTreeSet<_> = pods.iter().filter_map(app_of).collect();
        for app in apps {
            let wanted = versions(pods.iter().filter(|pod| app_of(pod) == Some(app)));
            until(PATIENCE, "the index", || {
                identities(&self.by_app.get(app)) == wanted
            })
            .await?;
        }
        self.agree_in_both_encodings()
    }

    /// Nothing on the way changes bytes, so nobody has gone on with JSON.
    fn agree_in_both_encodings(&self) -> Outcome {
        for (pods, spoken) in [
            (&self.pods, Encoding::Protobuf),
            (&self.pods_as_json, Encoding::Json),
        ] {
            let status = pods.status();
            check(
                status.encoding == Some(spoken),
                format!("{spoken}: {status:?}"),
            )?;
        }
        check(
            self.pods.cache().list() == self.pods_as_json.cache().list(),
            "the Pods are not the same in both encodings",
        )
    }

    /// A difference, with what the informer and the server say of themselves.
    fn explain(&self, error: &Failed, setup: &Setup, held: &Versions, wanted: &Versions) -> Failed {
        let named = |versions: &Versions, others: &Versions| {
            let other = versions
                .iter()
                .filter(|(key, version)| others.get(key) != Some(version));
            other
                .take(3)
                .map(|(key, version)| format!("{key} {version:?}"))
                .collect::<Vec<_>>()
        };
        let error = error.message().unwrap_or_default();
        let revision = setup.revision();
        Failed::from(format!(
            "{error}\nheld: {:?}\nwanted: {:?}\npods: {:?}\nservices: {:?}\njoin: {:?}\nrevision: {revision:?}",
            named(held, wanted),
            named(wanted, held),
            self.pods.status(),
            self.services.status(),
            self.joined.status(),
        ))
    }

    async fn until_pods(&self, what: &str, holds: impl Fn(&[Arc<Pod>]) -> bool) -> Outcome {
        until(PATIENCE, what, || holds(&self.pods.cache().list())).await
    }
}

/// Of each object its UID, its version and its labels: after a restore one version may be given twice.
type Versions = BTreeMap<Key, (String, String, BTreeMap<String, String>)>;

fn versions<'a>(objects: impl Iterator<Item = &'a Value>) -> Versions {
    let named = |object: &Value| {
        let metadata = &object["metadata"];
        let text = |field: &str| metadata[field].as_str().unwrap_or_default().to_owned();
        let labels = serde_json::from_value(metadata["labels"].clone()).unwrap_or_default();
        (
            Key::new(&text("namespace"), &text("name")),
            (text("uid"), text("resourceVersion"), labels),
        )
    };
    objects.map(named).collect()
}

fn app_of(pod: &Value) -> Option<&str> {
    pod["metadata"]["labels"]["app"].as_str()
}

fn held<V: Object>(publisher: &Publisher<V>) -> Versions {
    identities(&publisher.cache().list())
}

fn identities<'a, V: Object>(objects: impl IntoIterator<Item = &'a Arc<V>>) -> Versions {
    let identity = |object: &Arc<V>| {
        let labels = object.labels().map(|(k, v)| (k.to_owned(), v.to_owned()));
        (
            object.uid().to_owned(),
            object.version().to_owned(),
            labels.collect(),
        )
    };
    objects
        .into_iter()
        .map(|object| (Key::of(&**object), identity(object)))
        .collect()
}

/// Keeps a ledger of all events.
struct Witness(Arc<Mutex<Ledger<Pod>>>);

impl Witness {
    fn of(publisher: &Publisher<Pod>) -> Self {
        Self(Ledger::of(publisher))
    }

    fn holds(&self, wanted: &Versions) -> bool {
        identities(lock(&self.0).state.values()) == *wanted
    }

    fn is_legal(&self, name: &str) -> Outcome {
        let illegal = lock(&self.0).illegal.join("; ");
        check(illegal.is_empty(), format!("{name}: {illegal}"))
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.worker_threads(2).enable_all().build()?)
}

fn pod(number: usize, app: usize) -> Value {
    let tier = ["front", "back"][number % 2];
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "namespace": NAMESPACE,
            "name": format!("pod-{number}"),
            "labels": { "app": format!("app-{app}"), "tier": tier, "group": format!("g{}", number % 5) },
        },
        "spec": { "containers": [{ "name": "main", "image": "registry.example/app:1" }] },
    })
}

fn service(number: usize) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "namespace": NAMESPACE, "name": format!("service-{number}") },
        "spec": { "selector": { "app": format!("app-{number}") }, "ports": [{ "port": 80 }] },
    })
}

/// A manifest of these objects in a file.
fn manifest(objects: &[Value]) -> Result<tempfile::NamedTempFile, Failed> {
    let file = tempfile::Builder::new().suffix(".json").tempfile()?;
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    std::fs::write(file.path(), list.to_string())?;
    Ok(file)
}
