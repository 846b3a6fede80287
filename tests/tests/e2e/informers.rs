//! Shared informers, several namespaces, transforms, selectable fields and waiting, on the real
//! kube-apiserver.

use std::sync::Arc;
use std::time::Duration;

use harness::cluster::{self, Cluster};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kcache::{
    Compact, FieldSelector, Informer, Informers, Key, KindOptions, Object, Phase, Publisher,
    ReadError,
};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta};
use kube::runtime::wait::{Condition, conditions};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::testers::client_of;
use crate::trial::{
    Outcome, block_on, check, cluster_for_testers, named, on_cluster, until, wait_until,
};

pub(crate) fn trials() -> Vec<Trial> {
    on_cluster(
        "informers",
        named![
            callers_share_one_and_read_through_it,
            a_live_list_is_the_servers,
            namespaces_come_and_go_without_the_right_to_list_all,
            what_is_stored_is_transformed,
            fields_of_a_custom_resource_select,
            one_object_is_waited_for,
        ],
    )
}

/// A limit that only a hang reaches.
const PATIENCE: Duration = Duration::from_secs(120);

fn run(trial: impl Future<Output = Outcome>) -> Outcome {
    block_on(async { timeout(PATIENCE, trial).await? })
}

fn keys<V: Object>(objects: &Publisher<V>) -> Vec<String> {
    let keys = objects.cache().keys();
    keys.iter().map(ToString::to_string).collect()
}

fn apply(cluster: &Cluster, objects: &[Value]) -> Outcome {
    cluster.apply(&json!({ "apiVersion": "v1", "kind": "List", "items": objects }))?;
    Ok(())
}

fn namespace(name: &str, team: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": name, "labels": { "team": team } },
    })
}

fn map(namespace: &str, name: &str, text: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "namespace": namespace, "name": name, "annotations": { "note": "long" } },
        "data": { "text": text },
    })
}

fn callers_share_one_and_read_through_it() -> Outcome {
    let cluster = cluster_for_testers()?;
    apply(
        cluster,
        &[namespace("shared", "none"), namespace("other", "none")],
    )?;
    apply(cluster, &[map("shared", "a", "1"), map("other", "a", "1")])?;
    run(async {
        let client = client_of(cluster, "shares", &["testers"])?;
        let options = KindOptions::new().namespaces(["shared"]);
        let informers = Informers::builder(client).all_kinds(options).build();
        let callers = (0..32).map(|_| {
            let informers = informers.clone();
            tokio::spawn(async move { informers.get::<ConfigMap>("shared", "a").await })
        });
        for caller in callers.collect::<Vec<_>>() {
            check(caller.await??.is_some(), "it is there")?;
        }
        let resource = ApiResource::erase::<ConfigMap>(&());
        let dynamic = informers.informer_of::<DynamicObject>(&resource);
        informers.ready().await?;
        check(informers.overview().len() == 2, format!("{informers:?}"))?;
        let typed = informers.informer::<ConfigMap>();
        check(
            keys(&typed) == keys(&dynamic),
            "another form, the same objects",
        )?;
        // What was written is in the server at once, and in memory soon.
        apply(cluster, &[map("shared", "a", "2")])?;
        let text = |map: &ConfigMap| map.data.as_ref().and_then(|data| data.get("text").cloned());
        let live = informers.get_live::<ConfigMap>("shared", "a").await?;
        check(
            live.and_then(|map| text(&map)).as_deref() == Some("2"),
            "a live read",
        )?;
        let is_new = |map: Option<&ConfigMap>| map.and_then(text).as_deref() == Some("2");
        typed.until("shared", "a", is_new).await?;
        let outside = informers.get::<ConfigMap>("other", "a").await;
        check(
            matches!(outside, Err(ReadError::OutOfScope { .. })),
            "it is not followed",
        )?;
        let missing = informers.get_live::<ConfigMap>("shared", "none").await?;
        check(missing.is_none(), "there is no such object")?;
        // Its namespaces are in no namespace.
        let namespace = informers.get::<Namespace>("", "shared").await?;
        check(namespace.is_some(), "the namespace")
    })
}

