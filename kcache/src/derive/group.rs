//! Groups of objects, and what is counted of each.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::follower::{Derive, derive};
use crate::error::Error;
use crate::object::{Key, Object};
use crate::publisher::Publisher;
use crate::subscription::Batch;
use crate::updates::Updates;
use crate::writer::Writer;

/// Objects of a publisher in groups, made by [`Publisher::group_by`]; [`fold`](Self::fold) makes a publisher
/// of it.
pub struct GroupBy<V: Object> {
    source: Publisher<V>,
    keys: Keys<V>,
}

type Keys<V> = Box<dyn Fn(&V) -> Vec<Key> + Send + Sync>;

/// A group of objects: its key, how many objects are in it, and what a fold made of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group<A> {
    /// What the objects were grouped by.
    pub key: Key,
    /// How many objects are in it; at least one.
    pub count: usize,
    /// What was folded of them.
    pub value: A,
}

impl<A: Send + Sync + 'static> Object for Group<A> {
    fn namespace(&self) -> Option<&str> {
        Some(self.key.namespace()).filter(|namespace| !namespace.is_empty())
    }

    fn name(&self) -> &str {
        self.key.name()
    }
}

impl<V: Object> Publisher<V> {
    /// Puts each object into the groups of these keys: none, one (an `Option` is an iterator) or several.
    /// The function must give the same keys for the same object.
    ///
    /// # Example
    ///
    /// How many Pods each node has, and how many of them run:
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::Pod;
    /// # use kcache::Key;
    /// # fn pod(name: &str, phase: &str) -> Pod {
    /// #     let value = serde_json::json!({"metadata": {"name": name, "namespace": "shop"},
    /// #         "spec": {"nodeName": "a", "containers": []}, "status": {"phase": phase}});
    /// #     serde_json::from_value(value).expect("a pod")
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
    /// let (pods, mut feed) = kcache::feed::<Pod>();
    /// let node = |pod: &Pod| Some(Key::new("", pod.spec.as_ref()?.node_name.as_deref()?));
    /// let runs = |pod: &Pod| u64::from(pod.status.as_ref().is_some_and(|it| it.phase.as_deref() == Some("Running")));
    /// let nodes = pods
    ///     .group_by(node)
    ///     .fold(0, move |count, pod| *count += runs(pod), move |count, pod| *count -= runs(pod));
    /// feed.relist([pod("web-1", "Running"), pod("web-2", "Pending")], None)?;
    /// nodes.ready().await?;
    /// let node = nodes.cache().get("", "a").unwrap();
    /// assert_eq!((node.count, node.value), (2, 1));
    /// # Ok(()) }
    /// ```
    pub fn group_by<I: IntoIterator<Item = Key>>(
        &self,
        keys: impl Fn(&V) -> I + Send + Sync + 'static,
    ) -> GroupBy<V> {
        GroupBy {
            source: self.clone(),
            keys: Box::new(move |object| {
                let keys: BTreeSet<_> = keys(object).into_iter().collect();
                keys.into_iter().collect()
            }),
        }
    }
}

impl<V: Object> GroupBy<V> {
    /// A publisher of the groups that have objects, with what is folded of these: `add` takes an object
    /// in, `remove` undoes that. Of an object that changes the old state is removed and the new one added;
    /// no other object is looked at.
    ///
    /// A group is committed if its count or its value is another one than before. The functions must not
    /// block. An object for which one of them or the function of the keys panics is in no group, and is in
    /// [`bad_objects`](Publisher::bad_objects) until it changes.
    ///
    /// The result is ready and degraded when its source is, ends with it, and keeps it alive.
    /// [`wait_for`](Publisher::wait_for) waits for versions of the source.
    pub fn fold<A: Clone + PartialEq + Send + Sync + 'static>(
        self,
        empty: A,
        add: impl Fn(&mut A, &V) + Send + Sync + 'static,
        remove: impl Fn(&mut A, &V) + Send + Sync + 'static,
    ) -> Publisher<Group<A>> {
        let made = Folded {
            keys: self.keys,
            empty,
            fold: [Box::new(add), Box::new(remove)],
            groups: HashMap::new(),
            left_out: HashSet::new(),
        };
        derive(&self.source, made)
    }
}

