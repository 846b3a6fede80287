//! An API server in memory: fast, deterministic, and with faults on demand.
//!
//! It has the resources of core, apps, batch, networking, discovery, policy, autoscaling and
//! gateway, and custom ones on request; it lists with pages, selectors and versions, watches with
//! bookmarks and streaming lists, and answers real kubectl. Nothing but metadata is validated, no
//! defaults are filled in, no controllers run, a namespace need not exist, and a Pod is gone as soon
//! as it is deleted; what its containers log is for tests to write. What it does beside that is held to the real kube-apiserver by the contract
//! suite (`tests/e2e`), which runs on both.
//!
//! - [`ApiServer`] holds the objects; tests change them directly, or through HTTP.
//! - [`ApiServer::service`] is a `tower::Service` for `kube::Client::new`: no socket, so tokio's clock
//!   can be paused.
//! - [`ApiServer::serve`] serves the same with TLS on a free port of 127.0.0.1, with bearer tokens and
//!   client certificates.
//! - [`Fault`] says what goes wrong with which requests.
//!
//! ```
//! use harness::memory::{ApiServer, Fault, Verb};
//! use serde_json::json;
//!
//! let server = ApiServer::new();
//! server.put(json!({
//!     "apiVersion": "v1",
//!     "kind": "Pod",
//!     "metadata": { "namespace": "default", "name": "pod-1" },
//! }))?;
//! assert_eq!(server.list("pods").len(), 1);
//! // kube::Client::new(server.service(), "default")
//! server.inject(Fault::gone().on(Verb::Watch).times(2));
//! server.delete("pods", "default", "pod-1")?;
//! # Ok::<(), harness::memory::Status>(())
//! ```

mod resource;
mod object;
mod status;
mod users;
mod request;
mod log;
mod page;
mod frame;
mod fault;
mod table;
mod form;
mod shard;
mod selector;
mod store;
mod write;
mod patch;
mod protobuf;
mod shared;
mod list;
mod watch;
mod writing;
mod stream;
mod answer;
mod call;
mod discovery;
mod review;
mod pod_log;
mod handler;
mod server;
mod history;
mod service;
mod tls;
mod served;

pub use answer::Body;
pub use fault::{Fault, Injected, NoShards, NoStreaming};
pub use log::{Counted, Request};
pub use request::{RequestInfo, Verb};
pub use resource::Resource;
pub use served::Served;
pub use server::ApiServer;
pub use service::ApiService;
pub use shared::Options;
pub use status::Status;
pub use store::Backup;
pub(crate) use tls::Authority;
