//! A watch cache for Kubernetes objects: one list and watch per resource, any number of subscribers,
//! each with a filter that can be changed while it runs.
//!
//! # Example
//!
//! An [`Informer`] fills a [`Publisher`] from an API server; here a [`feed`](feed()) does, as in a test:
//!
//! ```
//! use k8s_openapi::api::core::v1::Pod;
//! use kcache::{Event, Filter};
//!
//! # fn pod(name: &str, app: &str) -> Pod {
//! #     let value = serde_json::json!({"metadata": {"name": name, "namespace": "shop", "labels": {"app": app}}});
//! #     serde_json::from_value(value).expect("a pod")
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
//! let (pods, mut feed) = kcache::feed();
//! feed.relist([pod("web-1", "web"), pod("db-1", "db")], None)?;
//!
//! let web = pods.view(Filter::labels([("app", "web")]));
//! let mut changes = web.subscribe();
//! assert!(matches!(changes.next().await, Some(Event::Create { .. })));
//! feed.apply(pod("web-2", "web"))?;
//! assert!(matches!(changes.next().await, Some(Event::Create { .. })));
//! assert_eq!((pods.cache().len(), web.cache().len()), (3, 2));
//! # Ok(()) }
//! ```
//!
//! # Where to go next
//!
//! - [`Informer`]: list and watch a resource; [`Filter`] and [`View`]: which objects, and refilter;
//!   [`Subscription`]: events, batches, lag.
//! - [`Informers`]: one informer for all who want the same, read as from a client;
//!   [`start_in`](InformerBuilder::start_in): several namespaces as one; [`transform`](InformerBuilder::transform):
//!   what is stored of an object; [`until`](Publisher::until): wait for one object.
//! - [`Shard`]: a part of the objects for each of several processes, which can change hands while they run.
//! - [`Replicas`]: several processes that share all objects, by Leases; [`LeaderElection`]: one that leads.
//! - [`Status`] and [`Failure`]: whether the cache is live, and why not; [`Counts`]: what it did;
//!   [`health`](Informers::health): a readiness probe. The feature `metrics` exports the counts.
//! - `kube_runtime` (feature `kube-runtime`): controllers of kube-rs on publishers, its watcher as a source.
//! - The repository's `docs/guide.md` goes from an empty project to a controller in production, `docs/guarantees.md` says
//!   what a subscriber can rely on, `docs/engine.md` what a degraded informer needs.
//!
//! # How a change travels
//!
//! ```text
//!  an API server
//!      │ bytes
//!      ▼
//!  Reflector       reflector/       lists, watches, starts over; wire/ splits bodies into objects,
//!      │                            codec/ decodes them
//!      │ Input                      (or of another watcher, or a test)
//!      ▼
//!  Feed            feed.rs          is it news? what does a list mean?
//!      │ Updates
//!      ▼
//!  Writer, State   writer.rs        one commit: the next immutable state, its changes
//!      │ Change                     (store.rs holds states, cache.rs reads them)
//!      ▼
//!  Dispatcher      core/dispatcher.rs   which filters does it concern? (index.rs)
//!      │ Change
//!      ▼
//!  Mailbox         core/mailbox/    queued, then one net change a key
//!      │ Change
//!      ▼
//!  Subscription    subscription/    the closure part of the filter
//!      │ Event
//!      ▼
//!  a subscriber, or a view, index, monitor or join: again a writer, fed by a subscription
//! ```
//!
//! An [`Informer`] is a reflector with a publisher. One writer commits to a [`Publisher`]; reads of
//! its [`Cache`] take the newest state and never wait.
//!
//! # Stored forms
//!
//! Everything is generic over what is stored. [`Object`] is implemented for every
//! [`kube::Resource`]: the types of k8s-openapi, derived custom resources, `DynamicObject`,
//! `PartialObjectMeta`; it can be implemented for a struct of one's own, and a [`Codec`] makes any
//! of them from bytes. What serde can read needs no codec of its own: a [`SerdeCodec`] makes it of JSON
//! and, for built-in kinds, of protobuf, which is requested first; [`Status::encoding`] says what
//! it answers with. With the feature `compact`, `Compact<K>` keeps a whole object in a few hundred bytes
//! and decodes it on demand. The repository's `docs/memory.md` says which form costs what.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../../docs/engine.md")]
struct Documents;

#[cfg(all(doctest, feature = "compact"))]
#[doc = include_str!("../../docs/memory.md")]
struct Memory;

// The modules are in layers: each uses those before it, and none after it.

// Locks, tasks, work on other threads and on deep stacks, encodings, versions and their order, objects, shards of a
// collection; and the events that a change becomes: another UID is a delete and a create, and deletes come first.
mod sync;
mod spawn;
mod offload;
mod deep;
mod encoding;
mod version;
mod object;
mod shard;
mod seeded_fault;
mod event;
mod updates;

