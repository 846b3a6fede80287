//! Inside a program of kube-rs (feature `kube-runtime`): a publisher as what a
//! [`kube::runtime::Controller`] is triggered by and reads, and kube's watcher as a source.
//!
//! # A controller on publishers
//!
//! | kube-rs | here |
//! |---|---|
//! | `Controller::new(api, config)` | `let (triggers, store) = publisher.reflect();`, then `Controller::for_shared_stream(triggers, store)` |
//! | `.owns(api, config)` | `.owns_shared_stream(publisher.subscribe().touched_objects())` |
//! | `.watches(api, config, mapper)` | `.watches_shared_stream(publisher.subscribe().touched_objects(), mapper)` |
//! | the same of a stored form that is no [`kube::Resource`] | `.reconcile_on(publisher.subscribe().related_refs(mapper))`, [`owner_refs`](crate::Subscription::owner_refs) |
//! | `Store` | [`Store`], by [`Publisher::store`](crate::Publisher::store) |
//! | `watcher` | [`Publisher::from_watcher`](crate::Publisher::from_watcher), [`Feed::follow`](crate::Feed::follow) |
//!
//! Publishers are informers, views, derived sets and joins. kube has those methods of `Controller` under
//! its feature `unstable-runtime`, which a program chooses for itself: this crate needs `runtime` alone.
//!
//! # What a controller is triggered by
//!
//! Each create, update and delete, and of an update what was there before, too: so an object that was
//! taken from one owner and given to another triggers both. After a list that is read again the deletes
//! are among them. (kube's own shared streams have neither deletes nor what was there before.)
//!
//! A controller does not reconcile an object of its own kind that is gone: its store does not have
//! it any more. What is to be done at the end needs a finalizer, as ever in kube-rs.
//!
//! # What it costs
//!
//! A `Controller` reads its objects from a store of kube's, for which a copy of each would be made.
//! [`Shared`] makes that a copy of a pointer. What is left are the keys of that store, about 0.4 KB an object
//! of the reconciled kind; the repository's `docs/kube-rs.md` has the figures. Objects that are owned or
//! watched are in no store of kube's.

mod shared;
mod reflect;
mod refs;
mod store;
mod watcher;

pub use self::refs::object_ref;
pub use self::shared::Shared;
pub use self::store::Store;

#[cfg(test)]
mod tests;
