//! The informers that run, each as long as somebody holds it.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::sync::Arc;

use kube::core::ApiResource;
use tokio::sync::watch;

use super::options::OptionsKey;
use crate::counts::Counts;
use crate::object::Object;
use crate::publisher::{Publisher, WeakPublisher};
use crate::reshard::{Reshard, Sharded};
use crate::shard::Shard;
use crate::status::{Phase, Status};
use crate::sync::{Mutex, lock};

/// What callers share: one kind, one scope, one form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Id {
    form: TypeId,
    form_name: &'static str,
    group: String,
    version: String,
    plural: String,
    options: OptionsKey,
}

impl Id {
    pub(super) fn new<V: Object>(resource: &ApiResource, options: OptionsKey) -> Self {
        Self {
            form: TypeId::of::<V>(),
            form_name: type_name::<V>(),
            group: resource.group.clone(),
            version: resource.version.clone(),
            plural: resource.plural.clone(),
            options,
        }
    }

    /// The name of the stored type, without the modules.
    fn form(&self) -> String {
        let mut form = String::new();
        for part in self
            .form_name
            .split_inclusive(['<', '>', ',', '(', ')', ' '])
        {
            let path = part.rsplit("::").next();
            form.push_str(path.unwrap_or(part));
        }
        form
    }

    /// As kubectl names it: `pods`, `deployments.apps`.
    pub(super) fn resource(&self) -> String {
        match self.group.as_str() {
            "" => self.plural.clone(),
            group => format!("{}.{group}", self.plural),
        }
    }
}

/// What one of the informers of an [`Informers`](super::Informers) is doing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InformerOverview {
    /// As kubectl names it: `pods`, `deployments.apps`.
    pub resource: Arc<str>,
    /// The stored type, as in `Compact<Pod>`.
    pub form: String,
    /// The namespaces and selectors, as in `namespaces a,b; labels app=web`; empty for all objects.
    pub scope: String,
    /// What it is doing.
    pub status: Status,
    /// What it holds and has done.
    pub counts: Counts,
}

#[derive(Default)]
pub(super) struct Running(Mutex<HashMap<Id, Box<dyn Entry>>>);

/// An informer whose form is not known.
trait Entry: Any + Send {
    /// Its phases, while it is there.
    fn phases(&self) -> Option<watch::Receiver<Phase>>;
    fn status(&self) -> Option<(Status, Counts)>;
    fn release(&mut self) -> Box<dyn Any + Send>;
    fn reshard(&self, shard: &Shard) -> Option<Reshard>;
}

struct Held<V: Object> {
    publisher: WeakPublisher<V>,
    /// It does not keep it alive either.
    sharded: Arc<dyn Sharded>,
    /// What is read through the factory goes on.
    kept: Option<Publisher<V>>,
}

impl<V: Object> Held<V> {
    /// The publisher, if it still follows its source.
    fn open(&self) -> Option<Publisher<V>> {
        let publisher = self.publisher.upgrade();
        publisher.filter(|publisher| publisher.error().is_none())
    }
}

impl<V: Object> Entry for Held<V> {
    fn phases(&self) -> Option<watch::Receiver<Phase>> {
        Some(self.open()?.phases())
    }

    fn status(&self) -> Option<(Status, Counts)> {
        let publisher = self.open()?;
        Some((publisher.status(), publisher.counts()))
    }

    fn release(&mut self) -> Box<dyn Any + Send> {
        Box::new(self.kept.take())
    }

    fn reshard(&self, shard: &Shard) -> Option<Reshard> {
        self.open().map(|_| self.sharded.reshard(shard.clone()))
    }
}

impl Running {
    /// The one that runs, or else a new one. Of callers at the same time one starts it.
    pub(super) fn get_or_start<V: Object>(
        &self,
        id: &Id,
        keep: bool,
        start: impl FnOnce() -> (Publisher<V>, Arc<dyn Sharded>),
    ) -> Publisher<V> {
        let mut entries = lock(&self.0);
        let held = entries
            .get_mut(id)
            .map(|entry| &mut **entry as &mut dyn Any);
        let held = held.and_then(|entry| entry.downcast_mut::<Held<V>>());
        if let Some(held) = held
            && let Some(publisher) = held.open()
        {
            if keep && held.kept.is_none() {
                held.kept = Some(publisher.clone());
            }
            return publisher;
        }
        let (publisher, sharded) = start();
        let held = Held {
            publisher: WeakPublisher::of(&publisher),
            sharded,
            kept: keep.then(|| publisher.clone()),
        };
        // What nobody holds any longer is looked for when there is something new.
        entries.retain(|_, entry| entry.phases().is_some());
        entries.insert(id.clone(), Box::new(held));
        publisher
    }

    /// Keeps them no longer for those who read through the factory.
    pub(super) fn release(&self, of: impl Fn(&Id) -> bool) {
        let mut entries = lock(&self.0);
        let released = entries.iter_mut().filter(|(id, _)| of(id));
        let released: Vec<_> = released.map(|(_, entry)| entry.release()).collect();
        drop(entries);
        drop(released);
    }

    /// Gives another shard to all that have none of their own; `wanted` says it to those that start from now on.
    pub(super) fn reshard(&self, shard: Shard, wanted: impl FnOnce(Shard)) -> Reshard {
        let entries = lock(&self.0);
        let all = entries.iter().filter(|(id, _)| id.options.shard.is_none());
        let all = Reshard::all(all.filter_map(|(_, entry)| entry.reshard(&shard)));
        wanted(shard);
        drop(entries);
        all
    }

    /// The phases of all that run.
    pub(super) fn phases(&self) -> Vec<(Arc<str>, watch::Receiver<Phase>)> {
        let entries = lock(&self.0);
        let all = entries.iter().filter_map(|(id, entry)| {
            let phases = entry.phases()?;
            Some((id.resource().into(), phases))
        });
        all.collect()
    }

    /// What all that run are doing, ordered by resource, form and scope.
    pub(super) fn overview(&self) -> Vec<InformerOverview> {
        let entries = lock(&self.0);
        let all = entries.iter().filter_map(|(id, entry)| {
            let (status, counts) = entry.status()?;
            Some(InformerOverview {
                resource: id.resource().into(),
                form: id.form(),
                scope: id.options.to_string(),
                status,
                counts,
            })
        });
        let mut all: Vec<_> = all.collect();
        drop(entries);
        let order =
            |it: &InformerOverview| (it.resource.clone(), it.form.clone(), it.scope.clone());
        all.sort_by_cached_key(order);
        all
    }
}

impl Id {
    pub(super) fn is_of<V: Object>(&self, resource: &ApiResource) -> bool {
        self.form == TypeId::of::<V>()
            && (&self.group, &self.plural) == (&resource.group, &resource.plural)
    }
}
