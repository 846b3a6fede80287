//! Objects that are made of objects by a function.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::follower::{Derive, derive};
use crate::error::Error;
use crate::event::Change;
use crate::object::{Key, KeyRef, Object};
use crate::publisher::Publisher;
use crate::subscription::Batch;
use crate::updates::Updates;
use crate::writer::Writer;

impl<V: Object> Publisher<V> {
    /// A publisher of what a function makes of each object: see [`flat_map`](Self::flat_map).
    ///
    /// # Example
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// # use kube::core::ObjectMeta;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
    /// #[derive(PartialEq)]
    /// struct Size { name: String, entries: usize }
    ///
    /// impl kcache::Object for Size {
    ///     fn name(&self) -> &str { &self.name }
    /// }
    ///
    /// let (maps, mut feed) = kcache::feed::<ConfigMap>();
    /// let sizes = maps.map(|map| Size {
    ///     name: map.metadata.name.clone().unwrap_or_default(),
    ///     entries: map.data.as_ref().map_or(0, |data| data.len()),
    /// });
    /// # let metadata = ObjectMeta { name: Some("a".into()), ..Default::default() };
    /// # let data = Some([("k".into(), "v".into())].into());
    /// # let map = ConfigMap { metadata, data, ..Default::default() };
    /// feed.relist([map], None)?;
    /// sizes.ready().await?;
    /// assert_eq!(sizes.cache().get("", "a").unwrap().entries, 1);
    /// # Ok(()) }
    /// ```
    pub fn map<W: Object + PartialEq>(
        &self,
        make: impl Fn(&V) -> W + Send + Sync + 'static,
    ) -> Publisher<W> {
        self.flat_map(move |object| [make(object)])
    }

    /// A publisher of what a function makes of each object: none, one or several objects of any type
    /// that has a key. An `Option` is an iterator, so this filters, too.
    ///
    /// The function is called for each object that changes, and for no other. What it makes is
    /// committed if it is not equal to what it made before: an update of a Pod that changes nothing that
    /// the function looks at is no update of the result. It must give the same for the same object, and
    /// not block. The keys are for it to choose. Where two objects are made into one of the same
    /// key, that of the lower source key is there, and the other source is in
    /// [`bad_objects`](Self::bad_objects) until it is gone. So is a source for which the function
    /// panics: of it nothing is made, until it changes.
    ///
    /// The result is ready and degraded when its source is, ends with it, and keeps it alive.
    /// [`wait_for`](Self::wait_for) waits for versions of the source.
    pub fn flat_map<W: Object + PartialEq, I: IntoIterator<Item = W>>(
        &self,
        make: impl Fn(&V) -> I + Send + Sync + 'static,
    ) -> Publisher<W> {
        self.try_flat_map(move |object| Ok::<_, String>(make(object)))
    }

    /// As [`flat_map`](Self::flat_map), of a function that can fail for an object, which is then among the
    /// [`bad_objects`](Self::bad_objects) with this reason. A reason is shown to people: put no
    /// content of the object in it.
    pub fn try_flat_map<W: Object + PartialEq, I: IntoIterator<Item = W>, E: ToString>(
        &self,
        make: impl Fn(&V) -> Result<I, E> + Send + Sync + 'static,
    ) -> Publisher<W> {
        let make = move |object: &V| {
            let made = Error::catch(|| {
                let made = make(object).map_err(|error| error.to_string())?;
                Ok(made.into_iter().map(Arc::new).collect())
            });
            made.unwrap_or_else(|panic| Err(panic.to_string()))
        };
        derive(self, FlatMap::new(make))
    }
}

/// All that was made of one object, or why that cannot be.
type Made<W> = Result<Vec<Arc<W>>, String>;

struct FlatMap<W, F> {
    make: F,
    outputs: Outputs<W>,
    /// The sources whose last state the function failed for.
    failing: HashSet<Key>,
    /// The sources that are reported as bad.
    reported: HashSet<Key>,
}

/// What was made, by its sources.
struct Outputs<W> {
    of: HashMap<Key, Vec<Arc<W>>>,
    /// The other way round, of those whose key is not that of their source.
    makers: HashMap<Key, Vec<(Key, Arc<W>)>>,
}

impl<W: Object + PartialEq, F> FlatMap<W, F> {
    fn new(make: F) -> Self {
        let (of, makers) = (HashMap::new(), HashMap::new());
        Self {
            make,
            outputs: Outputs { of, makers },
            failing: HashSet::new(),
            reported: HashSet::new(),
        }
    }
}

