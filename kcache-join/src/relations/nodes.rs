//! Nodes and what belongs to them.

use kcache::{Fact, Key, NodeName, Object};

use super::reference::namespace_of;
use crate::key_join::KeyJoin;

/// Where the kubelets keep their leases.
const LEASES: &str = "kube-node-lease";

/// The Nodes that Pods are on, by `spec.nodeName`. A Pod that is not placed yet is on none.
pub fn pod_node<P, N>() -> KeyJoin<P, N>
where
    P: Object + Fact<NodeName>,
    N: Object,
{
    let node = |pod: &P| {
        let node = pod.fact().filter(|NodeName(node)| !node.is_empty());
        node.into_iter().map(|NodeName(node)| node).collect()
    };
    KeyJoin::new(node, name)
}

/// The `CSINodes` of Nodes: of the same name.
pub fn node_csinode<N: Object, C: Object>() -> KeyJoin<N, C> {
    KeyJoin::new(name, name)
}

/// The Leases of Nodes: of the same name, in `kube-node-lease`.
pub fn node_lease<N: Object, L: Object>() -> KeyJoin<N, L> {
    let of_node = |node: &N| vec![Key::new(LEASES, node.name())];
    KeyJoin::new(of_node, |lease: &L| vec![Key::of(lease)])
}

/// The name of an object that has no namespace.
fn name(object: &impl Object) -> Vec<String> {
    let name = Some(object.name()).filter(|_| namespace_of(object).is_empty());
    name.map(str::to_owned).into_iter().collect()
}
