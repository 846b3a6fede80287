use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use kcache::{Feed, Phase};
use kcache_join::{Join, Kind, Side, relations};
use kube::core::DynamicObject;
use serde_json::{Value, json};

use super::{fed, fed_of, object, objects, pairs_of};

const GROUP: &str = "gateway.networking.k8s.io";

fn typed(kind: &str, mut spec: Value) -> Value {
    spec["apiVersion"] = format!("{GROUP}/v1").into();
    spec["kind"] = kind.into();
    spec
}

fn route(backends: &Value) -> Value {
    typed(
        "HTTPRoute",
        json!({"spec": {"rules": [{"backendRefs": backends}]}}),
    )
}

fn grant(from: &Value, to: &Value) -> Value {
    typed("ReferenceGrant", json!({"spec": {"from": from, "to": to}}))
}

struct World {
    join: Join<DynamicObject, DynamicObject>,
    _routes: Feed<DynamicObject>,
    grants: Feed<DynamicObject>,
    _services: Feed<DynamicObject>,
}

fn world(routes: &[(&str, Value)], grants: &[(&str, Value)]) -> World {
    let services = ["edge/web", "shop/web", "shop/api", "bank/web"].map(|name| (name, json!({})));
    let (routes, route_feed) = fed(objects::<DynamicObject>(routes));
    let (services, service_feed) = fed_of::<Service>(&services);
    let (granted, grants) = fed(objects::<DynamicObject>(grants));
    let join = relations::httproute_services()
        .with_pairs()
        .join(&routes, &granted, &services);
    World {
        join,
        _routes: route_feed,
        grants,
        _services: service_feed,
    }
}

#[tokio::test(start_paused = true)]
async fn a_route_needs_no_grant_in_its_own_namespace() {
    let routes = [
        ("edge/plain", route(&json!([{"name": "web", "port": 80}]))),
        (
            "edge/explicit",
            route(&json!([{"group": "", "kind": "Service", "namespace": "edge", "name": "web"}])),
        ),
        (
            "edge/other-kind",
            route(&json!([{"kind": "Bucket", "name": "web"}])),
        ),
        (
            "edge/other-group",
            route(&json!([{"group": "x.example", "kind": "Service", "name": "web"}])),
        ),
        (
            "edge/elsewhere",
            route(&json!([{"namespace": "shop", "name": "web"}])),
        ),
        ("edge/nothing", typed("HTTPRoute", json!({}))),
        (
            "edge/odd",
            typed(
                "HTTPRoute",
                json!({"spec": {"rules": [7, {"backendRefs": "x"}, {"backendRefs": [{"name": 7}]}]}}),
            ),
        ),
        (
            "shop/plain",
            route(&json!([{"name": "web"}, {"name": "api"}, {"name": "gone"}])),
        ),
    ];
    let world = world(&routes, &[]);
    let want = [
        "edge/explicit > edge/web",
        "edge/plain > edge/web",
        "shop/plain > shop/api",
        "shop/plain > shop/web",
    ];
    assert_eq!(pairs_of(&world.join).await, want);
}

