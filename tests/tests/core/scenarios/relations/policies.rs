use k8s_openapi::api::core::v1::{Namespace, Pod};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kcache::Key;
use kcache_join::relations::{self, Peers};
use kube::core::DynamicObject;
use serde_json::{Value, json};

use super::{Table, fed_of, object_of, says_the_same};

fn labelled(labels: &Value) -> Value {
    json!({"metadata": {"labels": labels}})
}

fn matching(labels: &Value) -> Value {
    json!({"matchLabels": labels})
}

/// Who is a peer, in order, as `policy direction pod`, and what is reported.
async fn peers(policies: Table<'_>, namespaces: Table<'_>, pods: Table<'_>) -> [Vec<String>; 2] {
    says_the_same::<NetworkPolicy, Peers>(policies);
    let (policies, _policies) = fed_of::<NetworkPolicy>(policies);
    let (namespaces, _namespaces) = fed_of::<Namespace>(namespaces);
    let (pods, _pods) = fed_of::<Pod>(pods);
    let relation = relations::networkpolicy_peers().with_pairs();
    let join = relation.join(&policies, &namespaces, &pods);
    let pairs = join.pairs().unwrap();
    pairs.ready().await.unwrap();
    let pairs = pairs.cache().list();
    let mut have: Vec<_> = pairs
        .iter()
        .map(|pair| {
            let (peer, pod) = (&pair.source, Key::of(&*pair.target));
            format!("{} {:?} {pod}", peer.policy, peer.direction)
        })
        .collect();
    have.sort();
    have.dedup();
    let bad = join.bad_objects();
    let bad = bad.iter().map(|bad| format!("{}: {}", bad.key, bad.reason));
    [have, bad.collect()]
}

#[tokio::test(start_paused = true)]
async fn peers_are_chosen_by_labels_of_namespaces_and_pods() {
    let (shop, web) = (json!({"team": "shop"}), json!({"app": "web"}));
    let (shops, webs) = (matching(&shop), matching(&web));
    let policy = |spec: Value| json!({"spec": spec});
    let from = |from: Value| policy(json!({"podSelector": {}, "ingress": [{"from": from}]}));
    let bad = json!({"matchExpressions": [{"key": "app", "operator": "Like"}]});
    let policies = [
        ("db/own", from(json!([{"podSelector": webs}]))),
        ("db/own-all", from(json!([{"podSelector": {}}]))),
        ("db/shops", from(json!([{"namespaceSelector": shops}]))),
        (
            "db/both",
            from(json!([{"namespaceSelector": shops, "podSelector": webs}])),
        ),
        (
            "db/either",
            from(json!([{"namespaceSelector": shops, "podSelector": webs}, {"podSelector": webs}])),
        ),
        (
            "db/anywhere",
            from(json!([{"namespaceSelector": {}, "podSelector": webs}])),
        ),
        (
            "db/block",
            from(json!([{"ipBlock": {"cidr": "10.0.0.0/8"}}])),
        ),
        (
            "db/bad",
            from(json!([{"namespaceSelector": bad}, {"podSelector": bad}])),
        ),
        (
            "db/nobody",
            policy(json!({"podSelector": {}, "ingress": []})),
        ),
        ("db/nothing", json!({})),
        (
            "db/to",
            policy(json!({"egress": [{"to": [{"namespaceSelector": shops}]}]})),
        ),
        (
            "db/only-in",
            policy(json!({
                "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": webs}]}],
                "egress": [{"to": [{"podSelector": {}}]}],
            })),
        ),
        (
            "db/only-out",
            policy(json!({
                "policyTypes": ["Egress"], "ingress": [{"from": [{"podSelector": {}}]}],
                "egress": [{"ports": [{"port": 53}], "to": [{"podSelector": webs}]}],
            })),
        ),
    ];
    let namespaces = [
        ("db", json!({})),
        ("front", labelled(&shop)),
        ("other", labelled(&json!({"team": "x"}))),
    ];
    let pods = [
        ("db/web", labelled(&web)),
        ("db/x", json!({})),
        ("front/web", labelled(&web)),
        ("front/x", json!({})),
        ("other/web", labelled(&web)),
        ("unknown/web", labelled(&web)),
    ];
    let mut want = vec![
        "db/anywhere Ingress db/web",
        "db/anywhere Ingress front/web",
        "db/anywhere Ingress other/web",
        "db/both Ingress front/web",
        "db/either Ingress db/web",
        "db/either Ingress front/web",
        "db/only-in Ingress db/web",
        "db/only-out Egress db/web",
        "db/own Ingress db/web",
        "db/own-all Ingress db/web",
        "db/own-all Ingress db/x",
        "db/shops Ingress front/web",
        "db/shops Ingress front/x",
        "db/to Egress front/web",
        "db/to Egress front/x",
    ];
    want.sort_unstable();
    let [have, bad] = peers(&policies, &namespaces, &pods).await;
    assert_eq!(have, want);
    assert_eq!(bad.len(), 2, "{bad:?}");
    assert!(
        bad.iter().all(|bad| bad.starts_with("db/db/bad ")),
        "{bad:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rule_without_peers_is_for_all() {
    let policies = [
        ("a/in", json!({"spec": {"ingress": [{}]}})),
        (
            "a/out",
            json!({"spec": {"policyTypes": ["Egress"], "egress": [{"to": []}]}}),
        ),
    ];
    let namespaces = [("a", json!({})), ("b", json!({}))];
    let pods = [("a/p", json!({})), ("b/q", json!({}))];
    let want = [
        "a/in Ingress a/p",
        "a/in Ingress b/q",
        "a/out Egress a/p",
        "a/out Egress b/q",
    ];
    let [have, bad] = peers(&policies, &namespaces, &pods).await;
    assert_eq!((have, bad), (want.map(str::to_owned).to_vec(), vec![]));
}

