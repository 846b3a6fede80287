//! An API server in memory: fast, deterministic, and with faults on demand.
//!
//! It has the resources of core, apps, batch, networking, discovery, policy, autoscaling and
//! gateway, and custom ones on request; it lists with pages, selectors and versions, watches with
//! bookmarks and streaming lists, and answers real kubectl. Nothing but metadata is validated, no
//! defaults are filled in, no controllers run, a namespace need not exist, and a Pod is gone as soon
//! as it is deleted. What it does beside that is held to the real kube-apiserver by the contract
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

mod answer;
mod discovery;
mod fault;
mod form;
mod handler;
mod history;
mod list;
mod log;
mod object;
mod patch;
mod protobuf;
mod request;
mod resource;
mod review;
mod selector;
mod served;
mod service;
mod status;
mod store;
mod stream;
mod table;
mod tls;
mod users;
mod watch;
mod write;

pub use answer::Body;
pub use fault::{Fault, Injected, NoStreaming};
pub use log::{Counted, Request};
pub use request::{Asked, Verb};
pub use resource::Resource;
pub use served::Served;
pub use service::ApiService;
pub use status::Status;
pub use store::Backup;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use fault::Faults;
use log::RequestLog;
use object::key;
use store::Store;
use users::Users;
use write::{Deletion, Preconditions, Target};

/// How a server behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The version before the first object; 1000 unless told.
    pub first_version: u64,
    /// How often a watch gets a bookmark: a minute unless told, as the real server.
    pub bookmark_period: Duration,
    /// How long a watch lasts that names no `timeoutSeconds`; 30 minutes unless told.
    pub watch_timeout: Duration,
    /// How many changes of each resource can be watched or listed from; 200,000 unless told.
    pub history: usize,
    /// Resources beside the built-in ones.
    pub resources: Vec<Resource>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            first_version: 1_000,
            bookmark_period: Duration::from_secs(60),
            watch_timeout: Duration::from_secs(30 * 60),
            history: 200_000,
            resources: Vec::new(),
        }
    }
}

impl Options {
    /// Sets how often a watch gets a bookmark.
    #[must_use]
    pub fn with_bookmark_period(mut self, period: Duration) -> Self {
        self.bookmark_period = period;
        self
    }

    /// Sets the version before the first object.
    #[must_use]
    pub fn with_first_version(mut self, version: u64) -> Self {
        self.first_version = version;
        self
    }

    /// Sets how many changes of each resource are remembered.
    #[must_use]
    pub fn with_history(mut self, changes: usize) -> Self {
        self.history = changes;
        self
    }

    /// Adds a resource.
    #[must_use]
    pub fn with_resource(mut self, resource: Resource) -> Self {
        self.resources.push(resource);
        self
    }
}

/// A server. Clones are the same server.
///
/// Where a resource is named, it is by its plural (`pods`) or, where two groups share one, by
/// plural and group (`deployments.apps`). Methods that take a name panic where the server has no
/// such resource.
#[derive(Debug, Clone)]
pub struct ApiServer {
    shared: Arc<Shared>,
}

/// What all clones, services and watches share.
#[derive(Debug)]
struct Shared {
    resources: Vec<Resource>,
    store: Mutex<Store>,
    faults: Faults,
    users: Users,
    log: RequestLog,
    options: Options,
}

impl Default for ApiServer {
    fn default() -> Self {
        Self::new()
    }
}

impl ApiServer {
    /// A server that has the namespace `default` and nothing else.
    pub fn new() -> Self {
        Self::with_options(Options::default())
    }

