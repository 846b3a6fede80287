//! The whole main job on the real kube-apiserver: a kubeconfig, cached credentials, watches, a view
//! and a join.

mod chaos;
mod main_job;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use harness::cluster::{
    self, Cluster, ClusterOptions, ExecUser, Kubeconfig, KubeconfigUser, TokenUser,
};
use harness::{CacheHome, ExecPlugin, build_kcc_cache};
use k8s_openapi::api::core::v1::{Pod, Service};
use kcache::client::ClientConfig;
use kcache::{Filter, Informer, Key, Object, Publisher, View};
use kcache_join::Join;
use kcc_core::Environment;
use kube::Client;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::ledger::Ledger;
use crate::trial::{Outcome, check};

/// A limit that only a hang reaches.
const PATIENCE: Duration = Duration::from_secs(240);
const NAMESPACE: &str = "main-job";

pub(crate) fn trials() -> Vec<Trial> {
    let ignored = cluster::unavailable().is_some();
    [
        Trial::test("watch::the_main_job", main_job::run),
        Trial::test("watch::chaos", chaos::run),
    ]
    .map(|trial| trial.with_ignored_flag(ignored))
    .into()
}

/// A cluster that can be killed, and a user whose credentials come from a plugin behind `kcc-cache`.
struct Place {
    cluster: Cluster,
    home: CacheHome,
    plugin: ExecPlugin,
    exec: ExecUser,
}

impl Place {
    fn new(options: ClusterOptions) -> Result<Self, Failed> {
        let cluster = Cluster::start(options)?;
        cluster.bind_group("testers", "cluster-admin")?;
        for run in 1..=2 {
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
    services: Informer<Service>,
    view: View<Pod>,
    joined: Join<Service, Pod>,
    /// The value of the label `tier` that the view asks for.
    tier: &'static str,
    witnesses: [(&'static str, Witness); 3],
}

impl Watched {
    async fn start(client: Client) -> Result<Self, Failed> {
        let pods = Informer::<Pod>::builder(client.clone()).namespace(NAMESPACE);
        let pods = pods.start();
        let services = Informer::<Service>::builder(client).namespace(NAMESPACE);
        let services = services.start();
        let view = pods.view(Filter::labels([("tier", "front")]));
        let joined = kcache_join::service_pods(&services, &pods);
        let witnesses = [
            ("pods", Witness::of(&pods)),
            ("the view", Witness::of(&view)),
            ("the join", Witness::of(&joined)),
        ];
        tokio::time::timeout(PATIENCE, joined.ready()).await??;
        Ok(Self {
            pods,
            services,
            view,
            joined,
            tier: "front",
            witnesses,
        })
    }

    fn refilter(&mut self, tier: &'static str) -> Outcome {
        self.tier = tier;
        Ok(self.view.refilter(Filter::labels([("tier", tier)]))?)
    }

    /// Waits, when nobody writes any longer, until everyone has what kubectl says there is.
    async fn agree(&self, place: &Place) -> Outcome {
        let pods = place.listed("pods")?;
        let services = place.listed("services")?;
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
            versions(pods.iter().filter(in_tier)),
            versions(pods.iter().filter(selects)),
        ];
        let caches: [&Publisher<Pod>; 3] = [&self.pods, &self.view, &self.joined];
        for ((name, witness), (cache, wanted)) in
            self.witnesses.iter().zip(caches.into_iter().zip(wanted))
        {
            until(name, || held(cache) == wanted && witness.holds(&wanted)).await?;
            witness.is_legal(name)?;
        }
        let wanted = versions(services.iter());
        until("services", || held(&self.services) == wanted).await
    }

    async fn until_pods(&self, what: &str, holds: impl Fn(&[Arc<Pod>]) -> bool) -> Outcome {
        until(what, || holds(&self.pods.cache().list())).await
    }
}

type Versions = BTreeMap<Key, String>;

fn versions<'a>(objects: impl Iterator<Item = &'a Value>) -> Versions {
    let named = |object: &Value| {
        let text = |field: &str| {
            object["metadata"][field]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        (
            Key::new(&text("namespace"), &text("name")),
            text("resourceVersion"),
        )
    };
    objects.map(named).collect()
}

fn held<V: Object>(publisher: &Publisher<V>) -> Versions {
    let list = publisher.cache().list();
    list.iter()
        .map(|object| (Key::of(&**object), object.version().to_owned()))
        .collect()
}

/// Keeps a ledger of all events.
struct Witness(Arc<Mutex<Ledger<Pod>>>);

impl Witness {
    fn of(publisher: &Publisher<Pod>) -> Self {
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let (seen, mut changes) = (ledger.clone(), publisher.subscribe());
        tokio::spawn(async move {
            while let Some(event) = changes.next().await {
                lock(&seen).see(&event);
            }
        });
        Self(ledger)
    }

    fn holds(&self, wanted: &Versions) -> bool {
        let ledger = lock(&self.0);
        let have: BTreeMap<_, _> = ledger
            .state
            .iter()
            .map(|(key, pod)| (key.clone(), pod.version().to_owned()))
            .collect();
        have == *wanted
    }

    fn is_legal(&self, name: &str) -> Outcome {
        let illegal = lock(&self.0).illegal.join("; ");
        check(illegal.is_empty(), format!("{name}: {illegal}"))
    }
}

fn lock<T>(ledger: &Mutex<T>) -> MutexGuard<'_, T> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) -> Outcome {
    let started = Instant::now();
    while !holds() {
        check(
            started.elapsed() < PATIENCE,
            format!("{what}: not what it should be after {PATIENCE:?}"),
        )?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
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
