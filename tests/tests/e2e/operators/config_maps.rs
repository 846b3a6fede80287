//! kube-rs's generator of `ConfigMap`s: a custom resource says what is in one, which it owns.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kcache::Informer;
use kcache::kube_runtime::{Shared, object_ref};
use kube::api::{Api, Patch, PatchParams};
use kube::core::ObjectMeta;
use kube::runtime::Controller;
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use kube::{CustomResource, Resource as _, ResourceExt as _};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Context, Operator, Problem, again, namespaced};

#[derive(CustomResource, Clone, Debug, Deserialize, Serialize)]
#[kube(
    group = "operators.example.com",
    version = "v1",
    kind = "MapGenerator",
    namespaced,
    schema = "disabled"
)]
struct MapGeneratorSpec {
    content: String,
}

pub(super) const OPERATOR: Operator = Operator {
    namespace: "map-generators",
    parent: super::Kind::custom("MapGenerator", "mapgenerators"),
    child: super::Kind::builtin("", "ConfigMap", "configmaps"),
    finalizer: None,
    manifest: |round| json!({ "spec": { "content": format!("round {round}") } }),
    wanted: |generator| generator["spec"]["content"].clone(),
    found: |map| map["data"]["content"].clone(),
    spoiled: || json!({ "data": { "content": "spoiled" } }),
    start: |context| Box::pin(run(context)),
};

async fn run(context: Context) {
    let client = context.client.clone();
    let generators = Informer::<MapGenerator>::builder(client.clone());
    let generators = generators.namespace(context.namespace).start();
    let maps = Informer::<ConfigMap>::builder(client);
    let maps = maps.namespace(context.namespace).start();

    let (triggers, store) = generators.reflect();
    let account = context.account.clone();
    let triggers = triggers.inspect(move |generator| {
        account.triggered(&object_ref::<MapGenerator>(&**generator, ()));
    });
    let account = context.account.clone();
    let owned = maps.subscribe().touched_objects().inspect(move |map| {
        for owner in map.owner_references() {
            let namespace = map.metadata.namespace.as_deref();
            if let Some(owner) = ObjectRef::<MapGenerator>::from_owner_ref(namespace, owner, ()) {
                account.triggered(&owner);
            }
        }
    });
    Controller::for_shared_stream(triggers, store)
        .owns_shared_stream(owned)
        .run(reconcile, again, Arc::new(context))
        .for_each(|_| std::future::ready(()))
        .await;
}

async fn reconcile(
    generator: Arc<Shared<MapGenerator>>,
    context: Arc<Context>,
) -> Result<Action, Problem> {
    context.account.runs(&generator);
    let map = ConfigMap {
        metadata: ObjectMeta {
            name: generator.metadata.name.clone(),
            owner_references: generator.controller_owner_ref(&()).map(|owner| vec![owner]),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([(
            "content".to_owned(),
            generator.spec.content.clone(),
        )])),
        ..ConfigMap::default()
    };
    let maps: Api<ConfigMap> = namespaced(&context);
    let apply = PatchParams::apply("map-generator").force();
    maps.patch(&generator.name_any(), &apply, &Patch::Apply(&map))
        .await?;
    Ok(Action::await_change())
}
