//! The kinds, and what is created of each.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{
    ConfigMap, PersistentVolumeClaim, Pod, ReplicationController, Secret, Service, ServiceAccount,
};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::Resource;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What both caches need of a type.
pub(crate) trait Kind:
    Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + 'static
{
}

impl<K> Kind for K where
    K: Resource<DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static
{
}

/// Something that is done for each kind.
pub(crate) trait ForKind {
    type Output;

    fn of<K: Kind>(&self) -> Self::Output;
}

/// A resource, and what its objects have beside their names.
pub(crate) struct Template {
    pub(crate) path: &'static str,
    rest: fn() -> Value,
}

impl Template {
    pub(crate) fn object(&self, number: usize) -> Value {
        let mut object = (self.rest)();
        object["metadata"] = json!({
            "name": format!("object-{number}"),
            "labels": { "app.kubernetes.io/name": "shop", "app.kubernetes.io/part-of": format!("part-{}", number % 20) },
            "annotations": { "example.com/checksum": format!("{number:064x}") },
        });
        object
    }
}

macro_rules! kinds {
    ($($kind:ident $path:literal $rest:expr;)*) => {
        pub(crate) const ALL: &[Template] = &[$(Template { path: $path, rest: || $rest }),*];

        pub(crate) const COUNT: usize = ALL.len();

        pub(crate) fn each_kind<F: ForKind>(each: &F) -> Vec<F::Output> {
            vec![$(each.of::<$kind>()),*]
        }
    };
}

kinds! {
    ConfigMap "/api/v1/namespaces/default/configmaps" json!({ "data": { "settings": "x".repeat(500) } });
    Secret "/api/v1/namespaces/default/secrets" json!({ "stringData": { "password": "x".repeat(100) } });
    Service "/api/v1/namespaces/default/services"
        json!({ "spec": { "clusterIP": "None", "selector": { "app": "shop" }, "ports": [{ "port": 80 }] } });
    Pod "/api/v1/namespaces/default/pods" json!({ "spec": pod_spec() });
    ServiceAccount "/api/v1/namespaces/default/serviceaccounts" json!({});
    PersistentVolumeClaim "/api/v1/namespaces/default/persistentvolumeclaims"
        json!({ "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } } });
    ReplicationController "/api/v1/namespaces/default/replicationcontrollers"
        json!({ "spec": { "replicas": 0, "selector": { "app": "shop" }, "template": pod_template("Always") } });
    Deployment "/apis/apps/v1/namespaces/default/deployments" workload();
    StatefulSet "/apis/apps/v1/namespaces/default/statefulsets" workload();
    DaemonSet "/apis/apps/v1/namespaces/default/daemonsets" workload();
    ReplicaSet "/apis/apps/v1/namespaces/default/replicasets" workload();
    Job "/apis/batch/v1/namespaces/default/jobs" json!({ "spec": { "template": pod_template("Never") } });
    CronJob "/apis/batch/v1/namespaces/default/cronjobs"
        json!({ "spec": { "schedule": "0 3 * * *", "jobTemplate": { "spec": { "template": pod_template("Never") } } } });
    Ingress "/apis/networking.k8s.io/v1/namespaces/default/ingresses" json!({ "spec": { "rules": [{
        "host": "shop.example.com",
        "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": { "service": { "name": "shop", "port": { "number": 80 } } } }] },
    }] } });
    NetworkPolicy "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
        json!({ "spec": { "podSelector": { "matchLabels": { "app": "shop" } }, "policyTypes": ["Ingress"] } });
    Role "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles"
        json!({ "rules": [{ "apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"] }] });
    RoleBinding "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings" json!({
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "object-1" },
        "subjects": [{ "kind": "ServiceAccount", "name": "object-1", "namespace": "default" }],
    });
    PodDisruptionBudget "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
        json!({ "spec": { "minAvailable": 1, "selector": { "matchLabels": { "app": "shop" } } } });
    Lease "/apis/coordination.k8s.io/v1/namespaces/default/leases"
        json!({ "spec": { "holderIdentity": "shop-1", "leaseDurationSeconds": 15 } });
    EndpointSlice "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices" json!({
        "addressType": "IPv4",
        "endpoints": [{ "addresses": ["10.1.2.3"], "conditions": { "ready": true } }],
        "ports": [{ "name": "http", "port": 80, "protocol": "TCP" }],
    });
}

/// A Deployment, or another that makes Pods of a template.
fn workload() -> Value {
    json!({ "spec": {
        "selector": { "matchLabels": { "app": "shop" } },
        "template": pod_template("Always"),
    } })
}

fn pod_template(restart: &str) -> Value {
    let mut spec = pod_spec();
    spec["restartPolicy"] = json!(restart);
    json!({ "metadata": { "labels": { "app": "shop" } }, "spec": spec })
}

fn pod_spec() -> Value {
    json!({ "containers": [{
        "name": "shop",
        "image": "registry.example/shop:1.2.3",
        "args": ["--listen=:8080", "--log=info"],
        "env": [{ "name": "REGION", "value": "eu-central-1" }, { "name": "TIER", "value": "front" }],
        "ports": [{ "containerPort": 8080, "name": "http" }],
        "resources": { "requests": { "cpu": "100m", "memory": "128Mi" }, "limits": { "memory": "256Mi" } },
        "readinessProbe": { "httpGet": { "path": "/ready", "port": "http" }, "periodSeconds": 5 },
    }] })
}