#[tokio::test(start_paused = true)]
async fn filters_mirror_to_backends_too() {
    let mirror = |name: &str| json!({"type": "RequestMirror", "requestMirror": {"backendRef": {"name": name}}});
    let rule = json!({"filters": [mirror("api"), {"type": "URLRewrite"}], "backendRefs": [{"name": "gone", "filters": [mirror("web")]}]});
    let world = world(
        &[(
            "shop/r",
            typed("HTTPRoute", json!({"spec": {"rules": [rule]}})),
        )],
        &[],
    );
    assert_eq!(
        pairs_of(&world.join).await,
        ["shop/r > shop/api", "shop/r > shop/web"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_grant_names_who_may_refer_to_what() {
    let from = |group: &str, kind: &str, namespace: &str| json!({"group": group, "kind": kind, "namespace": namespace});
    let edge = || json!([from(GROUP, "HTTPRoute", "edge")]);
    let all = || json!([{"group": "", "kind": "Service"}]);
    let routes = [(
        "edge/r",
        route(&json!([{"namespace": "shop", "name": "web"}, {"namespace": "shop", "name": "api"}])),
    )];
    let cases = [
        (
            "shop/all",
            edge(),
            all(),
            vec!["edge/r > shop/api", "edge/r > shop/web"],
        ),
        (
            "shop/named",
            edge(),
            json!([{"group": "", "kind": "Service", "name": "web"}]),
            vec!["edge/r > shop/web"],
        ),
        (
            "shop/either",
            json!([from("", "Gateway", "x"), from(GROUP, "HTTPRoute", "edge")]),
            json!([{"group": "", "kind": "Secret"}, {"group": "", "kind": "Service", "name": "api"}]),
            vec!["edge/r > shop/api"],
        ),
        ("bank/elsewhere", edge(), all(), vec![]),
        (
            "shop/other-route",
            json!([from(GROUP, "GRPCRoute", "edge")]),
            all(),
            vec![],
        ),
        (
            "shop/other-namespace",
            json!([from(GROUP, "HTTPRoute", "shop")]),
            all(),
            vec![],
        ),
        (
            "shop/other-group",
            json!([from("", "HTTPRoute", "edge")]),
            all(),
            vec![],
        ),
        (
            "shop/other-target",
            edge(),
            json!([{"group": "", "kind": "Secret"}]),
            vec![],
        ),
        ("shop/nothing", json!([]), all(), vec![]),
    ];
    for (name, from, to, want) in cases {
        let world = world(&routes, &[(name, grant(&from, &to))]);
        assert_eq!(pairs_of(&world.join).await, want, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn routes_follow_their_grants() {
    let edge = json!([{"group": GROUP, "kind": "HTTPRoute", "namespace": "edge"}]);
    let all = grant(&edge, &json!([{"group": "", "kind": "Service"}]));
    let web = grant(
        &edge,
        &json!([{"group": "", "kind": "Service", "name": "web"}]),
    );
    let routes = [(
        "edge/r",
        route(&json!([{"namespace": "shop", "name": "web"}, {"namespace": "shop", "name": "api"}])),
    )];
    let mut world = world(&routes, &[]);
    world.join.ready().await.unwrap();
    let settle = || tokio::time::sleep(Duration::from_millis(1));
    world.grants.apply(object("shop/all", &all)).unwrap();
    settle().await;
    assert_eq!(pairs_of(&world.join).await.len(), 2);
    assert_eq!(world.join.cache().snapshot().input_commits(), [1, 1, 1]);
    world.grants.apply(object("shop/web", &web)).unwrap();
    let (commit, mut changes) = (
        world.join.cache().snapshot().commit(),
        world.join.subscribe(),
    );
    changes.snapshot().await.unwrap();
    world.grants.remove(object("shop/all", &all)).unwrap();
    settle().await;
    assert_eq!(pairs_of(&world.join).await, ["edge/r > shop/web"]);
    assert_eq!(world.join.cache().snapshot().commit(), commit + 1);
    let batch = changes.next_batch().await.unwrap();
    assert_eq!(batch.changes.len(), 1, "what stays is not told");
    assert!(batch.changes[0].new.is_none());
    // A third input that fails or ends is said like the others, and empties nothing.
    world
        .grants
        .send(kcache::Input::Failed("no route".into()))
        .unwrap();
    settle().await;
    let Phase::Degraded { reason, .. } = world.join.status().phase else {
        panic!("{:?}", world.join.status())
    };
    assert_eq!(reason.to_string(), "guards: no route");
    world
        .grants
        .send(kcache::Input::Bookmark("7".to_owned()))
        .unwrap();
    let waited = world
        .join
        .wait_for(Side::Guards, "7", Duration::from_secs(1));
    waited.await.unwrap();
    drop(world.grants);
    settle().await;
    assert_eq!(pairs_of(&world.join).await.len(), 1);
    assert!(world.join.error().is_none());
}

#[tokio::test(start_paused = true)]
async fn other_routes_are_of_the_same_shape() {
    let rules = json!({"spec": {"rules": [{"backendRefs": [{"name": "web"}]}]}});
    let route: DynamicObject = object("shop/tcp", &typed("TCPRoute", rules));
    let ((routes, _r), (grants, _g)) = (fed(vec![route]), fed::<DynamicObject>(vec![]));
    let (services, _s) = fed_of::<Service>(&[("shop/web", json!({}))]);
    let relation = relations::route_services(Kind::new(GROUP, "TCPRoute")).with_pairs();
    let join = relation.join(&routes, &grants, &services);
    assert_eq!(pairs_of(&join).await, ["shop/tcp > shop/web"]);
}