impl<V: Object> fmt::Debug for GroupBy<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupBy")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

type Fold<V, A> = Box<dyn Fn(&mut A, &V) + Send + Sync>;

#[derive(Clone, Copy)]
enum Way {
    In,
    Out,
}

struct Folded<V, A> {
    keys: Keys<V>,
    empty: A,
    /// How an object comes in, and how it goes out.
    fold: [Fold<V, A>; 2],
    /// How many objects a group has, and what they are folded to.
    groups: HashMap<Key, (usize, A)>,
    /// Objects that are in no group, because a function failed for them.
    left_out: HashSet<Key>,
}

impl<V: Object, A: Clone + PartialEq + Send + Sync + 'static> Derive<V> for Folded<V, A> {
    type Output = Group<A>;

    fn commit(&mut self, batch: Batch<V>, writer: &mut Writer<Group<A>>) {
        let mut touched = BTreeSet::new();
        for change in &batch.changes {
            let key = change.key();
            let was_in = !self.left_out.remove(&key);
            let mut moved = Ok(());
            if let Some(old) = change.old.as_deref().filter(|_| was_in) {
                moved = self.shift(Way::Out, old, &mut touched);
            }
            if let Some(new) = change.new.as_deref() {
                moved = moved.and(self.shift(Way::In, new, &mut touched));
            }
            match moved {
                Ok(()) => writer.good_object(&key),
                Err(panic) => {
                    writer.bad_object(Some(key.clone()), &panic.to_string());
                    if change.new.is_some() {
                        self.left_out.insert(key);
                    }
                }
            }
        }
        let updates = self.updates(touched, writer);
        writer.commit_in(batch.incarnation, updates, &[batch.commit]);
    }

    fn len(&self) -> usize {
        self.groups.len()
    }
}

impl<V: Object, A: Clone + PartialEq + Send + Sync + 'static> Folded<V, A> {
    /// Takes an object into its groups or out of them: of all or, if a function panics, of none.
    fn shift(&mut self, way: Way, object: &V, touched: &mut BTreeSet<Key>) -> Result<(), Error> {
        let keys = Error::catch(|| (self.keys)(object))?;
        let mut values = Vec::with_capacity(keys.len());
        for key in &keys {
            let value = self.groups.get(key).map_or(&self.empty, |(_, value)| value);
            let mut value = value.clone();
            let fold = &self.fold[way as usize];
            Error::catch(|| fold(&mut value, object))?;
            values.push(value);
        }
        for (key, new) in keys.into_iter().zip(values) {
            let (count, value) = self
                .groups
                .entry(key.clone())
                .or_insert_with(|| (0, self.empty.clone()));
            match way {
                Way::In => *count += 1,
                Way::Out => *count = count.saturating_sub(1),
            }
            *value = new;
            touched.insert(key);
        }
        Ok(())
    }

    fn updates(&mut self, touched: BTreeSet<Key>, writer: &Writer<Group<A>>) -> Updates<Group<A>> {
        let there = crate::store::Snapshot(writer.state());
        let mut updates = Updates::new();
        for key in touched {
            let Some((count, value)) = self.groups.get(&key) else {
                continue;
            };
            if *count == 0 && !crate::seeded_fault::KeepGroup.strikes() {
                self.groups.remove(&key);
                updates.remove(key);
                continue;
            }
            let old = there.get(key.namespace(), key.name());
            if old.is_none_or(|old| old.count != *count || old.value != *value) {
                let (count, value) = (*count, value.clone());
                updates.put(Arc::new(Group { key, count, value }));
            }
        }
        updates
    }
}
