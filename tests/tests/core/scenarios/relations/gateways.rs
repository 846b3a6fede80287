use k8s_openapi::api::core::v1::Namespace;
use kcache_join::{Kind, relations};
use kube::core::DynamicObject;
use serde_json::{Value, json};

use super::{fed, fed_of, joined, object_of, objects, pairs_of};

const GROUP: &str = "gateway.networking.k8s.io";

fn typed(kind: &str, mut object: Value) -> Value {
    object["apiVersion"] = format!("{GROUP}/v1").into();
    object["kind"] = kind.into();
    object
}

fn route(parent: &Value) -> Value {
    typed("HTTPRoute", json!({"spec": {"parentRefs": [parent]}}))
}

fn gateway(listeners: &Value) -> Value {
    typed("Gateway", json!({"spec": {"listeners": listeners}}))
}

#[tokio::test(start_paused = true)]
async fn a_gateway_lets_routes_of_its_namespace_attach() {
    let listener = |name: &str, port: u16, from: Option<&str>| json!({"name": name, "port": port, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": from}}});
    let gateways = [
        (
            "infra/default",
            gateway(&json!([{"name": "http", "port": 80, "protocol": "HTTP"}])),
        ),
        (
            "infra/all",
            gateway(&json!([
                listener("http", 80, Some("Same")),
                listener("https", 443, Some("All"))
            ])),
        ),
        (
            "infra/selector",
            gateway(&json!([listener("http", 80, Some("Selector"))])),
        ),
        ("infra/nothing", gateway(&Value::Null)),
    ];
    let to = |name: &str| json!({"namespace": "infra", "name": name});
    let routes = [
        ("infra/own", route(&json!({"name": "default"}))),
        ("infra/explicit", route(&to("default"))),
        (
            "infra/other-kind",
            route(&json!({"group": "", "kind": "Service", "name": "default"})),
        ),
        ("shop/default", route(&to("default"))),
        ("shop/all", route(&to("all"))),
        (
            "shop/section",
            route(&json!({"namespace": "infra", "name": "all", "sectionName": "http"})),
        ),
        (
            "shop/right-section",
            route(
                &json!({"namespace": "infra", "name": "all", "sectionName": "https", "port": 443}),
            ),
        ),
        (
            "shop/port",
            route(&json!({"namespace": "infra", "name": "all", "port": 80})),
        ),
        ("shop/selector", route(&to("selector"))),
        ("infra/nothing", route(&to("nothing"))),
    ];
    let want = [
        "infra/explicit > infra/default",
        "infra/own > infra/default",
        "shop/all > infra/all",
        "shop/right-section > infra/all",
    ];
    let relation = relations::httproute_gateways();
    joined::<DynamicObject>(relation, objects(&routes), objects(&gateways), &want).await;
}

#[tokio::test(start_paused = true)]
async fn a_listener_lets_kinds_attach_by_name_or_protocol() {
    let listener = |protocol: &str| json!([{"name": "l", "port": 1, "protocol": protocol}]);
    let named = |kinds: Value| json!([{"name": "l", "port": 1, "protocol": "TCP", "allowedRoutes": {"kinds": kinds}}]);
    let gateways = [
        ("a/http", gateway(&listener("HTTP"))),
        ("a/tcp", gateway(&listener("TCP"))),
        ("a/tls", gateway(&listener("TLS"))),
        ("a/own", gateway(&listener("example.com/x"))),
        ("a/named", gateway(&named(json!([{"kind": "HTTPRoute"}])))),
        (
            "a/other",
            gateway(&named(json!([{"group": "x", "kind": "HTTPRoute"}]))),
        ),
    ];
    let parents: Vec<_> = gateways
        .iter()
        .map(|(key, _)| json!({"name": key[2..]}))
        .collect();
    let spec = json!({"spec": {"parentRefs": parents}});
    for (kind, want) in [
        ("HTTPRoute", &["a/r > a/http", "a/r > a/named"][..]),
        ("GRPCRoute", &["a/r > a/http"]),
        ("TCPRoute", &["a/r > a/tcp", "a/r > a/tls"]),
        ("UDPRoute", &[]),
    ] {
        let routes = [("a/r", typed(kind, spec.clone()))];
        let relation = relations::route_gateways(Kind::new(GROUP, kind));
        joined::<DynamicObject>(relation, objects(&routes), objects(&gateways), want).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_listener_chooses_namespaces_by_labels() {
    let listener = |name: &str, port: u16, protocol: &str, selector: Value| {
        let namespaces = json!({"from": "Selector", "selector": selector});
        json!({"name": name, "port": port, "protocol": protocol, "allowedRoutes": {"namespaces": namespaces}})
    };
    let web = json!({"matchLabels": {"expose": "web"}});
    let bad = json!({"matchExpressions": [{"key": "app", "operator": "Like"}]});
    let all = json!({"namespaces": {"from": "All"}});
    let gateways = [
        (
            "infra/web",
            gateway(&json!([listener("http", 80, "HTTP", web.clone())])),
        ),
        (
            "infra/two",
            gateway(&json!([
                listener("a", 80, "HTTP", web.clone()),
                listener("b", 81, "HTTP", json!({"matchLabels": {"expose": "db"}})),
            ])),
        ),
        (
            "infra/any",
            gateway(&json!([listener("http", 80, "HTTP", json!({}))])),
        ),
        (
            "infra/none",
            gateway(&json!([listener("http", 80, "HTTP", Value::Null)])),
        ),
        (
            "infra/bad",
            gateway(&json!([listener("http", 80, "HTTP", bad)])),
        ),
        (
            "infra/tcp",
            gateway(&json!([listener("tcp", 80, "TCP", web)])),
        ),
        (
            "infra/own",
            gateway(&json!([{"name": "http", "port": 80, "protocol": "HTTP"}])),
        ),
        (
            "infra/all",
            gateway(
                &json!([{"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": all}]),
            ),
        ),
    ];
    let parents: Vec<_> = gateways
        .iter()
        .map(|(key, _)| json!({"namespace": "infra", "name": key[6..]}))
        .collect();
    let to_all = typed("HTTPRoute", json!({"spec": {"parentRefs": parents}}));
    let section = |section: &str, port: u16| {
        route(&json!({"namespace": "infra", "name": "two", "sectionName": section, "port": port}))
    };
    let routes = [
        ("shop/r", to_all.clone()),
        ("infra/r", to_all.clone()),
        ("unknown/r", to_all),
        ("shop/right", section("a", 80)),
        ("shop/not-chosen", section("b", 81)),
        ("shop/wrong-port", section("a", 81)),
    ];
    let namespaces = [
        ("shop", json!({"metadata": {"labels": {"expose": "web"}}})),
        ("infra", json!({})),
    ];
    let (routes, _routes) = fed(objects::<DynamicObject>(&routes));
    let (gateways, _gateways) = fed(objects::<DynamicObject>(&gateways));
    let (namespaces, mut feed) = fed_of::<Namespace>(&namespaces);
    let relation = relations::route_gateways_by_namespaces(Kind::new(GROUP, "HTTPRoute"));
    let join = relation.with_pairs().join(&routes, &namespaces, &gateways);
    let always = [
        "infra/r > infra/all",
        "infra/r > infra/any",
        "infra/r > infra/own",
        "shop/r > infra/all",
    ];
    let mut want = always.to_vec();
    want.extend([
        "shop/r > infra/any",
        "shop/r > infra/two",
        "shop/r > infra/web",
    ]);
    want.extend(["shop/right > infra/two", "unknown/r > infra/all"]);
    want.sort_unstable();
    assert_eq!(pairs_of(&join).await, want);
    // Another listener chooses the namespace now.
    let other = json!({"metadata": {"labels": {"expose": "db"}, "resourceVersion": "5"}});
    feed.apply(object_of::<Namespace>("shop", &other)).unwrap();
    let soon = std::time::Duration::from_secs(9);
    join.wait_for_write(&namespaces, "5", soon).await.unwrap();
    want.retain(|pair| !["shop/r > infra/web", "shop/right > infra/two"].contains(pair));
    want.push("shop/not-chosen > infra/two");
    want.sort_unstable();
    assert_eq!(pairs_of(&join).await, want);
}
