//! Network policies: whom they let the Pods that they are for talk with.

use std::fmt;

use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kcache::{Fact, Key, Object, Publisher, Selector, SelectorError, Selects, union};

use super::namespaces::{Selected, choose};
use crate::join::Join;
use crate::selector_join::SelectorJoin;

/// The Pods that network policies are for: those in the same namespace whose labels `podSelector` matches. An
/// empty or an absent one selects all in the namespace.
pub fn networkpolicy_pods<S: Object + Fact<Selects>>() -> SelectorJoin<S> {
    SelectorJoin::by_fact()
}

/// Which way traffic goes, as the Pods see it that a network policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To them: a peer is a source.
    Ingress,
    /// From them: a peer is a destination.
    Egress,
}

/// All peers that a network policy names by labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peers(pub Vec<PeerRule>);

/// Pods that a network policy lets talk with those that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerRule {
    /// Which way.
    pub direction: Direction,
    /// In which namespaces; `None` is that of the policy.
    pub namespaces: Option<Result<Selector, SelectorError>>,
    /// Which Pods there.
    pub pods: Result<Selector, SelectorError>,
}

/// A peer of a network policy in one namespace: what a [`PeerJoin`] joins Pods to.
///
/// As an [`Object`] it is in the namespace of the Pods.
#[derive(Clone, PartialEq)]
pub struct Peer {
    /// The policy.
    pub policy: Key,
    /// Which way traffic goes that the policy allows.
    pub direction: Direction,
    namespace: String,
    name: String,
    pods: Selected,
}

impl Object for Peer {
    fn namespace(&self) -> Option<&str> {
        Some(&self.namespace)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} of {} in {}",
            self.direction, self.policy, self.namespace
        )
    }
}

/// The Pods that network policies let the Pods that they are for talk with, by `podSelector` and
/// `namespaceSelector`:
///
/// | `namespaceSelector` | `podSelector` | Pods |
/// |---|---|---|
/// | absent | given | that match, in the policy's namespace |
/// | given | absent | all in the namespaces that match |
/// | given | given | that match, in the namespaces that match |
///
/// An empty selector matches all, and a rule without `from` or `to` is for all Pods of all namespaces. Blocks of
/// addresses are left out, and ports do not matter. Without `policyTypes`, ingress counts, and egress if
/// there is a rule of it; what `policyTypes` leaves out does not count.
///
/// It joins three: `networkpolicy_peers().join(&policies, &namespaces, &pods)`. [`Pairs`](Join::pairs) and
/// [look-ups](Join::lookups) name the [`Peer`], which says of which policy it is.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::{Namespace, Pod};
/// # use k8s_openapi::api::networking::v1::NetworkPolicy;
/// use kcache_join::relations;
/// # use serde_json::json;
/// # fn read<V: serde::de::DeserializeOwned>(value: serde_json::Value) -> V {
/// #     serde_json::from_value(value).expect("an object")
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # let (policies, mut policy_feed) = kcache::feed::<NetworkPolicy>();
/// # let (namespaces, mut namespace_feed) = kcache::feed::<Namespace>();
/// # let (pods, mut pod_feed) = kcache::feed::<Pod>();
/// # let labels = json!({"team": "shop"});
/// # let from = json!([{"namespaceSelector": {"matchLabels": labels}}]);
/// # policy_feed.relist([read(json!({
/// #     "metadata": {"namespace": "db", "name": "shops"}, "spec": {"podSelector": {}, "ingress": [{"from": from}]},
/// # }))], None)?;
/// # namespace_feed.relist([read(json!({"metadata": {"name": "front", "labels": labels}}))], None)?;
/// # pod_feed.relist([read(json!({"metadata": {"namespace": "front", "name": "web-1"}}))], None)?;
/// let relation = relations::networkpolicy_peers().with_lookups();
/// let peers = relation.join(&policies, &namespaces, &pods);
/// peers.ready().await?;
/// let pod = &peers.cache().list()[0];
/// let who = peers.lookups().expect("they are asked for").sources_of(&kcache::Key::of(&**pod));
/// assert_eq!(who[0].policy.to_string(), "db/shops");
/// # Ok(()) }
/// ```
pub fn networkpolicy_peers() -> PeerJoin {
    PeerJoin(SelectorJoin::new(|peer: &Peer| peer.pods.clone()))
}

/// The relation of [`networkpolicy_peers`].
#[derive(Clone, Debug)]
pub struct PeerJoin(SelectorJoin<Peer>);