// Beside events: why something ended (a panic of your code, too) or failed, phases and notices, counts,
// bad objects (without their content), waiting for a version, and asking for another shard (`reflector`
// follows it).
mod error;
mod failure;
mod status;
mod counts;
mod bad_objects;
mod wait;
mod reshard;

// A state, and which of its objects: selectors, fields and filters, the terms that find the filters of
// an object (`index`), and the selectors of an object (`selector_index`).
mod store;
mod index;
mod selector;
mod selector_index;
mod fact;
mod field;
mod filter;

// A publisher: what its two ends share (`core`: one lock over the state and who gets its changes; the
// dispatcher, which passes a new incarnation on also where nothing matches; the mailboxes, where a slow
// subscriber's changes are merged, so that no source waits for it), its writer, its handle (when nobody reads
// any longer, it closes), whether it is healthy, its readers.
mod core;
mod writer;
mod publisher;
mod health;
mod cache;

// What is derived from a publisher: `Publisher::subscribe` (with refilter, aspects, and what still waits when its
// publisher has closed), `until` for one object, streams, `map`, `group_by` and sets of several (`derive`), `view`,
// `index_by` (`lookup`) and `monitor` are here.
mod subscription;
mod until;
mod streams;
mod derive;
mod view;
mod lookup;
mod monitor;

// From the inputs of any source to commits: JSON text, Kubernetes' protobuf (into any serde type), decoding
// (an error quotes no content), what a list replaces, server incarnations.
mod json;
pub mod protobuf;
mod codec;
mod feed;

// An API server as a source: requests, bodies, list and watch (`reflector`) with their waits, silences, checks,
// spans, objects that cannot be read or are outside of the shard, and turns for other tasks; objects that are
// changed before they are stored, several namespaces as one source, one informer for all who want the same
// (`informers`), and reads of the server beside them (`live`).
mod request;
mod wire;
mod reflector;
mod informer;
mod sharded;
mod transform;
mod namespaces;
mod informers;
mod live;

// Several processes on one cluster: Leases, one leader by one of them, and members that share all objects.
mod lease;
mod leader_election;
mod replicas;

// What is counted, as an exporter has it.
#[cfg(feature = "metrics")]
mod metrics;

// A stored form: whole objects as compressed bytes.
#[cfg(feature = "compact")]
mod compact;

// Controllers of kube-rs on publishers, its watcher as a source.
#[cfg(feature = "kube-runtime")]
pub mod kube_runtime;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

pub use self::core::mailbox::Overflow;
#[cfg(feature = "metrics")]
pub use self::metrics::describe_metrics;
pub use bad_objects::BadObject;
pub use cache::Cache;
pub use codec::{Codec, DecodeError, Expected, JsonCodec, Raw, SerdeCodec, WholeJsonCodec};
#[cfg(feature = "compact")]
pub use compact::{Compact, CompactCodec, CompactStats, LiftedFact};
pub use counts::{Counts, FormCounter, FormCounts, Relists};
pub use derive::{Group, GroupBy, difference, intersection, union};
pub use encoding::Encoding;
pub use error::Error;
pub use event::{Change, Event};
pub use fact::{Fact, Involved, NodeName, Owners, Selects};
pub use failure::{Cause, Failure, InputFailure, NamespaceFailure, Operation, ReadyError};
pub use feed::{Feed, Input, feed};
pub use field::{Field, FieldError, FieldSelector};
pub use filter::Filter;
pub use health::Unhealthy;
pub use informer::{Informer, InformerBuilder, Watchable};
pub use informers::{
    InformerOverview, Informers, InformersBuilder, KindOptions, NotReady, ReadError,
    UnhealthyInformers,
};
#[cfg(feature = "client")]
pub use kcc_core::client;
pub use leader_election::{LeaderElection, Leadership};
pub use lease::LeaseError;
pub use lookup::Lookup;
pub use monitor::{Handler, Monitor};
pub use namespaces::NamespacedInformer;
pub use object::{Key, Object};
pub use offload::offload;
pub use publisher::{Publisher, publisher};
#[doc(hidden)]
#[cfg(kcache_faults)]
pub use replicas::simulation::{Happened as ReplicasHappened, run as simulate_replicas};
pub use replicas::{Replicas, ReplicasBuilder, ReplicasStatus};
pub use reshard::{Reshard, ReshardError, Sharded};
#[doc(hidden)]
#[cfg(kcache_faults)]
pub use seeded_fault::SeededFault;
pub use selector::{Selector, SelectorError};
pub use selector_index::{IndexKeys, Scope, SelectorIndex};
pub use shard::Shard;
pub use status::{Notice, Notices, Phase, Status};
pub use store::Snapshot;
pub use streams::{Batches, NoticeStream, Phases};
pub use subscription::{Aspect, Aspects, Batch, Control, Start, SubscribeOptions, Subscription};
pub use transform::{Transformed, TransformedJson};
pub use updates::Updates;
pub use view::View;
pub use wait::{Follower, WaitError};
pub use writer::Writer;
