//! What all clones of a server, its services and its watches share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::fault::Faults;
use super::log::RequestLog;
use super::object::Stored;
use super::resource::Resource;
use super::status::Status;
use super::store::Store;
use super::users::Users;
use super::write::{self, Deletion, Preconditions, Target};
use crate::container_logs::ContainerLogs;

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

/// What all clones, services and watches share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) resources: Vec<Resource>,
    pub(super) store: Mutex<Store>,
    pub(super) faults: Faults,
    pub(super) users: Users,
    pub(super) log: RequestLog,
    pub(super) logs: ContainerLogs,
    pub(super) options: Options,
}

impl Shared {
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn index(&self, name: &str) -> usize {
        self.resources
            .iter()
            .position(|resource| resource.answers_to(name))
            .unwrap_or_else(|| panic!("the in-memory server has no resource {name:?}"))
    }

    pub(super) fn index_of_kind(&self, object: &Value) -> Result<usize, Status> {
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

    pub(super) fn put(
        &self,
        store: &mut Store,
        index: usize,
        object: Value,
        shown: Option<u64>,
    ) -> Result<Arc<Stored>, Status> {
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

    pub(super) fn after_change(&self, store: &mut Store, index: usize) {
        store.trim(index, self.options.history);
    }

    /// Deletes what is in a namespace.
    pub(super) fn empty_namespace(&self, store: &mut Store, namespace: &str) {
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
