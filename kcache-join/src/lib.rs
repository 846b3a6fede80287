//! Live joins between watch caches: the targets that sources relate to, kept up to date.
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
//! [`ingress_pods`] is [`ingress_services`] and then [`service_pods`].
//!
//! Two operators make all relations: [`SelectorJoin`] by labels and [`KeyJoin`] by keys. Relations
//! of Kubernetes' own kinds are functions of this crate; one of your own is a call of an operator's
//! `new`.

mod join;

mod engine;

mod operator;

mod key_join;
mod selector_join;

mod fact;
mod pair;
mod relations;
mod slots;

pub use fact::Backends;
pub use join::{Join, Side};
pub use key_join::KeyJoin;
pub use pair::Pair;
pub use relations::{
    by_backends, deployment_pods, deployment_pods_with, ingress_pods, ingress_pods_with,
    ingress_services, ingress_services_with, service_pods, service_pods_with,
};
pub use selector_join::SelectorJoin;
