//! Relations on the real kube-apiserver, while kubectl writes: of dynamic objects, so that each rule finds its
//! facts by the kind.

use std::collections::BTreeMap;

use harness::cluster::ClusterOptions;
use kcache::{Informer, Object, Publisher};
use kcache_join::{Kind, relations};
use kube::Client;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use super::{NAMESPACE, PATIENCE, Setup, manifest, runtime, until};
use crate::trial::Outcome;

type Informers = BTreeMap<&'static str, Informer<DynamicObject>>;

/// What is watched: group and version, kind.
const KINDS: [(&str, &str, &str); 16] = [
    ("", "v1", "ConfigMap"),
    ("", "v1", "PersistentVolumeClaim"),
    ("", "v1", "Pod"),
    ("", "v1", "Secret"),
    ("", "v1", "Service"),
    ("apps", "v1", "DaemonSet"),
    ("apps", "v1", "Deployment"),
    ("apps", "v1", "ReplicaSet"),
    ("autoscaling", "v2", "HorizontalPodAutoscaler"),
    ("batch", "v1", "CronJob"),
    ("batch", "v1", "Job"),
    ("discovery.k8s.io", "v1", "EndpointSlice"),
    ("networking.k8s.io", "v1", "Ingress"),
    ("networking.k8s.io", "v1", "IngressClass"),
    ("networking.k8s.io", "v1", "NetworkPolicy"),
    ("policy", "v1", "PodDisruptionBudget"),
];

pub(super) fn run() -> Outcome {
    let setup = Setup::new(ClusterOptions::default())?;
    runtime()?.block_on(follow(&setup))
}

async fn follow(setup: &Setup) -> Outcome {
    let informers = informers(&setup.client(setup.cluster.server_url())?);
    let joins = joins(&informers);
    for (name, join) in &joins {
        let ready = tokio::time::timeout(PATIENCE, join.ready()).await;
        ready.map_err(|_| format!("{name} is not ready"))??;
    }
    create(setup)?;
    hold(
        &joins,
        [
            ("cronjob_jobs", "batch"),
            ("cronjob_pods", "batch-a"),
            ("daemonset_pods", ""),
            ("deployment_owned_pods", "web-1-a"),
            ("deployment_owned_replicasets", "web-1"),
            ("deployment_pods", "lone web-1-a"),
            ("endpointslice_pods", "web-1-a"),
            ("endpointslice_services", "web"),
            ("hpa_targets", "web"),
            ("ingress_classes", ""),
            ("ingress_pods", "lone web-1-a"),
            ("ingress_services", "web"),
            ("job_owned_pods", "batch-a"),
            ("networkpolicy_pods", "lone web-1-a"),
            ("owner_dependents", "web-1"),
            ("pdb_pods", "lone web-1-a"),
            ("pod_claims", "data"),
            ("pod_configmaps", "settings"),
            ("pod_secrets", "token"),
            ("rs_owned_pods", "web-1-a"),
            ("rs_pods", "web-1-a"),
            ("service_pods", "lone web-1-a"),
        ],
    )
    .await?;

    // A label moves, a selector changes, a Pod and what names it go.
    let patch = r#"{"spec":{"selector":{"app":"db"}}}"#;
    let backend = r#"{"spec":{"defaultBackend":{"service":{"name":"none","port":{"number":80}}}}}"#;
    kubectl(setup, "label pod lone app=db --overwrite")?;
    kubectl(setup, &format!("patch service web -p {patch}"))?;
    kubectl(setup, &format!("patch ingress front -p {backend}"))?;
    kubectl(setup, "delete pod web-1-a --now")?;
    hold(
        &joins,
        [
            ("cronjob_jobs", "batch"),
            ("cronjob_pods", "batch-a"),
            ("daemonset_pods", ""),
            ("deployment_owned_pods", ""),
            ("deployment_owned_replicasets", "web-1"),
            ("deployment_pods", ""),
            ("endpointslice_pods", ""),
            ("endpointslice_services", "web"),
            ("hpa_targets", "web"),
            ("ingress_classes", ""),
            ("ingress_pods", ""),
            ("ingress_services", ""),
            ("job_owned_pods", "batch-a"),
            ("networkpolicy_pods", ""),
            ("owner_dependents", "web-1"),
            ("pdb_pods", ""),
            ("pod_claims", ""),
            ("pod_configmaps", ""),
            ("pod_secrets", ""),
            ("rs_owned_pods", ""),
            ("rs_pods", ""),
            ("service_pods", "lone"),
        ],
    )
    .await?;

    // Owners and sources go; what they own stays.
    kubectl(setup, "delete cronjob nightly --wait=false")?;
    kubectl(setup, "delete hpa web")?;
    let backend = backend.replace("none", "web");
    kubectl(setup, &format!("patch ingress front -p {backend}"))?;
    hold(
        &joins,
        [
            ("cronjob_jobs", ""),
            ("cronjob_pods", ""),
            ("deployment_owned_replicasets", "web-1"),
            ("hpa_targets", ""),
            ("ingress_pods", "lone"),
            ("ingress_services", "web"),
            ("job_owned_pods", "batch-a"),
        ],
    )
    .await
}

