//! What filters and relations need of an object beyond its header.

mod dynamic;

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{
    DaemonSet, DaemonSetSpec, Deployment, DeploymentSpec, ReplicaSet, ReplicaSetSpec, StatefulSet,
    StatefulSetSpec,
};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Pod, ReplicationController, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, OwnerReference};
use kube::Resource;

use crate::selector::{Selector, SelectorError};

/// An object that knows a fact `G` about itself.
///
/// Implemented here for typed objects, and for a `DynamicObject` that says of which kind it is: that
/// one is decoded as far as the kind's type goes, each time that it is asked. A compact or a user's
/// own stored form implements it from the fields that it has lifted, and then works with every filter
/// and relation that needs it.
///
/// # Example
///
/// ```
/// use kcache::{Fact, NodeName};
/// struct Placed { node: String }
/// impl Fact<NodeName> for Placed {
///     fn fact(&self) -> Option<NodeName> {
///         Some(NodeName(self.node.clone()))
///     }
/// }
/// ```
pub trait Fact<G> {
    /// The fact, or `None` if the object has none.
    fn fact(&self) -> Option<G>;
}

/// The node that an object is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeName(pub String);

/// What an Event is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Involved {
    /// The kind, such as `Pod`.
    pub kind: String,
    /// The namespace, empty for a cluster-scoped object.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// Who owns an object: its `metadata.ownerReferences`, which metadata alone has, too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Owners(pub Vec<OwnerReference>);

impl Owners {
    /// The owner that manages the object, as `metav1.GetControllerOf` finds it: the first that says so.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.0.iter().find(|owner| owner.controller == Some(true))
    }
}

/// Which labels an object selects, by the rules of the controller of its kind.
///
/// An invalid selector selects nothing, and is an error for whoever can report it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selects(pub Result<Selector, SelectorError>);

impl<K: Resource> Fact<Owners> for K {
    fn fact(&self) -> Option<Owners> {
        let owners = self.meta().owner_references.clone()?;
        Some(Owners(owners))
    }
}

impl Fact<NodeName> for Pod {
    fn fact(&self) -> Option<NodeName> {
        let node = self.spec.as_ref()?.node_name.clone()?;
        Some(NodeName(node))
    }
}

impl Fact<Involved> for Event {
    fn fact(&self) -> Option<Involved> {
        let about = self.involved_object.clone();
        Some(Involved {
            kind: about.kind.unwrap_or_default(),
            namespace: about.namespace.unwrap_or_default(),
            name: about.name.unwrap_or_default(),
        })
    }
}

/// Same as the endpoints controller: an empty selector selects nothing, and so does a Service that
/// is only a name of another host.
impl Fact<Selects> for Service {
    fn fact(&self) -> Option<Selects> {
        let spec = self.spec.as_ref()?;
        if spec.type_.as_deref() == Some("ExternalName") {
            return None;
        }
        selects_map(spec.selector.as_ref()?)
    }
}

impl Fact<Selects> for ReplicationController {
    fn fact(&self) -> Option<Selects> {
        selects_map(self.spec.as_ref()?.selector.as_ref()?)
    }
}

fn selects_map(map: &BTreeMap<String, String>) -> Option<Selects> {
    let labels = map.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    (!map.is_empty()).then(|| Selects(Ok(Selector::from_map(labels))))
}

/// The rule of the workload controllers: an empty selector selects nothing.
///
/// `spec` is an `Option` up to `v1_36` and plain in `v1_37` types; the callers' conversion compiles
/// for both.
fn selects_unless_empty(selector: &LabelSelector) -> Option<Selects> {
    let selector = Selector::from_object(Some(selector));
    let empty = matches!(&selector, Ok(selector) if selector.is_everything());
    (!empty).then_some(Selects(selector))
}

impl Fact<Selects> for Deployment {
    fn fact(&self) -> Option<Selects> {
        let spec = Option::<&DeploymentSpec>::from(&self.spec)?;
        selects_unless_empty(&spec.selector)
    }
}

impl Fact<Selects> for ReplicaSet {
    fn fact(&self) -> Option<Selects> {
        let spec = Option::<&ReplicaSetSpec>::from(&self.spec)?;
        selects_unless_empty(&spec.selector)
    }
}

impl Fact<Selects> for StatefulSet {
    fn fact(&self) -> Option<Selects> {
        let spec = Option::<&StatefulSetSpec>::from(&self.spec)?;
        selects_unless_empty(&spec.selector)
    }
}

impl Fact<Selects> for DaemonSet {
    fn fact(&self) -> Option<Selects> {
        let spec = Option::<&DaemonSetSpec>::from(&self.spec)?;
        selects_unless_empty(&spec.selector)
    }
}

/// An empty selector of a Job selects everything in its namespace; an absent one nothing.
impl Fact<Selects> for Job {
    fn fact(&self) -> Option<Selects> {
        let selector = self.spec.as_ref()?.selector.as_ref()?;
        Some(Selects(Selector::from_object(Some(selector))))
    }
}

/// An empty selector of a disruption budget selects everything in its namespace (that of `policy/v1beta1`
/// selected nothing), an absent one nothing.
impl Fact<Selects> for PodDisruptionBudget {
    fn fact(&self) -> Option<Selects> {
        let selector = self.spec.as_ref()?.selector.as_ref()?;
        Some(Selects(Selector::from_object(Some(selector))))
    }
}

/// The Pods that a network policy is for. An empty selector and an absent one are the same to Go, and
/// select everything in the namespace.
impl Fact<Selects> for NetworkPolicy {
    fn fact(&self) -> Option<Selects> {
        let selector = self
            .spec
            .as_ref()
            .and_then(|spec| spec.pod_selector.as_ref());
        let selector = selector.map_or_else(
            || Ok(Selector::everything()),
            |selector| Selector::from_object(Some(selector)),
        );
        Some(Selects(selector))
    }
}