    /// The same, with options.
    pub fn with_options(options: Options) -> Self {
        let mut resources = resource::built_in();
        resources.extend(options.resources.iter().cloned());
        let server = Self {
            shared: Arc::new(Shared {
                store: Mutex::new(Store::new(resources.len(), options.first_version)),
                resources,
                faults: Faults::default(),
                users: Users::default(),
                log: RequestLog::default(),
                options,
            }),
        };
        let namespace = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": "default",
                "labels": { "kubernetes.io/metadata.name": "default" },
            },
            "spec": { "finalizers": ["kubernetes"] },
            "status": { "phase": "Active" },
        });
        server.put(namespace).expect("a namespace is a known kind");
        server
    }

    /// The server as a service for `kube::Client::new`.
    pub fn service(&self) -> ApiService {
        ApiService::new(self.shared.clone())
    }

    /// Serves with TLS, HTTP/1.1 and HTTP/2 on a free port of 127.0.0.1, on threads of its own.
    ///
    /// Who comes without a token or a certificate is anonymous and gets a 403, as on the real
    /// server.
    ///
    /// # Errors
    /// Where no port can be had.
    pub fn serve(&self) -> anyhow::Result<Served> {
        Served::start(self.clone())
    }

    /// Stores an object as it is, with its status, in place of one that has its name; gives it as
    /// stored. Its `resourceVersion` is not looked at. With another `uid` than the present one's it
    /// is another object: the present one is deleted first.
    ///
    /// # Errors
    /// 404 for a kind that the server does not have, 400 for an object without a name.
    pub fn put(&self, object: Value) -> Result<Value, Status> {
        let index = self.shared.index_of_kind(&object)?;
        let resource = &self.shared.resources[index];
        let mut store = self.shared.store();
        let stored = self.shared.put(&mut store, index, object, None)?;
        self.shared.after_change(&mut store, index);
        drop(store);
        Ok(stored.value(resource))
    }

    /// [`ApiServer::put`] for many objects; gives their number.
    ///
    /// # Errors
    /// Those of [`ApiServer::put`]; the objects before the bad one are stored.
    pub fn load(&self, objects: impl IntoIterator<Item = Value>) -> Result<usize, Status> {
        let mut count = 0;
        for object in objects {
            let index = self.shared.index_of_kind(&object)?;
            let mut store = self.shared.store();
            self.shared.put(&mut store, index, object, None)?;
            self.shared.after_change(&mut store, index);
            count += 1;
        }
        Ok(count)
    }

    /// Changes an object by a JSON merge patch (RFC 7386), also its status; gives it as stored.
    ///
    /// # Errors
    /// 404 where it is missing.
    pub fn patch(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        merge: &Value,
    ) -> Result<Value, Status> {
        let index = self.shared.index(resource);
        let kind = &self.shared.resources[index];
        let mut store = self.shared.store();
        let current = store
            .get(index, &key(namespace, name))
            .ok_or_else(|| Status::not_found(kind, name))?;
        let mut object = current.value(kind);
        patch::merge(&mut object, merge);
        let stored = self.shared.put(&mut store, index, object, None)?;
        self.shared.after_change(&mut store, index);
        drop(store);
        Ok(stored.value(kind))
    }

    /// Removes an object, also one that has finalizers; gives its last content at the version of
    /// its deletion.
    ///
    /// # Errors
    /// 404 where it is missing.
    pub fn delete(&self, resource: &str, namespace: &str, name: &str) -> Result<Value, Status> {
        let index = self.shared.index(resource);
        let kind = &self.shared.resources[index];
        let mut store = self.shared.store();
        let gone = store
            .remove(index, &key(namespace, name), kind)
            .ok_or_else(|| Status::not_found(kind, name))?;
        self.shared.after_change(&mut store, index);
        drop(store);
        Ok(gone.value(kind))
    }

    /// An object as it is now.
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Value> {
        let index = self.shared.index(resource);
        let found = self
            .shared
            .store()
            .get(index, &key(namespace, name))
            .cloned();
        found.map(|object| object.value(&self.shared.resources[index]))
    }

    /// All objects of a resource as they are now, by namespace and name: the truth that a cache is
    /// compared with.
    pub fn list(&self, resource: &str) -> Vec<Value> {
        let index = self.shared.index(resource);
        let store = self.shared.store();
        let found = store.range_at(index, store.version, "", "");
        drop(store);
        let kind = &self.shared.resources[index];
        found.iter().map(|object| object.value(kind)).collect()
    }

    /// How many objects of a resource there are.
    pub fn count(&self, resource: &str) -> usize {
        self.shared.store().len(self.shared.index(resource))
    }

    /// The version of the last change.
    pub fn version(&self) -> u64 {
        self.shared.store().version
    }

    /// Lets something go wrong.
    pub fn inject(&self, fault: Fault) -> Injected {
        self.shared.faults.inject(fault)
    }

    /// Takes all faults away. Streams that a fault has met stay as they are.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// From the next request on, this token is good.
    pub fn add_token(&self, user: &crate::cluster::TokenUser) {
        self.shared.users.add_token(user);
    }

    /// From the next request on, this token gets a 401.
    pub fn revoke_token(&self, token: &str) {
        self.shared.users.revoke_token(token);
    }

    /// Revokes a token and lets its user in with another, in one step; false where `old` is not
    /// good.
    pub fn rotate_token(&self, old: &str, new: &str) -> bool {
        self.shared.users.rotate_token(old, new)
    }

    /// The requests up to now, the oldest first; the last 100,000 of them. A request is there before
    /// its answer is.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.log.requests()
    }

    /// How often each thing was asked and answered so.
    pub fn counts(&self) -> BTreeMap<Counted, u64> {
        self.shared.log.counts()
    }

    /// How many requests were answered with this code.
    pub fn answered(&self, code: u16) -> u64 {
        let counts = self.counts();
        let matching = counts.iter().filter(|(counted, _)| counted.code == code);
        matching.map(|(_, count)| count).sum()
    }

    /// Forgets the requests up to now, and their counts.
    pub fn clear_requests(&self) {
        self.shared.log.clear();
    }

    /// How many watches are open.
    pub fn open_watches(&self) -> usize {
        self.shared.log.open_watches()
    }
}

