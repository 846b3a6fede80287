//! Facts of objects whose kind is known at run time only.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Pod, ReplicationController, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::core::DynamicObject;
use serde::Deserialize;

use super::{Fact, Involved, NodeName, Selects};

/// The API group and the kind, if the object says it.
fn kind_of(object: &DynamicObject) -> Option<(&str, &str)> {
    let types = object.types.as_ref()?;
    let group = types.api_version.rsplit_once('/');
    Some((group.map_or("", |(group, _)| group), &types.kind))
}

/// What an object of this type says of itself. What is not of the type says nothing.
fn fact_as<K: for<'de> Deserialize<'de> + Fact<G>, G>(object: &DynamicObject) -> Option<G> {
    K::deserialize(&object.data).ok()?.fact()
}

impl Fact<Selects> for DynamicObject {
    fn fact(&self) -> Option<Selects> {
        match kind_of(self)? {
            ("", "Service") => fact_as::<Service, _>(self),
            ("", "ReplicationController") => fact_as::<ReplicationController, _>(self),
            ("apps", "Deployment") => fact_as::<Deployment, _>(self),
            ("apps", "ReplicaSet") => fact_as::<ReplicaSet, _>(self),
            ("apps", "StatefulSet") => fact_as::<StatefulSet, _>(self),
            ("apps", "DaemonSet") => fact_as::<DaemonSet, _>(self),
            ("batch", "Job") => fact_as::<Job, _>(self),
            ("policy", "PodDisruptionBudget") => fact_as::<PodDisruptionBudget, _>(self),
            ("networking.k8s.io", "NetworkPolicy") => fact_as::<NetworkPolicy, _>(self),
            _ => None,
        }
    }
}

impl Fact<NodeName> for DynamicObject {
    fn fact(&self) -> Option<NodeName> {
        match kind_of(self)? {
            ("", "Pod") => fact_as::<Pod, _>(self),
            _ => None,
        }
    }
}

impl Fact<Involved> for DynamicObject {
    fn fact(&self) -> Option<Involved> {
        match kind_of(self)? {
            ("", "Event") => fact_as::<Event, _>(self),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::selector::Selector;

    fn object(api_version: &str, kind: &str, spec: &Value) -> DynamicObject {
        let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec});
        serde_json::from_value(object).expect("an object")
    }

    fn selector(api_version: &str, kind: &str, spec: &Value) -> Option<String> {
        let fact: Option<Selects> = object(api_version, kind, spec).fact();
        fact.map(|Selects(selector)| {
            selector
                .as_ref()
                .map_or_else(ToString::to_string, Selector::to_string)
        })
    }

    #[test]
    fn an_object_says_what_its_kind_says() {
        let labels = json!({"selector": {"app": "web"}});
        let matching = json!({"selector": {"matchLabels": {"app": "web"}}, "template": {}});
        let empty = json!({"selector": {}, "template": {}});
        let web = Some("app=web".to_owned());
        assert_eq!(selector("v1", "Service", &labels), web);
        assert_eq!(selector("v1", "ReplicationController", &labels), web);
        for kind in ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"] {
            assert_eq!(selector("apps/v1", kind, &matching), web, "{kind}");
            assert_eq!(selector("apps/v1", kind, &empty), None, "{kind}");
        }
        for (api_version, kind) in [("batch/v1", "Job"), ("policy/v1", "PodDisruptionBudget")] {
            assert_eq!(selector(api_version, kind, &matching), web, "{kind}");
            assert_eq!(
                selector(api_version, kind, &empty),
                Some(String::new()),
                "{kind}"
            );
            assert_eq!(
                selector(api_version, kind, &json!({"template": {}})),
                None,
                "{kind}"
            );
        }
        let policy = |spec| selector("networking.k8s.io/v1", "NetworkPolicy", &spec);
        assert_eq!(
            policy(json!({"podSelector": {"matchLabels": {"app": "web"}}})),
            web
        );
        assert_eq!(policy(json!({})), Some(String::new()));
        assert_eq!(policy(Value::Null), Some(String::new()));
        // Of another group, and what is not of its kind.
        assert_eq!(selector("shop.example/v1", "Service", &labels), None);
        assert_eq!(selector("v1", "Service", &json!({"selector": 7})), None);
        let node: Option<NodeName> =
            object("v1", "Pod", &json!({"nodeName": "n1", "containers": []})).fact();
        assert_eq!(node, Some(NodeName("n1".to_owned())));
    }
}