fn a_live_list_is_the_servers() -> Outcome {
    let cluster = cluster_for_testers()?;
    let names = ["live-a", "live-b", "live-c"];
    apply(cluster, &names.map(|name| namespace(name, "live")))?;
    let maps = |namespace: &str| {
        (0..7)
            .map(|n| map(namespace, &format!("m{n}"), "1"))
            .collect::<Vec<_>>()
    };
    for name in names {
        apply(cluster, &maps(name))?;
    }
    run(async {
        let client = client_of(cluster, "reads", &["testers"])?;
        // What is followed is less than what is read.
        let options = KindOptions::new()
            .namespaces(["live-a"])
            .fields("metadata.name=m1")
            .transform_json(|map| map["data"] = Value::Null);
        let informers = Informers::builder(client)
            .kind::<ConfigMap>(options)
            .build();
        let keys = |maps: &[Arc<ConfigMap>]| {
            let keys = maps.iter().map(|map| Key::of(&**map).to_string());
            keys.collect::<Vec<_>>()
        };
        let all = informers.list_live::<ConfigMap>("live-b").await?;
        let own = |name: &str| format!("live-b/m{name}");
        let want: Vec<_> = (0..7).map(|n| own(&n.to_string())).collect();
        let is_own = |key: &String| !key.ends_with("kube-root-ca.crt");
        let found: Vec<_> = keys(&all).into_iter().filter(is_own).collect();
        check(found == want, format!("{found:?}"))?;
        check(
            all.iter().all(|map| map.data.is_none()),
            "in the form of the kind",
        )?;
        // In pages of two, of several namespaces by their names, and by their labels.
        let named = KindOptions::new()
            .namespaces(["live-c", "live-a"])
            .page_size(2);
        let named = informers.list_live_with::<ConfigMap>(named).await?;
        let named: Vec<_> = keys(&named).into_iter().filter(is_own).collect();
        check(
            named.len() == 14 && named[0] == "live-a/m0" && named[13] == "live-c/m6",
            format!("{named:?}"),
        )?;
        let labelled = KindOptions::new()
            .namespaces_labelled("team=live")
            .fields("metadata.name=m3");
        let labelled = informers.list_live_with::<ConfigMap>(labelled).await?;
        check(
            keys(&labelled) == names.map(|name| format!("{name}/m3")),
            format!("{:?}", keys(&labelled)),
        )?;
        let compact = KindOptions::new().namespaces(["live-a"]).page_size(3);
        let compact = informers
            .list_live_with::<Compact<ConfigMap>>(compact)
            .await?;
        check(compact.len() >= 7, "in another form")?;
        // What was just written is there.
        cluster.kubectl_admin(&["-n", "live-b", "delete", "configmap", "m4"])?;
        let after = informers.list_live::<ConfigMap>("live-b").await?;
        check(!keys(&after).contains(&own("4")), "it was deleted")?;
        let none = informers.list_live::<ConfigMap>("no-such").await?;
        check(none.is_empty(), "there is nothing")?;
        check(informers.overview().is_empty(), "no informer was started")?;
        let spaces = informers.list_live::<Namespace>("live-a").await?;
        check(spaces.len() > 3, "namespaces are in none")
    })?;
    run(async {
        let client = client_of(cluster, "reads-nothing", &["nobody"])?;
        let refused = Informers::new(client).list_live::<ConfigMap>("").await;
        let code = match &refused {
            Err(ReadError::Failed(failure)) => failure.code(),
            _ => None,
        };
        check(code == Some(403), format!("{refused:?}"))
    })
}

/// What the user may do: list all Namespaces, and maps of configuration in some.
fn grants(namespaces: &[&str]) -> Vec<Value> {
    let rbac = "rbac.authorization.k8s.io";
    let subjects = json!([{ "apiGroup": rbac, "kind": "Group", "name": "scoped" }]);
    let role = |kind: &str| json!({ "apiGroup": rbac, "kind": kind, "name": "scoped" });
    let rules = |resource: &str| json!([{ "apiGroups": [""], "resources": [resource], "verbs": ["list", "watch"] }]);
    let version = format!("{rbac}/v1");
    let mut grants = vec![
        json!({
            "apiVersion": version, "kind": "ClusterRole",
            "metadata": { "name": "scoped" }, "rules": rules("namespaces"),
        }),
        json!({
            "apiVersion": version, "kind": "ClusterRoleBinding", "metadata": { "name": "scoped" },
            "subjects": subjects, "roleRef": role("ClusterRole"),
        }),
    ];
    for namespace in namespaces {
        let metadata = json!({ "namespace": namespace, "name": "scoped" });
        grants.push(json!({
            "apiVersion": version, "kind": "Role", "metadata": metadata,
            "rules": rules("configmaps"),
        }));
        grants.push(json!({
            "apiVersion": version, "kind": "RoleBinding", "metadata": metadata,
            "subjects": subjects, "roleRef": role("Role"),
        }));
    }
    grants
}