fn informers(client: &Client) -> Informers {
    let start = |(group, version, kind)| {
        let types = GroupVersionKind::gvk(group, version, kind);
        let resource = ApiResource::from_gvk(&types);
        let informer = Informer::<DynamicObject>::builder_of(client.clone(), resource);
        // Classes have no namespace.
        let informer = if kind == "IngressClass" {
            informer
        } else {
            informer.namespace(NAMESPACE)
        };
        (kind, informer.start())
    };
    KINDS.into_iter().map(start).collect()
}

type Joins = BTreeMap<&'static str, Publisher<DynamicObject>>;

fn joins(of: &Informers) -> Joins {
    let pods = &of["Pod"];
    let services = &of["Service"];
    let (deployments, sets) = (&of["Deployment"], &of["ReplicaSet"]);
    let (cron_jobs, jobs) = (&of["CronJob"], &of["Job"]);
    let (ingresses, slices) = (&of["Ingress"], &of["EndpointSlice"]);
    let deployment = || Kind::new("apps", "Deployment");
    let joins = [
        (
            "cronjob_jobs",
            relations::cronjob_jobs().join(cron_jobs, jobs),
        ),
        (
            "cronjob_pods",
            relations::cronjob_pods().join(cron_jobs, jobs, pods),
        ),
        (
            "daemonset_pods",
            relations::daemonset_pods().join(&of["DaemonSet"], pods),
        ),
        (
            "deployment_owned_pods",
            relations::deployment_owned_pods().join(deployments, sets, pods),
        ),
        (
            "deployment_owned_replicasets",
            relations::deployment_owned_replicasets().join(deployments, sets),
        ),
        (
            "deployment_pods",
            relations::deployment_pods().join(deployments, pods),
        ),
        (
            "endpointslice_pods",
            relations::endpointslice_pods().join(slices, pods),
        ),
        (
            "endpointslice_services",
            relations::endpointslice_services().join(slices, services),
        ),
        (
            "hpa_targets",
            relations::hpa_targets(deployment()).join(&of["HorizontalPodAutoscaler"], deployments),
        ),
        (
            "ingress_classes",
            relations::ingress_classes().join(ingresses, &of["IngressClass"]),
        ),
        (
            "ingress_pods",
            relations::ingress_pods().join(ingresses, services, pods),
        ),
        (
            "ingress_services",
            relations::ingress_services().join(ingresses, services),
        ),
        (
            "job_owned_pods",
            relations::job_owned_pods().join(jobs, pods),
        ),
        (
            "networkpolicy_pods",
            relations::networkpolicy_pods().join(&of["NetworkPolicy"], pods),
        ),
        (
            "owner_dependents",
            relations::owner_dependents(deployment()).join(deployments, sets),
        ),
        (
            "pdb_pods",
            relations::pdb_pods().join(&of["PodDisruptionBudget"], pods),
        ),
        (
            "pod_claims",
            relations::pod_claims().join(pods, &of["PersistentVolumeClaim"]),
        ),
        (
            "pod_configmaps",
            relations::pod_configmaps().join(pods, &of["ConfigMap"]),
        ),
        (
            "pod_secrets",
            relations::pod_secrets().join(pods, &of["Secret"]),
        ),
        ("rs_owned_pods", relations::rs_owned_pods().join(sets, pods)),
        ("rs_pods", relations::rs_pods().join(sets, pods)),
        (
            "service_pods",
            relations::service_pods().join(services, pods),
        ),
    ];
    let publisher = |(name, join): (_, kcache_join::Join<DynamicObject, DynamicObject>)| {
        (name, Publisher::clone(&join))
    };
    joins.into_iter().map(publisher).collect()
}

/// Waits until each of these joins has these objects, by name.
async fn hold<const N: usize>(joins: &Joins, wanted: [(&str, &str); N]) -> Outcome {
    for (name, wanted) in wanted {
        let has = || {
            let list = joins[name].cache().list();
            let names: Vec<_> = list.iter().map(|object| object.name()).collect();
            names.join(" ")
        };
        let held = until(PATIENCE, name, || has() == wanted).await;
        held.map_err(|_| format!("{name} has {:?} instead of {wanted:?}", has()))?;
    }
    Ok(())
}

fn kubectl(setup: &Setup, arguments: &str) -> Result<String, Failed> {
    let arguments = arguments.split(' ');
    let arguments: Vec<_> = ["-n", NAMESPACE].into_iter().chain(arguments).collect();
    Ok(setup.cluster.kubectl_admin(&arguments)?)
}

