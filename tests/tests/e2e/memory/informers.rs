//! An informer, a view, an index and a join at servers with habits: they end with what the server says
//! last, or say that they cannot.

use std::collections::BTreeMap;
use std::time::Duration;

use harness::memory::{ApiServer, Fault, Options, Resource, Verb};
use k8s_openapi::api::core::v1::{Pod, Service};
use kcache::{Filter, Informer, Key, Lookup, Object, Phase, Publisher, View};
use kcache_join::{Join, relations};
use kube::Client;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Check, checks, pod};
use crate::contract::wire::Wire;
use crate::trial::{Outcome, check, until, until_ok};

pub(super) const CHECKS: &[Check] = checks![
    informer_follows_a_restore_ahead,
    informer_follows_a_restore_back,
    informer_sees_what_is_granted_late,
    informer_takes_versions_that_were_drawn_late,
    informer_takes_what_a_conversion_changed,
    informer_needs_no_version_of_the_last_bookmark,
    informer_has_no_ghost_after_a_deletion_of_nothing,
    informer_ends_pages_that_have_no_end,
    informer_lists_whole_where_pages_expire,
    informer_shows_lists_without_versions,
    informer_outlives_silent_watches,
];

/// On a paused clock: longer than a watch lasts, with all that comes after it.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// What is derived from one informer.
struct Standing {
    pods: Informer<Pod>,
    view: View<Pod>,
    by_app: Lookup<Pod>,
    joined: Join<Service, Pod>,
    _services: Informer<Service>,
}

impl Standing {
    fn on(server: &ApiServer) -> Result<Self, libtest_mimic::Failed> {
        server.put(json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": { "namespace": "default", "name": "web" },
            "spec": { "selector": { "app": "web" } },
        }))?;
        let client = Client::new(server.service(), "default");
        let pods = Informer::<Pod>::builder(client.clone())
            .page_size(2)
            .start();
        let services = Informer::<Service>::builder(client).start();
        Ok(Self {
            view: pods.view(Filter::labels([("app", "web")])),
            by_app: pods.index_by_label("app"),
            joined: relations::service_pods().join(&services, &pods),
            pods,
            _services: services,
        })
    }

    fn publishers(&self) -> [(&'static str, &Publisher<Pod>); 3] {
        [
            ("the informer", &self.pods),
            ("the view", &self.view),
            ("the join", &self.joined),
        ]
    }

    /// Waits until all have what the server has. All Pods here have the label of the Service.
    async fn agree(&self, server: &ApiServer) -> Outcome {
        let agree = async || {
            let wanted = said(&server.list("pods"));
            let mut late = Vec::new();
            for (name, publisher) in self.publishers() {
                if held(&publisher.cache().list()) != wanted {
                    late.push(name);
                }
            }
            if held(&self.by_app.get("web")) != wanted {
                late.push("the index");
            }
            let status = self.pods.status();
            let problem = format!("{late:?} have not what the server has; {status:?}");
            Ok(check(late.is_empty(), problem))
        };
        until_ok(PATIENCE, agree).await
    }

    /// All say that this is a new incarnation.
    fn begins_anew(&self) -> Outcome {
        for (name, publisher) in self.publishers() {
            let incarnation = publisher.status().incarnation;
            check(
                incarnation == 2,
                format!("{name}: incarnation {incarnation}"),
            )?;
        }
        Ok(())
    }

    async fn live(&self) -> Outcome {
        let live = async || {
            let status = self.pods.status();
            let is_live = matches!(status.phase, Phase::Live);
            Ok(check(is_live, format!("{status:?}")))
        };
        until_ok(PATIENCE, live).await
    }
}

/// UID, version and node by key.
type Said = BTreeMap<Key, (String, String, String)>;

fn said(objects: &[Value]) -> Said {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |object: &Value| {
        let metadata = &object["metadata"];
        (
            Key::new(&text(&metadata["namespace"]), &text(&metadata["name"])),
            (
                text(&metadata["uid"]),
                text(&metadata["resourceVersion"]),
                text(&object["spec"]["nodeName"]),
            ),
        )
    };
    objects.iter().map(one).collect()
}