impl Shared {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn index(&self, name: &str) -> usize {
        self.resources
            .iter()
            .position(|resource| resource.answers_to(name))
            .unwrap_or_else(|| panic!("the in-memory server has no resource {name:?}"))
    }

    fn index_of_kind(&self, object: &Value) -> Result<usize, Status> {
        let said = |field: &str| object[field].as_str().unwrap_or_default();
        let (kind, version) = (said("kind"), said("apiVersion"));
        self.resources
            .iter()
            .position(|resource| resource.kind == kind && resource.api_version() == version)
            .ok_or_else(|| {
                let message = format!("no matches for kind {kind:?} in version {version:?}");
                Status::new(404, "NotFound", message)
            })
    }

    fn put(
        &self,
        store: &mut Store,
        index: usize,
        object: Value,
        shown: Option<u64>,
    ) -> Result<Arc<object::Stored>, Status> {
        let resource = &self.resources[index];
        let text = |field: &str| {
            object["metadata"][field]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let (mut namespace, name) = (text("namespace"), text("name"));
        if name.is_empty() {
            return Err(Status::bad_request("the object has no metadata.name"));
        }
        if !resource.namespaced {
            namespace.clear();
        } else if namespace.is_empty() {
            return Err(Status::bad_request("the object has no metadata.namespace"));
        }
        let target = Target {
            index,
            resource,
            namespace: &namespace,
            name: &name,
            status: false,
            dry_run: false,
        };
        Ok(write::put(store, target, object, shown))
    }

    fn after_change(&self, store: &mut Store, index: usize) {
        store.trim(index, self.options.history);
    }

    /// Deletes what is in a namespace.
    fn empty_namespace(&self, store: &mut Store, namespace: &str) {
        for (index, resource) in self.resources.iter().enumerate() {
            if !resource.namespaced {
                continue;
            }
            for key in store.keys(index, &format!("{namespace}/")) {
                let name = key.split_once('/').map_or("", |(_, name)| name);
                let target = Target {
                    index,
                    resource,
                    namespace,
                    name,
                    status: false,
                    dry_run: false,
                };
                let _: Result<Deletion, Status> =
                    write::delete(store, target, &Preconditions::default());
            }
            self.after_change(store, index);
        }
    }
}
