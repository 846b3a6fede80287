use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};
use k8s_openapi::api::core::v1::{Pod, Secret, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::{Ingress, IngressClass, NetworkPolicy};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;
use kcache::Selects;
use kcache_join::Names;
use kcache_join::relations::{self, References};
use serde_json::{Value, json};

use super::{Metadata, check, check_selecting, joined, objects, says_the_same};

#[tokio::test(start_paused = true)]
async fn a_policy_without_a_selector_is_for_all() {
    let web = json!({"podSelector": {"matchLabels": {"app": "web"}}});
    let bad = json!({"podSelector": {"matchExpressions": [{"key": "app", "operator": "Like"}]}});
    let policies = [
        ("a/web", json!({"spec": web})),
        ("a/empty", json!({"spec": {"podSelector": {}}})),
        ("a/absent", json!({"spec": {}})),
        ("a/nothing", json!({})),
        ("a/bad", json!({"spec": bad})),
        ("b/empty", json!({"spec": {"podSelector": {}}})),
    ];
    let pods = [
        ("a/p", json!({"metadata": {"labels": {"app": "web"}}})),
        ("a/q", json!({})),
    ];
    let want = [
        "a/absent > a/p",
        "a/absent > a/q",
        "a/empty > a/p",
        "a/empty > a/q",
        "a/nothing > a/p",
        "a/nothing > a/q",
        "a/web > a/p",
    ];
    let relation = relations::networkpolicy_pods();
    says_the_same::<NetworkPolicy, Selects>(&policies);
    check_selecting::<NetworkPolicy, Pod>(relation, &policies, &pods, &want).await;
}

#[tokio::test(start_paused = true)]
async fn an_ingress_names_services_secrets_and_a_class() {
    let backend = |name: &str| json!({"service": {"name": name, "port": {"number": 80}}});
    let path = |backend: Value| json!({"pathType": "Prefix", "backend": backend});
    let resource = json!({"resource": {"kind": "Bucket", "name": "stored"}});
    let all = json!({
        "ingressClassName": "public",
        "defaultBackend": backend("default"),
        "rules": [
            {"http": {"paths": [path(backend("web")), path(backend("web")), path(resource), path(json!({}))]}},
            {"host": "no.http"},
            {"http": {"paths": [path(backend("api"))]}},
        ],
        "tls": [{"secretName": "cert"}, {"hosts": ["x"]}, {"secretName": ""}],
    });
    let ingresses = [
        ("a/all", json!({"spec": all})),
        ("a/none", json!({"spec": {}})),
        ("a/nothing", json!({})),
    ];
    let services =
        ["a/default", "a/web", "a/api", "a/stored", "b/web"].map(|name| (name, json!({})));
    let want = ["a/all > a/api", "a/all > a/default", "a/all > a/web"];
    says_the_same::<Ingress, Names<Service>>(&ingresses);
    check::<Ingress, Service>(relations::ingress_services(), &ingresses, &services, &want).await;
    let secrets = ["a/cert", "b/cert", "a/other"].map(|name| (name, json!({})));
    let want = ["a/all > a/cert"];
    says_the_same::<Ingress, Names<Secret>>(&ingresses);
    check::<Ingress, Secret>(relations::ingress_secrets(), &ingresses, &secrets, &want).await;
    let classes = ["public", "internal"].map(|name| (name, json!({})));
    let want = ["a/all > public"];
    says_the_same::<Ingress, Names<IngressClass>>(&ingresses);
    check::<Ingress, IngressClass>(relations::ingress_classes(), &ingresses, &classes, &want).await;
}

#[tokio::test(start_paused = true)]
async fn a_slice_names_its_service_in_a_label() {
    let label = |name: &str| json!({"metadata": {"labels": {"kubernetes.io/service-name": name}}});
    let slices = [
        ("a/web-1", label("web")),
        ("a/web-2", label("web")),
        ("b/web-1", label("web")),
        ("a/empty", label("")),
        ("a/web", json!({})),
    ];
    let services = [("a/web", json!({})), ("a/db", json!({})), ("a/", json!({}))];
    let want = ["a/web-1 > a/web", "a/web-2 > a/web"];
    // The label is in the metadata, so that is enough.
    let (slices, services) = (objects(&slices), objects(&services));
    joined::<Metadata>(relations::endpointslice_services(), slices, services, &want).await;
}

#[tokio::test(start_paused = true)]
async fn a_slice_refers_to_pods_by_uid() {
    let slice = |target: Value| json!({"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"], "targetRef": target}]});
    let slices = [
        (
            "a/right",
            slice(json!({"kind": "Pod", "namespace": "a", "name": "p", "uid": "uid-p"})),
        ),
        (
            "a/replaced",
            slice(json!({"kind": "Pod", "namespace": "a", "name": "p", "uid": "uid-old"})),
        ),
        (
            "a/renamed",
            slice(json!({"kind": "Pod", "namespace": "a", "name": "q", "uid": "uid-p"})),
        ),
        ("a/by-hand", slice(json!({"kind": "Pod", "name": "p"}))),
        (
            "a/node",
            slice(json!({"kind": "Node", "name": "p", "uid": "uid-p"})),
        ),
        (
            "a/address",
            json!({"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.9"]}]}),
        ),
        ("a/empty", json!({"addressType": "IPv4", "endpoints": null})),
    ];
    let pods = [("a/p", json!({})), ("b/p", json!({}))];
    let want = ["a/by-hand > a/p", "a/right > a/p"];
    says_the_same::<EndpointSlice, References>(&slices);
    check::<EndpointSlice, Pod>(relations::endpointslice_pods(), &slices, &pods, &want).await;
}

