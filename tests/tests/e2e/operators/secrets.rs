//! kube-rs's Secret syncer: each `ConfigMap` with a label has a Secret of its name, which a finalizer
//! removes.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kcache::Informer;
use kcache::kube_runtime::{Shared, object_ref};
use kube::ResourceExt as _;
use kube::api::{Api, Patch, PatchParams};
use kube::core::{ObjectMeta, PartialObjectMeta};
use kube::runtime::Controller;
use kube::runtime::controller::Action;
use kube::runtime::finalizer::{Event, finalizer};
use serde_json::json;

use super::{Context, Operator, Problem, again, namespaced};

const FINALIZER: &str = "operators.example.com/secret";

pub(super) const OPERATOR: Operator = Operator {
    namespace: "secret-syncers",
    parent: super::Kind::builtin("", "ConfigMap", "configmaps"),
    child: super::Kind::builtin("", "Secret", "secrets"),
    finalizer: Some(FINALIZER),
    manifest: |round| {
        json!({
            "metadata": { "labels": { "sync": "secret" } },
            "data": { "content": format!("round {round}") },
        })
    },
    wanted: |map| map["data"]["content"].clone(),
    found: |secret| super::decoded(&secret["data"]["content"]),
    spoiled: || json!({ "stringData": { "content": "spoiled" } }),
    start: |context| Box::pin(run(context)),
};

async fn run(context: Context) {
    let client = context.client.clone();
    let maps = Informer::<ConfigMap>::builder(client.clone()).labels("sync=secret");
    let maps = maps.namespace(context.namespace).start();
    // Whose Secret it is stands in its name.
    let secrets = Informer::<PartialObjectMeta<Secret>>::builder(client);
    let secrets = secrets.namespace(context.namespace).start();

    let (triggers, store) = maps.reflect();
    let account = context.account.clone();
    let triggers =
        triggers.inspect(move |map| account.triggered(&object_ref::<ConfigMap>(&**map, ())));
    let account = context.account.clone();
    let changed = secrets.subscribe().object_refs(());
    let changed = changed.inspect(move |map| account.triggered(map));
    Controller::for_shared_stream(triggers, store)
        .reconcile_on(changed)
        .run(reconcile, again, Arc::new(context))
        .for_each(|_| std::future::ready(()))
        .await;
}

async fn reconcile(map: Arc<Shared<ConfigMap>>, context: Arc<Context>) -> Result<Action, Problem> {
    context.account.runs(&map);
    let maps: Api<ConfigMap> = namespaced(&context);
    let secrets: Api<Secret> = namespaced(&context);
    let done = finalizer(&maps, FINALIZER, map.object(), |event| async move {
        match event {
            Event::Apply(map) => apply(&map, &secrets).await,
            Event::Cleanup(map) => super::delete(&secrets, &map.name_any()).await,
        }
    });
    Ok(done.await?)
}

async fn apply(map: &ConfigMap, secrets: &Api<Secret>) -> Result<Action, kube::Error> {
    let content = map.data.as_ref().and_then(|data| data.get("content"));
    let secret = Secret {
        metadata: ObjectMeta {
            name: map.metadata.name.clone(),
            ..ObjectMeta::default()
        },
        string_data: content.map(|content| BTreeMap::from([("content".into(), content.clone())])),
        ..Secret::default()
    };
    let apply = PatchParams::apply("secret-syncer").force();
    secrets
        .patch(&map.name_any(), &apply, &Patch::Apply(&secret))
        .await?;
    Ok(Action::await_change())
}
