//! Live joins between watch caches: the targets that sources relate to, kept up to date.
//!
//! # Example
//!
//! The Pods that a Service selects. Informers fill the inputs from an API server; here feeds do.
//!
//! ```
//! use k8s_openapi::api::core::v1::{Pod, Service};
//! use kcache_join::relations;
//! # use serde_json::json;
//! # fn read<V: serde::de::DeserializeOwned>(value: serde_json::Value) -> V {
//! #     serde_json::from_value(value).expect("an object")
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
//! let (services, mut service_feed) = kcache::feed::<Service>();
//! let (pods, mut pod_feed) = kcache::feed::<Pod>();
//! let selected = relations::service_pods().join(&services, &pods); // a publisher, too
//! # let labels = json!({"app": "web"});
//! # let pod = |name: &str, labels| read(json!({"metadata": {"namespace": "shop", "name": name, "labels": labels}}));
//! # let web = pod("web-1", labels.clone());
//! # let db = pod("db-1", json!({"app": "db"}));
//! # let service = read(json!({"metadata": {"namespace": "shop", "name": "web"}, "spec": {"selector": labels}}));
//! pod_feed.relist([web, db], None)?;
//! service_feed.relist([service], None)?;
//! selected.ready().await?;
//! assert_eq!(selected.cache().len(), 1);
//! # Ok(()) }
//! ```
//!
//! [`relations`] has those of Kubernetes' own kinds, all of this shape. Go on with [`SelectorJoin`],
//! [`KeyJoin`] and [`GuardedKeyJoin`] for relations of your own; the repository's `docs/joins.md` has all
//! rules in one table, and `docs/guide.md` has informers, views and joins together.
//!
//! # How a change travels
//!
//! ```text
//!  Publisher<S> ── Subscription ──┐
//!                                 ├──► Engine ──► Writer<T> ──► Join: a Publisher<T>
//!  Publisher<T> ── Subscription ──┘     │  ▲
//!                                       ▼  │
//!                             an operator, with an index of both sides
//! ```
//!
//! A join is fed by subscriptions to its inputs, which are publishers of any kind: informers, views,
//! other joins. It works out what each change of an input changes in the result, and commits that.
//! So a join costs what changed, not what there is. Since its result is a publisher, joins compose:
//! [`relations::ingress_pods`] is [`relations::ingress_services`] and then [`relations::service_pods`].
//!
//! Three operators make all relations: [`SelectorJoin`] by labels, [`KeyJoin`] by keys, and
//! [`GuardedKeyJoin`] by keys that a third input must allow.

#![cfg_attr(docsrs, feature(doc_cfg))]

// What a join is made of: what it reads of objects, the objects of its sides, and who holds whom, also from end to
// end of a chain.
mod fact;
mod pair;
mod slab;
mod lookups;
mod through;

// What a change of an input changes in the result, and no more; a target stays while a source holds it (`engine`).
// What is asked of an operator for that (a trait).
mod operator;
mod engine;

// A join at work: when it is ready, which input is heard next, what becomes of it when an input fails or ends or a
// relation panics, and what it closes.
mod join;

// How sources and targets relate: each operator with its rules and its index of both sides, one after another,
// and the relations of Kubernetes' kinds.
mod key_join;
mod guarded_key_join;
mod selector_join;
mod chain;
pub mod relations;

// The changes of a join, for a controller of kube-rs.
#[cfg(feature = "kube-runtime")]
mod kube_runtime;

pub use chain::{Chain, ChainJoin, Relation};
pub use engine::Side;
pub use fact::{Kind, Names};
pub use guarded_key_join::{GuardedKey, GuardedKeyJoin};
pub use join::Join;
pub use key_join::KeyJoin;
pub use lookups::Lookups;
pub use pair::Pair;
pub use selector_join::SelectorJoin;
pub use through::ChainLookups;
