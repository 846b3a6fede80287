//! What relations need of a compact object.

use serde::de::DeserializeOwned;

use super::object::Compact;
use crate::fact::Fact;

/// How a [`Compact`] with these lifted fields answers the [`Fact`] `G`.
///
/// With nothing lifted, a fact is what the decoded object says, which costs as much as decoding it, each
/// time that it is asked for; [`CompactStats::decoded`](crate::CompactStats::decoded) counts. With fields of
/// your own you say how, and then every filter and relation that needs the fact works.
///
/// # Example
///
/// ```
/// use k8s_openapi::api::core::v1::Pod;
/// use kcache::{Compact, Fact, LiftedFact, NodeName};
///
/// #[derive(serde::Deserialize)]
/// struct Placed { spec: Spec }
/// #[derive(serde::Deserialize)]
/// #[serde(rename_all = "camelCase")]
/// struct Spec { node_name: Option<String> }
///
/// impl LiftedFact<Pod, NodeName> for Placed {
///     fn fact(pod: &Compact<Pod, Self>) -> Option<NodeName> {
///         pod.facts().spec.node_name.clone().map(NodeName)
///     }
/// }
///
/// let json = br#"{"metadata": {"name": "a"}, "spec": {"nodeName": "n1", "containers": []}}"#;
/// let pod = Compact::<Pod, Placed>::from_json(json)?;
/// assert_eq!((pod.fact(), pod.stats().decoded()), (Some(NodeName("n1".into())), 0));
/// let pod = Compact::<Pod>::from_json(json)?;
/// assert_eq!((pod.fact(), pod.stats().decoded()), (Some(NodeName("n1".into())), 1));
/// # Ok::<(), kcache::DecodeError>(())
/// ```
pub trait LiftedFact<K, G>: Sized {
    /// The fact, or `None` if the object has none.
    fn fact(object: &Compact<K, Self>) -> Option<G>;
}

impl<K: DeserializeOwned + Fact<G> + Send, G> LiftedFact<K, G> for () {
    fn fact(object: &Compact<K>) -> Option<G> {
        match object.decode() {
            Ok(object) => object.fact(),
            Err(error) => {
                let key = error.key().map(ToString::to_string);
                tracing::warn!(%error, key, "an object says nothing of itself");
                None
            }
        }
    }
}

impl<K, F: LiftedFact<K, G>, G> Fact<G> for Compact<K, F> {
    fn fact(&self) -> Option<G> {
        F::fact(self)
    }
}