fn namespaces_come_and_go_without_the_right_to_list_all() -> Outcome {
    let cluster = cluster::shared()?;
    let names = ["scoped-a", "scoped-b", "scoped-c"];
    apply(cluster, &names.map(|name| namespace(name, "web")))?;
    apply(cluster, &names.map(|name| map(name, "m", "1")))?;
    apply(cluster, &grants(&names[..2]))?;
    apply(cluster, &[namespace("scoped-c", "db")])?;
    run(async {
        let client = client_of(cluster, "scoped", &["scoped"])?;
        let teams = Informer::<PartialObjectMeta<Namespace>>::builder(client.clone());
        let teams = teams.labels("team=web").start();
        let maps = Informer::<ConfigMap>::builder(client.clone()).start_in_all_of(&teams);
        let all = Informer::<ConfigMap>::builder(client).start();
        maps.ready().await?;
        let refused = all.ready_or_refused().await;
        let code = refused.err().and_then(|error| error.code());
        check(code == Some(403), "nobody here may list all")?;
        check(
            keys(&maps) == ["scoped-a/m", "scoped-b/m"],
            format!("{:?}", keys(&maps)),
        )?;
        // One comes where the user may not list.
        apply(cluster, &[namespace("scoped-c", "web")])?;
        let complains = |maps: &Publisher<ConfigMap>| {
            let phase = maps.status().phase;
            let failure = phase.failure().map(ToString::to_string);
            failure.is_some_and(|text| text.starts_with("namespace scoped-c: "))
        };
        until(PATIENCE, "the refusal", || complains(&maps)).await?;
        apply(cluster, &[map("scoped-a", "n", "1")])?;
        until(PATIENCE, "a change elsewhere", || {
            keys(&maps) == ["scoped-a/m", "scoped-a/n", "scoped-b/m"]
        })
        .await?;
        apply(cluster, &grants(&names))?;
        until(PATIENCE, "the third", || {
            keys(&maps).contains(&"scoped-c/m".to_owned())
        })
        .await?;
        until(PATIENCE, "health", || {
            matches!(maps.status().phase, Phase::Live)
        })
        .await?;
        // One leaves by its label, all at once.
        apply(cluster, &[map("scoped-c", "n", "1")])?;
        until(PATIENCE, "another", || keys(&maps).len() == 5).await?;
        let mut changes = maps.subscribe();
        changes.snapshot().await?;
        apply(cluster, &[namespace("scoped-c", "db")])?;
        let batch = changes.next_batch().await.ok_or("a batch")?;
        check(batch.changes.len() == 2, format!("{batch:?}"))?;
        check(
            keys(&maps) == ["scoped-a/m", "scoped-a/n", "scoped-b/m"],
            "it has left",
        )
    })
}

fn what_is_stored_is_transformed() -> Outcome {
    let cluster = cluster_for_testers()?;
    apply(cluster, &[namespace("transformed", "none")])?;
    apply(
        cluster,
        &[map("transformed", "a", "1"), map("transformed", "b", "1")],
    )?;
    run(async {
        let client = client_of(cluster, "transforms", &["testers"])?;
        let typed = Informer::<ConfigMap>::builder(client.clone()).namespace("transformed");
        let typed = typed.transform(|map: &mut ConfigMap| map.metadata.annotations = None);
        let compact = Informer::<Compact<ConfigMap>>::builder(client).namespace("transformed");
        let compact = compact.transform_json(|map| {
            assert_ne!(map["metadata"]["name"], "b", "not this one");
            if let Some(metadata) = map["metadata"].as_object_mut() {
                metadata.remove("annotations");
            }
        });
        let (typed, compact) = (typed.start(), compact.start());
        typed.ready().await?;
        compact.ready().await?;
        let one = typed.cache().get("transformed", "a").ok_or("a")?;
        check(one.metadata.annotations.is_none(), "it was dropped")?;
        let packed = compact.cache().get("transformed", "a").ok_or("a")?;
        check(packed.decode()? == *one, format!("{one:?}"))?;
        let bad = compact.bad_objects();
        check(
            bad.iter().any(|bad| bad.key.name() == "b"),
            format!("{bad:?}"),
        )?;
        apply(cluster, &[map("transformed", "a", "2")])?;
        let is_new = |map: Option<&ConfigMap>| {
            map.is_some_and(|map| map.data.as_ref().is_some_and(|data| data["text"] == "2"))
        };
        let new = typed.until("transformed", "a", is_new).await?.ok_or("a")?;
        check(
            new.metadata.annotations.is_none(),
            "in what is watched, too",
        )
    })
}