/// An object: its kind, its name, its controller if it has one, and the rest.
type Described = (&'static str, &'static str, Option<&'static str>, Value);

fn apply(setup: &Setup, objects: Vec<Described>) -> Outcome {
    let mut whole = Vec::new();
    for (resource, name, owner, mut object) in objects {
        object["metadata"]["name"] = name.into();
        object["metadata"]["namespace"] = NAMESPACE.into();
        if let Some(owner) = owner {
            let owner: Value =
                serde_json::from_str(&kubectl(setup, &format!("get {owner} -o json"))?)?;
            object["metadata"]["ownerReferences"] = json!([{
                "apiVersion": owner["apiVersion"], "kind": owner["kind"],
                "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
                "controller": true,
            }]);
        }
        let (api_version, kind) = resource.rsplit_once('/').unwrap_or(("v1", resource));
        object["apiVersion"] = api_version.into();
        object["kind"] = kind.into();
        whole.push(object);
    }
    let file = manifest(&whole)?;
    let path = file.path().display().to_string();
    setup.cluster.kubectl_admin(&["apply", "-f", &path])?;
    Ok(())
}

fn create(setup: &Setup) -> Outcome {
    apply(setup, sources())?;
    let job = json!({
        "manualSelector": true, "selector": { "matchLabels": { "job": "batch" } },
        "template": template(&json!({ "job": "batch" })),
    });
    let web_1 = json!({ "app": "web", "hash": "1" });
    apply(
        setup,
        vec![
            (
                "apps/v1/ReplicaSet",
                "web-1",
                Some("deployment web"),
                set(&web_1),
            ),
            (
                "batch/v1/Job",
                "batch",
                Some("cronjob nightly"),
                json!({ "spec": job }),
            ),
        ],
    )?;
    let mut web = template(&web_1);
    web["spec"]["volumes"] = json!([
        { "name": "settings", "configMap": { "name": "settings" } },
        { "name": "token", "secret": { "secretName": "token" } },
        { "name": "data", "persistentVolumeClaim": { "claimName": "data" } },
    ]);
    let [batch, lone] =
        [("job", "batch"), ("app", "web")].map(|(key, value)| template(&json!({ key: value })));
    apply(
        setup,
        vec![
            ("Pod", "web-1-a", Some("replicaset web-1"), web),
            ("Pod", "batch-a", Some("job batch"), batch),
            ("Pod", "lone", None, lone),
        ],
    )?;
    let uid = kubectl(setup, "get pod web-1-a -o jsonpath={.metadata.uid}")?;
    let target =
        json!({ "kind": "Pod", "name": "web-1-a", "namespace": NAMESPACE, "uid": uid.trim() });
    let slice = json!({
        "metadata": { "labels": { "kubernetes.io/service-name": "web" } },
        "addressType": "IPv4",
        "endpoints": [{ "addresses": ["10.0.0.1"], "targetRef": target }],
    });
    let slices = vec![("discovery.k8s.io/v1/EndpointSlice", "web-1", None, slice)];
    apply(setup, slices)
}

/// A Pod with these labels, or the template of one.
fn template(labels: &Value) -> Value {
    let containers = json!([{ "name": "main", "image": "registry.example/app:1" }]);
    let spec = json!({ "restartPolicy": "Never", "containers": containers });
    json!({ "metadata": { "labels": labels }, "spec": spec })
}

/// What has these labels, and selects them.
fn set(labels: &Value) -> Value {
    let mut template = template(labels);
    template["spec"]["restartPolicy"] = "Always".into();
    let spec = json!({ "selector": { "matchLabels": labels }, "template": template });
    json!({ "metadata": { "labels": labels }, "spec": spec })
}

/// What has no owner.
fn sources() -> Vec<Described> {
    let spec = |spec: Value| json!({ "spec": spec });
    let port = json!([{ "port": 80 }]);
    let web = json!({ "matchLabels": { "app": "web" } });
    let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    let job = json!({ "spec": { "template": template(&json!({ "job": "batch" })) } });
    let storage = json!({ "requests": { "storage": "1Gi" } });
    let scaled = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" });
    let objects = [
        ("ConfigMap", "settings", json!({})),
        ("ConfigMap", "unused", json!({})),
        ("Secret", "token", json!({})),
        ("Secret", "unused", json!({})),
        (
            "Service",
            "web",
            spec(json!({ "selector": { "app": "web" }, "ports": port })),
        ),
        ("Service", "unused", spec(json!({ "ports": port }))),
        (
            "PersistentVolumeClaim",
            "data",
            spec(json!({ "accessModes": ["ReadWriteOnce"], "resources": storage })),
        ),
        ("apps/v1/Deployment", "web", set(&json!({ "app": "web" }))),
        (
            "batch/v1/CronJob",
            "nightly",
            spec(json!({ "schedule": "0 0 * * *", "jobTemplate": job })),
        ),
        (
            "networking.k8s.io/v1/Ingress",
            "front",
            spec(json!({ "defaultBackend": backend })),
        ),
        (
            "networking.k8s.io/v1/NetworkPolicy",
            "web",
            spec(json!({ "podSelector": web })),
        ),
        (
            "policy/v1/PodDisruptionBudget",
            "web",
            spec(json!({ "selector": web, "minAvailable": 1 })),
        ),
        (
            "autoscaling/v2/HorizontalPodAutoscaler",
            "web",
            spec(json!({ "maxReplicas": 2, "scaleTargetRef": scaled })),
        ),
    ];
    let without_owner = |(kind, name, object)| (kind, name, None, object);
    objects.into_iter().map(without_owner).collect()
}