impl<V: Object, W: Object + PartialEq, F> Derive<V> for FlatMap<W, F>
where
    F: Fn(&V) -> Made<W> + Send + 'static,
{
    type Output = W;

    fn commit(&mut self, batch: Batch<V>, writer: &mut Writer<W>) {
        let mut touched = BTreeSet::new();
        for change in batch.changes {
            self.take(&change, &mut touched, writer);
        }
        // What is there already changes nothing, which the writer sees.
        let mut updates = Updates::new();
        for key in touched {
            match self.settle(&key, writer) {
                Some(object) => updates.put(object),
                None => updates.remove(key),
            }
        }
        writer.commit_in(batch.incarnation, updates, &[batch.commit]);
    }

    fn len(&self) -> usize {
        self.outputs.of.len()
    }
}

impl<W: Object + PartialEq, F> FlatMap<W, F> {
    /// Makes of a source what is to be made of it now, and notes the keys that this may change.
    fn take<V: Object>(
        &mut self,
        change: &Change<V>,
        touched: &mut BTreeSet<Key>,
        writer: &mut Writer<W>,
    ) where
        F: Fn(&V) -> Made<W>,
    {
        let source = change.key();
        let made = change.new.as_deref().map_or(Ok(vec![]), &self.make);
        let made = made.and_then(|made| without_twins(&made).map(|()| made));
        let made = match made {
            Ok(made) => {
                self.failing.remove(&source);
                made
            }
            Err(reason) => {
                self.failing.insert(source.clone());
                self.reported.insert(source.clone());
                writer.bad_object(Some(source.clone()), &reason);
                vec![]
            }
        };
        self.outputs.replace(&source, made, touched);
        self.clear(&source, writer);
    }

    /// Who of several makers of an object has it; the others are bad.
    fn settle(&mut self, key: &Key, writer: &mut Writer<W>) -> Option<Arc<W>> {
        let mut makers = self.outputs.makers(key);
        makers.sort_by(|(a, _), (b, _)| a.cmp(b));
        if crate::seeded_fault::LastMaker.strikes() {
            makers.reverse();
        }
        let mut makers = makers.into_iter();
        let (first, object) = makers.next()?;
        for (loser, _) in makers {
            let reason = format!("another object is made into {key}, too");
            writer.bad_object(Some(loser.clone()), &reason);
            self.reported.insert(loser);
        }
        self.clear(&first, writer);
        Some(object)
    }

    /// The source is good, unless something is wrong with it still.
    fn clear(&mut self, source: &Key, writer: &mut Writer<W>) {
        let is_good = || {
            !self.failing.contains(source)
                && self.outputs.of(source).all(|key| self.has(source, &key))
        };
        if self.reported.contains(source) && is_good() {
            self.reported.remove(source);
            writer.good_object(source);
        }
    }

    fn has(&self, source: &Key, key: &Key) -> bool {
        let makers = self.outputs.makers(key);
        makers.iter().all(|(maker, _)| source <= maker)
    }
}

impl<W: Object + PartialEq> Outputs<W> {
    /// The keys of what was made of a source.
    fn of(&self, source: &Key) -> impl Iterator<Item = Key> {
        let made = self.of.get(source);
        made.into_iter().flatten().map(|object| Key::of(&**object))
    }

    /// Who makes an object of this key, in no order.
    fn makers(&self, key: &Key) -> Vec<(Key, Arc<W>)> {
        let own = self.of.get(key).into_iter().flatten();
        let own = own.filter(|object| Key::of(&***object) == *key);
        let own = own.map(|object| (key.clone(), object.clone()));
        let others = self.makers.get(key).into_iter().flatten().cloned();
        own.chain(others).collect()
    }

    fn replace(&mut self, source: &Key, mut made: Vec<Arc<W>>, touched: &mut BTreeSet<Key>) {
        let old = self.of.remove(source).unwrap_or_default();
        for new in &mut made {
            // What is equal is no update.
            if let Some(old) = old.iter().find(|old| ***old == **new) {
                *new = old.clone();
            }
        }
        for object in &old {
            let key = Key::of(&**object);
            self.unlink(source, &key);
            touched.insert(key);
        }
        for object in &made {
            let key = Key::of(&**object);
            if key != *source {
                let makers = self.makers.entry(key.clone());
                let makers = makers.or_insert_with(|| Vec::with_capacity(1));
                makers.push((source.clone(), object.clone()));
            }
            touched.insert(key);
        }
        if !made.is_empty() {
            made.shrink_to_fit();
            self.of.insert(source.clone(), made);
        }
    }

    fn unlink(&mut self, source: &Key, key: &Key) {
        let Some(makers) = self.makers.get_mut(key) else {
            return;
        };
        makers.retain(|(maker, _)| maker != source);
        if makers.is_empty() {
            self.makers.remove(key);
        }
    }
}

/// An error if two of these have one key.
fn without_twins<W: Object>(made: &[Arc<W>]) -> Result<(), String> {
    if made.len() < 2 {
        return Ok(());
    }
    let mut keys: Vec<_> = made.iter().map(|object| KeyRef::of(&**object)).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("it is made into two objects of one key".to_owned());
    }
    Ok(())
}