fn held(objects: &[std::sync::Arc<Pod>]) -> Said {
    let node = |pod: &Pod| pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
    let one = |pod: &std::sync::Arc<Pod>| {
        (
            Key::of(&**pod),
            (
                pod.uid().to_owned(),
                pod.version().to_owned(),
                node(pod).unwrap_or_default(),
            ),
        )
    };
    objects.iter().map(one).collect()
}

fn on_node(name: &str, node: &str) -> Value {
    let mut pod = pod(name);
    pod["spec"]["nodeName"] = node.into();
    pod
}

/// Pods that change, go, come and become others after a backup, and that backup.
async fn lose(
    server: &ApiServer,
    standing: &Standing,
) -> Result<harness::memory::Backup, libtest_mimic::Failed> {
    for name in ["a", "b", "c", "d"] {
        server.put(on_node(name, "before"))?;
    }
    standing.agree(server).await?;
    let backup = server.back_up();
    server.put(on_node("a", "after"))?;
    server.delete("pods", "default", "b")?;
    server.delete("pods", "default", "c")?;
    server.put(on_node("c", "after"))?;
    server.put(on_node("e", "after"))?;
    standing.agree(server).await?;
    Ok(backup)
}

async fn informer_follows_a_restore_ahead(server: ApiServer, _: Wire) -> Outcome {
    let standing = Standing::on(&server)?;
    let backup = lose(&server, &standing).await?;
    server.restore(&backup, server.version() + 1_000_000);
    standing.agree(&server).await?;
    standing.live().await?;
    standing.begins_anew()?;
    server.put(on_node("a", "again"))?;
    standing.agree(&server).await
}

async fn informer_follows_a_restore_back(server: ApiServer, _: Wire) -> Outcome {
    let standing = Standing::on(&server)?;
    let backup = lose(&server, &standing).await?;
    server.restore(&backup, backup.version());
    standing.agree(&server).await?;
    standing.live().await?;
    standing.begins_anew()?;
    server.put(on_node("a", "again"))?;
    standing.agree(&server).await
}

async fn informer_sees_what_is_granted_late(server: ApiServer, _: Wire) -> Outcome {
    server.put(pod("a"))?;
    server.put(pod("b"))?;
    server.hide("pods", "default", "a")?;
    let standing = Standing::on(&server)?;
    standing.agree(&server).await?;
    server.put(on_node("b", "n"))?;
    standing.agree(&server).await?;
    server.reveal("pods", "default", "a")?;
    standing.agree(&server).await?;
    check(standing.pods.cache().len() == 2, "a is missing")?;
    check(standing.pods.status().incarnation == 1, "a new incarnation")?;
    server.hide("pods", "default", "a")?;
    standing.agree(&server).await
}

async fn informer_takes_versions_that_were_drawn_late(server: ApiServer, _: Wire) -> Outcome {
    server.put(pod("b"))?;
    let standing = Standing::on(&server)?;
    standing.agree(&server).await?;
    let drawn = server.draw_version();
    server.delete("pods", "default", "b")?;
    server.put_at(pod("a"), drawn)?;
    standing.agree(&server).await?;
    server.put_at(on_node("a", "n"), drawn)?;
    standing.agree(&server).await?;
    server.put_at(on_node("a", "m"), drawn - 1)?;
    standing.agree(&server).await?;
    server.delete_at("pods", "default", "a", drawn - 1)?;
    standing.agree(&server).await
}

async fn informer_takes_what_a_conversion_changed(_: ApiServer, _: Wire) -> Outcome {
    let widgets = Resource::custom("example.com", "v1", "widgets", "Widget");
    let server = ApiServer::with_options(Options::default().with_resource(widgets));
    server.put(json!({
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": { "namespace": "default", "name": "w" },
        "spec": {},
    }))?;
    let client = Client::new(server.service(), "default");
    let kind = GroupVersionKind::gvk("example.com", "v1", "Widget");
    let resource = ApiResource::from_gvk_with_plural(&kind, "widgets");
    let informer = Informer::<DynamicObject>::builder_of(client, resource).start();
    informer.ready().await?;
    server.convert("widgets", &json!({ "spec": { "size": 3 } }));
    server.compact();
    server.begin_incarnation(server.version() + 10);
    let widget = || informer.cache().get("default", "w");
    let is_new = || widget().is_some_and(|widget| widget.data["spec"]["size"] == 3);
    until(PATIENCE, "the new default", is_new).await
}