fn fields_of_a_custom_resource_select() -> Outcome {
    let cluster = cluster_for_testers()?;
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "paints.selectable.example.com" },
        "spec": {
            "group": "selectable.example.com", "scope": "Namespaced",
            "names": { "plural": "paints", "singular": "paint", "kind": "Paint" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "selectableFields": [{ "jsonPath": ".spec.color" }],
                "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                    "spec": { "type": "object", "properties": { "color": { "type": "string" } } },
                } } },
            }],
        },
    });
    cluster.apply(&definition)?;
    let is_served = || cluster.kubectl_admin(&["get", "paints", "-A"]).is_ok();
    wait_until(PATIENCE, "the resource", || Ok(is_served()))?;
    let paint = |name: &str, color: &str| {
        json!({
            "apiVersion": "selectable.example.com/v1", "kind": "Paint",
            "metadata": { "namespace": "default", "name": name }, "spec": { "color": color },
        })
    };
    apply(
        cluster,
        &[
            paint("a", "blue"),
            paint("b", "red"),
            paint("c", "sky,blue"),
        ],
    )?;
    let kind = GroupVersionKind::gvk("selectable.example.com", "v1", "Paint");
    let resource = ApiResource::from_gvk_with_plural(&kind, "paints");
    run(async {
        let client = client_of(cluster, "selects", &["testers"])?;
        let start = |selector: &FieldSelector| {
            let builder = Informer::<DynamicObject>::builder_of(client.clone(), resource.clone());
            builder.fields(selector).start()
        };
        let blue = start(&"spec.color=blue".parse()?);
        // A comma in a value is escaped on its way.
        let sky = start(&r"spec.color=sky\,blue".parse()?);
        let others = start(&"spec.color!=blue".parse()?);
        let unknown = start(&"spec.size=1".parse()?);
        for informer in [&blue, &sky, &others] {
            informer.ready_or_refused().await?;
        }
        check(keys(&blue) == ["default/a"], format!("{:?}", keys(&blue)))?;
        check(keys(&sky) == ["default/c"], format!("{:?}", keys(&sky)))?;
        check(keys(&others) == ["default/b", "default/c"], "all others")?;
        let refused = unknown.ready_or_refused().await;
        let code = refused.err().and_then(|error| error.code());
        check(
            code == Some(400),
            format!("{code:?}: the field is not selectable"),
        )?;
        // What changes its field comes and goes.
        apply(cluster, &[paint("a", "red"), paint("b", "blue")])?;
        until(PATIENCE, "the change", || keys(&blue) == ["default/b"]).await?;
        until(PATIENCE, "the change", || {
            keys(&others) == ["default/a", "default/c"]
        })
        .await
    })
}

fn one_object_is_waited_for() -> Outcome {
    let cluster = cluster_for_testers()?;
    apply(cluster, &[namespace("waited", "none")])?;
    run(async {
        let client = client_of(cluster, "waits", &["testers"])?;
        let maps = Informer::<ConfigMap>::builder(client)
            .namespace("waited")
            .start();
        let absent = maps.until("waited", "a", |map| map.is_none()).await?;
        check(absent.is_none(), "nothing is there")?;
        let waits = tokio::spawn({
            let maps = maps.clone();
            async move { maps.until("waited", "a", |map| map.is_some()).await }
        });
        let mut held = map("waited", "a", "1");
        held["metadata"]["finalizers"] = json!(["example.com/hold"]);
        apply(cluster, &[held])?;
        let first: Arc<ConfigMap> = waits.await??.ok_or("a map")?;
        let is_deleted = conditions::is_deleted(first.uid());
        let waits = tokio::spawn({
            let (maps, first) = (maps.clone(), first.clone());
            async move { maps.until_deleted(&*first).await }
        });
        cluster.kubectl_admin(&["-n", "waited", "delete", "configmap", "a", "--wait=false"])?;
        let going =
            |map: Option<&ConfigMap>| map.is_some_and(|map| map.deletion_timestamp().is_some());
        maps.until("waited", "a", going).await?;
        check(!waits.is_finished(), "its finalizer holds it")?;
        let patch = r#"{"metadata": {"finalizers": null}}"#;
        cluster.kubectl_admin(&[
            "-n",
            "waited",
            "patch",
            "configmap",
            "a",
            "--type=merge",
            "-p",
            patch,
        ])?;
        // One of the same name is another one.
        apply(cluster, &[map("waited", "a", "2")])?;
        waits.await??;
        let gone = maps
            .until("waited", "a", |map| is_deleted.matches_object(map))
            .await?;
        check(
            gone.is_none_or(|map| map.uid() != first.uid()),
            "it is the same",
        )
    })
}
