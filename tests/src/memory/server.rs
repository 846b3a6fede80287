//! The server as a test holds it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::fault::{Fault, Faults, Injected};
use super::log::{Counted, Request, RequestLog};
use super::object::key;
use super::patch;
use super::resource;
use super::shared::{Options, Shared};
use super::status::Status;
use super::store::Store;
use super::users::Users;
use crate::cluster::TokenUser;
use crate::container_logs::ContainerLogs;

/// A server. Clones are the same server.
///
/// Where a resource is named, it is by its plural (`pods`) or, where two groups share one, by
/// plural and group (`deployments.apps`). Methods that take a name panic where the server has no
/// such resource.
#[derive(Debug, Clone)]
pub struct ApiServer {
    pub(super) shared: Arc<Shared>,
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
                logs: ContainerLogs::default(),
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

    /// What the containers of its Pods write. A Pod that is deleted leaves its logs.
    pub fn logs(&self) -> &ContainerLogs {
        &self.shared.logs
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
    pub fn add_token(&self, user: &TokenUser) {
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

    /// How often each thing was requested and answered so.
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
