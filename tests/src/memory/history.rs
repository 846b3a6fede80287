//! What tests do to the server's past: compactions, backups, histories; and versions as some servers
//! draw them.

use serde_json::Value;

use super::object::{Stored, key};
use super::patch;
use super::server::ApiServer;
use super::status::Status;
use super::store::Backup;

impl ApiServer {
    /// Closes the past: a watch or an exact list from before now gets 410, and so does the next
    /// page of a list. Watches that are open go on.
    pub fn compact(&self) {
        self.shared.store().compact();
    }

    /// Ends all watches as at their timeout.
    pub fn end_watches(&self) {
        self.shared
            .store()
            .change_signals(|signal| signal.ends += 1);
    }

    /// Cuts the connections of all watches.
    pub fn cut_watches(&self) {
        self.shared
            .store()
            .change_signals(|signal| signal.cuts += 1);
    }

    /// Cuts all watches and begins a new incarnation at this version, which may be a lower one, with the
    /// objects as they are. Change objects directly before or after it for what the server lost.
    pub fn begin_incarnation(&self, version: u64) {
        let mut store = self.shared.store();
        store.begin_incarnation(version);
        store.change_signals(|signal| signal.cuts += 1);
    }

    /// What there is now, to go back to.
    pub fn back_up(&self) -> Backup {
        self.shared.store().back_up()
    }

    /// Cuts all watches, and all is as it was in the backup, objects at the versions that they had;
    /// the server goes on at `version`, without a past.
    ///
    /// With a version far ahead, as etcd advises (`--bump-revision --mark-compacted`), whoever comes
    /// with one from before gets 410. With [`Backup::version`] itself a watch from before is one of
    /// the future: it is accepted, and silent until the server gets there, as on the real one.
    pub fn restore(&self, backup: &Backup, version: u64) {
        let mut store = self.shared.store();
        store.restore(backup, version);
        store.change_signals(|signal| signal.cuts += 1);
    }

    /// Hides an object, as a server that shows each user what that user may see: to those who watch
    /// it is deleted. A write under its name makes another object.
    ///
    /// # Errors
    /// 404 where it is missing.
    pub fn hide(&self, resource: &str, namespace: &str, name: &str) -> Result<(), Status> {
        let index = self.shared.index(resource);
        let kind = &self.shared.resources[index];
        let mut store = self.shared.store();
        let hidden = store.hide(index, &key(namespace, name), kind);
        self.shared.after_change(&mut store, index);
        drop(store);
        hidden
            .then_some(())
            .ok_or_else(|| Status::not_found(kind, name))
    }

    /// Shows a hidden object: to those who watch it is added, at the version that it had, which is
    /// older than what they have seen.
    ///
    /// # Errors
    /// 404 where none is hidden.
    pub fn reveal(&self, resource: &str, namespace: &str, name: &str) -> Result<(), Status> {
        let index = self.shared.index(resource);
        let mut store = self.shared.store();
        let shown = store.reveal(index, &key(namespace, name));
        self.shared.after_change(&mut store, index);
        drop(store);
        shown
            .then_some(())
            .ok_or_else(|| Status::not_found(&self.shared.resources[index], name))
    }

    /// Draws a version for a write that comes later, as a server does that draws versions before it
    /// commits.
    pub fn draw_version(&self) -> u64 {
        let mut store = self.shared.store();
        store.version += 1;
        store.version
    }

    /// [`ApiServer::put`] of an object that says this version of itself, whatever the server's is: one
    /// that was drawn before others, or the one that it has. It is told now.
    ///
    /// # Errors
    /// Those of [`ApiServer::put`].
    pub fn put_at(&self, object: Value, version: u64) -> Result<Value, Status> {
        let index = self.shared.index_of_kind(&object)?;
        let mut store = self.shared.store();
        let stored = self.shared.put(&mut store, index, object, Some(version))?;
        self.shared.after_change(&mut store, index);
        drop(store);
        Ok(stored.value(&self.shared.resources[index]))
    }

    /// [`ApiServer::delete`], where the deletion says this version of itself.
    ///
    /// # Errors
    /// 404 where it is missing.
    pub fn delete_at(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        version: u64,
    ) -> Result<Value, Status> {
        let index = self.shared.index(resource);
        let kind = &self.shared.resources[index];
        let mut store = self.shared.store();
        let gone = store
            .remove_at(index, &key(namespace, name), kind, Some(version))
            .ok_or_else(|| Status::not_found(kind, name))?;
        self.shared.after_change(&mut store, index);
        drop(store);
        Ok(gone.value(kind))
    }

    /// Changes all objects of a resource by a JSON merge patch, at the versions that they have, and
    /// tells nobody: what a new default or conversion of a CRD does.
    pub fn convert(&self, resource: &str, merge: &Value) {
        let index = self.shared.index(resource);
        let kind = &self.shared.resources[index];
        self.shared.store().convert(index, |stored| {
            let mut object = stored.value(kind);
            patch::merge(&mut object, merge);
            Stored::new(kind, object, stored.version)
        });
    }
}