#[tokio::test(start_paused = true)]
async fn peers_follow_policies_namespaces_and_pods() {
    let soon = std::time::Duration::from_secs(9);
    let rule = |team: &str| {
        let from = json!([{"namespaceSelector": matching(&json!({"team": team}))}]);
        let version = json!({"resourceVersion": if team == "shop" { "1" } else { "2" }});
        json!({"metadata": version, "spec": {"podSelector": {}, "ingress": [{"from": from}]}})
    };
    let team = |team: &str, version: &str| -> DynamicObject {
        let metadata = json!({"labels": {"team": team}, "resourceVersion": version});
        object_of::<Namespace>("front", &json!({"metadata": metadata}))
    };
    let (policies, mut policy_feed) = fed_of::<NetworkPolicy>(&[("db/p", rule("shop"))]);
    let (namespaces, mut namespace_feed) = fed_of::<Namespace>(&[]);
    let (pods, _pods) = fed_of::<Pod>(&[("front/web", json!({}))]);
    let relation = relations::networkpolicy_peers().with_lookups();
    let join = relation.join(&policies, &namespaces, &pods);
    let names = [
        "sources/first input",
        "sources/second input/sources",
        "sources/second input/targets",
        "targets",
    ];
    assert_eq!(join.inputs(), names);
    let len = || join.cache().len();
    join.ready().await.unwrap();
    assert_eq!(len(), 0);
    namespace_feed.apply(team("shop", "5")).unwrap();
    join.wait_for_write(&namespaces, "5", soon).await.unwrap();
    assert_eq!(len(), 1);
    policy_feed
        .apply(object_of::<NetworkPolicy>("db/p", &rule("x")))
        .unwrap();
    join.wait_for_write(&policies, "2", soon).await.unwrap();
    assert_eq!(len(), 0);
    namespace_feed.apply(team("x", "6")).unwrap();
    join.wait_for_write(&namespaces, "6", soon).await.unwrap();
    assert_eq!(len(), 1);
    let who = join
        .lookups()
        .unwrap()
        .sources_of(&Key::new("front", "web"));
    assert_eq!(who[0].policy, Key::new("db", "p"));
    namespace_feed.remove(team("x", "7")).unwrap();
    join.wait_for_write(&namespaces, "7", soon).await.unwrap();
    assert_eq!(len(), 0);
}