async fn informer_needs_no_version_of_the_last_bookmark(server: ApiServer, _: Wire) -> Outcome {
    server.put(pod("a"))?;
    server.inject(Fault::unversioned_bookmark().forever());
    let standing = Standing::on(&server)?;
    standing.agree(&server).await?;
    standing.live().await?;
    for round in 0..3 {
        server.put(on_node("a", &format!("n-{round}")))?;
        standing.agree(&server).await?;
        server.put(pod(&format!("b-{round}")))?;
        server.cut_watches();
        server.delete("pods", "default", &format!("b-{round}"))?;
        standing.agree(&server).await?;
    }
    Ok(())
}

async fn informer_has_no_ghost_after_a_deletion_of_nothing(server: ApiServer, _: Wire) -> Outcome {
    for fault in [Fault::without_object(0), Fault::without_name(0)] {
        server.put(pod("a"))?;
        server.put(pod("b"))?;
        let standing = Standing::on(&server)?;
        standing.agree(&server).await?;
        server.inject(fault.on(Verb::Watch).resource("pods"));
        server.end_watches();
        // The watch that the fault meets is open.
        sleep(Duration::from_secs(60)).await;
        server.delete("pods", "default", "a")?;
        standing.agree(&server).await?;
        standing.live().await?;
    }
    Ok(())
}

/// No streaming list, nor one of any state, which has no pages: one of the newest state.
fn list_in_pages(server: &ApiServer) {
    server.inject(Fault::forbidden().on(Verb::Watch).resource("pods"));
    server.inject(Fault::gone().on(Verb::List).resource("pods"));
}

/// All is there at last, and no pages were requested in a hot loop with this fault.
async fn lists_in_spite_of(server: &ApiServer, fault: Fault) -> Outcome {
    for name in ["a", "b", "c", "d", "e"] {
        server.put(pod(name))?;
    }
    list_in_pages(server);
    let fault = server.inject(fault.forever());
    let standing = Standing::on(server)?;
    standing.agree(server).await?;
    check(
        (1..20).contains(&fault.hits()),
        format!("{} pages were requested", fault.hits()),
    )
}

async fn informer_ends_pages_that_have_no_end(server: ApiServer, _: Wire) -> Outcome {
    lists_in_spite_of(&server, Fault::repeated_token()).await
}

async fn informer_lists_whole_where_pages_expire(server: ApiServer, _: Wire) -> Outcome {
    lists_in_spite_of(&server, Fault::expired_page()).await
}

async fn informer_shows_lists_without_versions(server: ApiServer, _: Wire) -> Outcome {
    server.put(pod("a"))?;
    server.put(pod("b"))?;
    server.inject(
        Fault::forbidden()
            .on(Verb::Watch)
            .resource("pods")
            .forever(),
    );
    server.inject(Fault::unversioned_list().resource("pods").forever());
    let standing = Standing::on(&server)?;
    standing.agree(&server).await?;
    server.delete("pods", "default", "a")?;
    standing.agree(&server).await?;
    let phase = standing.pods.status().phase;
    check(!matches!(phase, Phase::Live), format!("{phase:?}"))?;
    server.clear_faults();
    standing.live().await?;
    server.put(pod("c"))?;
    standing.agree(&server).await
}

async fn informer_outlives_silent_watches(server: ApiServer, _: Wire) -> Outcome {
    server.put(pod("a"))?;
    let fault = server.inject(Fault::silent().times(3));
    let standing = Standing::on(&server)?;
    standing.agree(&server).await?;
    check(fault.hits() > 0, "no watch was silent")?;
    server.put(pod("b"))?;
    standing.agree(&server).await?;
    standing.live().await
}
