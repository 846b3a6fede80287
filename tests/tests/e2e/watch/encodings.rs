//! The same objects through informers that request protobuf and informers that do not, from streaming
//! lists, lists and watches.

use harness::cluster::ClusterOptions;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kcache::{Encoding, Informer, InformerBuilder, Object, Publisher};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta};
use serde::Serialize;
use serde_json::{Value, json};

use super::{NAMESPACE, PATIENCE, Setup, manifest, pod, runtime, until};
use crate::trial::{Outcome, check};

pub(super) fn run() -> Outcome {
    for flags in [&[][..], &["--feature-gates=WatchList=false"]] {
        let options = ClusterOptions::default();
        let options = flags
            .iter()
            .copied()
            .fold(options, ClusterOptions::with_apiserver_flag);
        let setup = Setup::new(options)?;
        runtime()?.block_on(both(&setup))?;
    }
    Ok(())
}

async fn both(setup: &Setup) -> Outcome {
    define_widgets(setup).await?;
    apply(setup, &["a", "b"], "1")?;
    let client = setup.client(setup.cluster.server_url())?;
    let pods = Pair::start(|| Informer::<Pod>::builder(client.clone())).await?;
    let maps = Pair::start(|| Informer::<ConfigMap>::builder(client.clone())).await?;
    let metadata = Pair::start(|| Informer::<PartialObjectMeta<Pod>>::builder(client.clone()));
    let metadata = metadata.await?;
    let widget_metadata = Pair::start(|| {
        let builder =
            Informer::<PartialObjectMeta<DynamicObject>>::builder_of(client.clone(), widgets());
        builder.metadata_only()
    });
    let widget_metadata = widget_metadata.await?;
    let custom = Informer::<DynamicObject>::builder_of(client.clone(), widgets());
    let custom = custom.namespace(NAMESPACE).start();

    // What is listed, and what the watches bring.
    for (names, text) in [(&["a", "b"][..], "1"), (&["a", "c"], "2")] {
        apply(setup, names, text)?;
        let wanted = versions(setup, "pods")?;
        pods.are_equal("Pods", &wanted, Encoding::Protobuf).await?;
        metadata
            .are_equal("metadata of Pods", &wanted, Encoding::Protobuf)
            .await?;
        let wanted = versions(setup, "configmaps")?;
        maps.are_equal("ConfigMaps", &wanted, Encoding::Protobuf)
            .await?;
        let wanted = versions(setup, "widgets")?;
        let name = "metadata of a custom resource";
        widget_metadata
            .are_equal(name, &wanted, Encoding::Protobuf)
            .await?;
        has("the custom resource", &custom, &wanted, Encoding::Json).await?;
    }
    Ok(())
}

/// Informers of one resource, the first without a word about the encoding, the second of JSON.
struct Pair<V: Object>(Informer<V>, Informer<V>);

impl<V: Object + Serialize> Pair<V> {
    async fn start<C: kcache::Codec<V> + 'static>(
        builder: impl Fn() -> InformerBuilder<V, C>,
    ) -> Result<Self, libtest_mimic::Failed> {
        let pair = Self(
            builder().namespace(NAMESPACE).start(),
            builder().namespace(NAMESPACE).json_only().start(),
        );
        for informer in [&pair.0, &pair.1] {
            tokio::time::timeout(PATIENCE, informer.ready()).await??;
        }
        Ok(pair)
    }

    async fn are_equal(&self, name: &str, wanted: &[String], spoken: Encoding) -> Outcome {
        has(name, &self.0, wanted, spoken).await?;
        has(name, &self.1, wanted, Encoding::Json).await?;
        let (one, other) = (values(&self.0)?, values(&self.1)?);
        check(one == other, format!("{name}: {one:?} is not {other:?}"))
    }
}

/// Waits until an informer has these versions, in the encoding that it should speak.
async fn has<V: Object>(
    name: &str,
    informer: &Informer<V>,
    wanted: &[String],
    spoken: Encoding,
) -> Outcome {
    until(PATIENCE, name, || held(informer) == wanted).await?;
    let status = informer.status();
    check(
        status.encoding == Some(spoken),
        format!("{name}: {status:?}"),
    )?;
    check(status.bad_reports == 0, format!("{name}: {status:?}"))
}

fn held<V: Object>(publisher: &Publisher<V>) -> Vec<String> {
    let objects = publisher.cache().list();
    let versions = objects
        .iter()
        .map(|object| format!("{} {}", object.name(), object.version()));
    versions.collect()
}

fn values<V: Object + Serialize>(
    publisher: &Publisher<V>,
) -> Result<Vec<Value>, serde_json::Error> {
    let objects = publisher.cache().list();
    objects
        .iter()
        .map(|object| serde_json::to_value(&**object))
        .collect()
}

/// What kubectl says there is.
fn versions(setup: &Setup, resource: &str) -> Result<Vec<String>, libtest_mimic::Failed> {
    let listed = setup.listed(resource)?;
    let versions = listed.iter().map(|object| {
        let text = |name: &str| object["metadata"][name].as_str().unwrap_or_default();
        format!("{} {}", text("name"), text("resourceVersion"))
    });
    Ok(versions.collect())
}

fn widgets() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", "v1", "Widget"))
}

async fn define_widgets(setup: &Setup) -> Outcome {
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.example.com" },
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": { "plural": "widgets", "singular": "widget", "kind": "Widget" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                } },
            }],
        },
    });
    let file = manifest(&[definition])?;
    let path = file.path().display().to_string();
    setup.cluster.kubectl_admin(&["create", "-f", &path])?;
    until(PATIENCE, "the custom resource", || {
        setup.listed("widgets").is_ok()
    })
    .await
}

/// An object of each resource under each of these names, with this text in it.
fn apply(setup: &Setup, names: &[&str], text: &str) -> Outcome {
    let objects = names.iter().zip(0..).flat_map(|(name, number)| {
        let metadata = json!({
            "name": name, "namespace": NAMESPACE,
            "labels": { "text": text }, "annotations": { "text": format!("{text} \u{e9}\u{1f980}\n") },
        });
        let mut pod = pod(number, 1);
        pod["metadata"] = metadata.clone();
        pod["spec"]["containers"][0]["resources"] = json!({ "limits": { "cpu": "1500m" } });
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata,
            "data": { "text": text, "empty": "" }, "binaryData": { "bytes": "/wD+" },
        });
        let widget = json!({
            "apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata,
            "spec": { "text": text },
        });
        [pod, map, widget]
    });
    let file = manifest(&objects.collect::<Vec<_>>())?;
    let path = file.path().display().to_string();
    setup.cluster.kubectl_admin(&["apply", "-f", &path])?;
    Ok(())
}