#[tokio::test(start_paused = true)]
async fn what_calls_a_service_names_its_namespace() {
    let service = json!({"namespace": "system", "name": "hook"});
    let services = [("system/hook", json!({})), ("default/hook", json!({}))];
    let hook = |client: Value| {
        json!({"webhooks": [{
            "name": "x", "clientConfig": client, "sideEffects": "None", "admissionReviewVersions": ["v1"],
        }]})
    };
    let hooks = [
        ("inside", hook(json!({"service": service}))),
        ("outside", hook(json!({"url": "https://hook.example"}))),
        ("none", json!({})),
    ];
    let want = ["inside > system/hook"];
    says_the_same::<ValidatingWebhookConfiguration, Names<Service>>(&hooks);
    check::<ValidatingWebhookConfiguration, Service>(
        relations::webhook_services(),
        &hooks,
        &services,
        &want,
    )
    .await;
    says_the_same::<MutatingWebhookConfiguration, Names<Service>>(&hooks);
    check::<MutatingWebhookConfiguration, Service>(
        relations::webhook_services(),
        &hooks,
        &services,
        &want,
    )
    .await;

    let api = |service: Value| json!({"spec": {"service": service, "groupPriorityMinimum": 1, "versionPriority": 1}});
    let apis = [
        ("v1.inside", api(service.clone())),
        ("v1.local", api(Value::Null)),
    ];
    let want = ["v1.inside > system/hook"];
    says_the_same::<APIService, Names<Service>>(&apis);
    check::<APIService, Service>(relations::apiservice_services(), &apis, &services, &want).await;

    let crd = |strategy: &str| {
        let webhook =
            json!({"clientConfig": {"service": service}, "conversionReviewVersions": ["v1"]});
        let conversion = json!({"strategy": strategy, "webhook": webhook});
        let names = json!({"kind": "Shop", "plural": "shops"});
        json!({"spec": {"conversion": conversion, "group": "shop.example", "names": names, "scope": "Namespaced", "versions": []}})
    };
    let crds = [("shops", crd("Webhook")), ("others", crd("None"))];
    let want = ["shops > system/hook"];
    says_the_same::<CustomResourceDefinition, Names<Service>>(&crds);
    check::<CustomResourceDefinition, Service>(relations::crd_services(), &crds, &services, &want)
        .await;
}
