//! An operator that owns Deployments: server-side apply, a finalizer, and a status, which must not
//! trigger it.

use std::sync::Arc;

use futures_util::StreamExt as _;
use k8s_openapi::api::apps::v1::Deployment;
use kcache::kube_runtime::{Shared, object_ref};
use kcache::{Aspect, Compact, Informer, SubscribeOptions};
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::Controller;
use kube::runtime::controller::Action;
use kube::runtime::finalizer::{Event, finalizer};
use kube::{CustomResource, Resource as _, ResourceExt as _};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Context, Operator, Problem, again, namespaced};

const FINALIZER: &str = "operators.example.com/deployment";

#[derive(CustomResource, Clone, Debug, Deserialize, Serialize)]
#[kube(
    group = "operators.example.com",
    version = "v1",
    kind = "App",
    namespaced,
    status = "AppStatus",
    schema = "disabled"
)]
struct AppSpec {
    image: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct AppStatus {
    observed_generation: Option<i64>,
}

pub(super) const OPERATOR: Operator = Operator {
    namespace: "deployment-owners",
    parent: super::Kind::custom("App", "apps"),
    child: super::Kind::builtin("apps", "Deployment", "deployments"),
    finalizer: Some(FINALIZER),
    manifest: |round| json!({ "spec": { "image": format!("registry.example/app:{round}") } }),
    // Its status is behind as long as there is something to be done.
    wanted: |app| {
        let done = app["metadata"]["generation"] == app["status"]["observedGeneration"];
        done.then(|| json!([app["spec"]["image"], true])).into()
    },
    found: |deployment| {
        let containers = &deployment["spec"]["template"]["spec"]["containers"];
        json!([containers[0]["image"], deployment["spec"]["replicas"] == 2])
    },
    spoiled: || json!({ "spec": { "replicas": 7 } }),
    start: |context| Box::pin(run(context)),
};

async fn run(context: Context) {
    let client = context.client.clone();
    let apps = Informer::<App>::builder(client.clone());
    let apps = apps.namespace(context.namespace).start();
    let deployments = Informer::<Compact<Deployment>>::builder(client);
    let deployments = deployments.namespace(context.namespace).start();

    let worth = Aspect::Generation | Aspect::Finalizers | Aspect::Deletion;
    let (triggers, store) = apps.reflect_with(SubscribeOptions::default().changes_of(worth), ());
    let account = context.account.clone();
    let triggers = triggers.inspect(move |app| account.triggered(&object_ref::<App>(&**app, ())));
    let account = context.account.clone();
    let specs = SubscribeOptions::default().changes_of(Aspect::Generation);
    let owners = deployments.subscribe_options(specs).owner_refs(());
    let owners = owners.inspect(move |app| account.triggered(app));
    Controller::for_shared_stream(triggers, store)
        .reconcile_on(owners)
        .run(reconcile, again, Arc::new(context))
        .for_each(|_| std::future::ready(()))
        .await;
}

async fn reconcile(app: Arc<Shared<App>>, context: Arc<Context>) -> Result<Action, Problem> {
    context.account.runs(&app);
    let apps: Api<App> = namespaced(&context);
    let deployments: Api<Deployment> = namespaced(&context);
    let done = finalizer(&apps, FINALIZER, app.object(), |event| async {
        match event {
            Event::Apply(app) => apply(&app, &apps, &deployments).await,
            Event::Cleanup(app) => super::delete(&deployments, &app.name_any()).await,
        }
    });
    Ok(done.await?)
}

async fn apply(
    app: &App,
    apps: &Api<App>,
    deployments: &Api<Deployment>,
) -> Result<Action, kube::Error> {
    let (name, labels) = (app.name_any(), json!({ "app": app.name_any() }));
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": name, "ownerReferences": [app.controller_owner_ref(&())] },
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "app", "image": app.spec.image }] },
            },
        },
    });
    let apply = PatchParams::apply("deployment-owner").force();
    deployments
        .patch(&name, &apply, &Patch::Apply(&deployment))
        .await?;
    let status = json!({
        "apiVersion": "operators.example.com/v1",
        "kind": "App",
        "status": AppStatus { observed_generation: app.metadata.generation },
    });
    apps.patch_status(&name, &apply, &Patch::Apply(&status))
        .await?;
    Ok(Action::await_change())
}