impl PeerJoin {
    /// Also keeps which peer holds which Pod: see [`Join::pairs`].
    #[must_use]
    pub fn with_pairs(self) -> Self {
        Self(self.0.with_pairs())
    }

    /// Also keeps who holds what to be looked up: see [`Join::lookups`].
    #[must_use]
    pub fn with_lookups(self) -> Self {
        Self(self.0.with_lookups())
    }

    /// Joins network policies and Pods by the labels of both and of namespaces. A peer with a selector
    /// that apimachinery refuses is reported by the join as a bad object.
    pub fn join<S, N, P>(
        &self,
        policies: &Publisher<S>,
        namespaces: &Publisher<N>,
        pods: &Publisher<P>,
    ) -> Join<Peer, P>
    where
        S: Object + Fact<Peers>,
        N: Object,
        P: Object,
    {
        let own = policies.flat_map(|policy| {
            let peers = peers_of(policy).into_iter();
            let own = peers.filter_map(|(namespaces, peer)| match namespaces {
                None => Some(peer),
                // So that the join reports it.
                Some(Err(error)) => Some(Peer {
                    pods: Err(error),
                    ..peer
                }),
                Some(Ok(_)) => None,
            });
            own.collect::<Vec<_>>()
        });
        let chosen = choose(policies, namespaces, |policy| {
            let peers = peers_of(policy).into_iter();
            let chosen = peers.filter_map(|(namespaces, peer)| Some((Ok(namespaces?.ok()?), peer)));
            chosen.collect()
        });
        let chosen = chosen.map(|pair| Peer {
            namespace: pair.target.name().to_owned(),
            ..pair.source.said.clone()
        });
        self.0.join(&union([&own, &chosen]), pods)
    }
}

/// All peers of a policy, in its own namespace until another is chosen, each with the choice.
fn peers_of(policy: &(impl Object + Fact<Peers>)) -> Vec<(Option<Selected>, Peer)> {
    let Peers(peers) = policy.fact().unwrap_or_default();
    let policy = Key::of(policy);
    let numbered = (0..).zip(peers);
    let peer = |(number, rule): (usize, PeerRule)| {
        let peer = Peer {
            policy: policy.clone(),
            direction: rule.direction,
            namespace: policy.namespace().to_owned(),
            name: format!("{policy} {number}"),
            pods: rule.pods,
        };
        (rule.namespaces, peer)
    };
    numbered.map(peer).collect()
}

impl Fact<Peers> for NetworkPolicy {
    fn fact(&self) -> Option<Peers> {
        let spec = self.spec.as_ref()?;
        let mut peers = Vec::new();
        for rule in spec.ingress.iter().flatten() {
            let NetworkPolicyIngressRule { from, .. } = rule;
            peers.extend(rules(Direction::Ingress, spec, from.as_deref()));
        }
        for rule in spec.egress.iter().flatten() {
            let NetworkPolicyEgressRule { to, .. } = rule;
            peers.extend(rules(Direction::Egress, spec, to.as_deref()));
        }
        Some(Peers(peers))
    }
}

/// What one rule of a policy allows.
fn rules(
    direction: Direction,
    spec: &NetworkPolicySpec,
    peers: Option<&[NetworkPolicyPeer]>,
) -> Vec<PeerRule> {
    let types = spec.policy_types.as_deref().unwrap_or_default();
    let name = match direction {
        Direction::Ingress => "Ingress",
        Direction::Egress => "Egress",
    };
    if !types.is_empty() && !types.iter().any(|of| of == name) {
        return Vec::new();
    }
    let peers = peers.unwrap_or_default();
    if peers.is_empty() {
        let all = || Ok(Selector::everything());
        return vec![PeerRule {
            direction,
            namespaces: Some(all()),
            pods: all(),
        }];
    }
    peers
        .iter()
        .filter_map(|peer| rule(direction, peer))
        .collect()
}

fn rule(direction: Direction, peer: &NetworkPolicyPeer) -> Option<PeerRule> {
    let selector = |selector: &LabelSelector| Selector::from_object(Some(selector));
    let namespaces = peer.namespace_selector.as_ref().map(selector);
    let pods = peer.pod_selector.as_ref().map(selector);
    let is_by_labels = namespaces.is_some() || pods.is_some();
    is_by_labels.then(|| PeerRule {
        direction,
        namespaces,
        pods: pods.unwrap_or_else(|| Ok(Selector::everything())),
    })
}
