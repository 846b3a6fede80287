//! The inputs of the joins.

use std::collections::BTreeMap;

use harness::Random;
use kcache::{DecodeError, Fact, Feed, Input, Key, Publisher, Selects, View};

use crate::conditions::{Condition, NODES, Selecting, any_key, labels};
use crate::forms::{Form, Own, Spec, read};

/// A source.
pub(crate) type Source = Own<Relates>;

/// What a source selects, and the names that it refers to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relates {
    pub(crate) selecting: Selecting,
    pub(crate) refers: Vec<String>,
}

impl Fact<Selects> for Source {
    fn fact(&self) -> Option<Selects> {
        Some(Selects(self.more.selecting.build()))
    }
}

/// An input of joins: what its server has, its feed, and a view of it that joins may read.
pub(crate) struct Side<V: Form> {
    pub(crate) objects: BTreeMap<Key, V>,
    feed: Feed<V>,
    pub(crate) publisher: Publisher<V>,
    view: View<V>,
    condition: Condition,
    pub(crate) version: u64,
    /// Makes an object once more, of this version.
    again: fn(&V, u64) -> V,
    /// What was told in this incarnation.
    told: Vec<V>,
    /// What there was at some time.
    backup: Vec<V>,
}

impl<V: Form> Side<V> {
    pub(crate) fn new(again: fn(&V, u64) -> V) -> Self {
        let (publisher, feed) = kcache::feed::<V>();
        let view = publisher.view(Condition::Everything.build());
        Self {
            objects: BTreeMap::new(),
            feed,
            publisher,
            view,
            condition: Condition::Everything,
            version: 0,
            again,
            told: Vec::new(),
            backup: Vec::new(),
        }
    }

    /// A spec for a key: the next version of what is there, or another object.
    pub(crate) fn next(&mut self, key: &Key, random: &mut Random) -> Spec {
        self.version += 1;
        let there = self.objects.get(key).filter(|_| random.chance(4, 5));
        let uid = there.map_or_else(|| format!("uid-{}", random.next()), |o| o.uid().to_owned());
        let labels = match there {
            Some(there) if random.chance(1, 3) => read(there).labels,
            _ => labels(random),
        };
        let node = (*random.pick(&NODES)).to_owned();
        let spec = Spec::new(key.namespace(), key.name(), self.version);
        Spec {
            uid,
            labels,
            node,
            ..spec
        }
    }

    pub(crate) fn put(&mut self, object: V) {
        let again = |object: &V| (self.again)(object, read(object).version);
        self.told.push(again(&object));
        self.send([Input::Apply(again(&object))]);
        self.objects.insert(Key::of(&object), object);
    }

    pub(crate) fn take(&mut self, key: &Key) {
        self.version += 1;
        if let Some(there) = self.objects.remove(key) {
            self.send([Input::Remove((self.again)(&there, self.version))]);
        }
    }

    /// Tells once more what was told before: it is there again.
    pub(crate) fn repeat(&mut self, random: &mut Random) -> bool {
        let ready = self.publisher.status().phase.is_ready();
        let told = self.told.len();
        if !ready || told == 0 {
            return false;
        }
        let object = &self.told[random.below(told)];
        if self.is_elsewhere(object) {
            return false;
        }
        let version = read(object).version;
        let (sent, kept) = ((self.again)(object, version), (self.again)(object, version));
        self.send([Input::Apply(sent)]);
        self.objects.insert(Key::of(&kept), kept);
        true
    }

    /// It moved to another key, and is not in two places.
    fn is_elsewhere(&self, object: &V) -> bool {
        let mut others = self.objects.iter();
        others.any(|(key, other)| *key != Key::of(object) && other.uid() == object.uid())
    }

    /// Misses something, and lists; a backup is made before.
    pub(crate) fn relist(&mut self, random: &mut Random) {
        let again = |object: &V| (self.again)(object, read(object).version);
        self.backup = self.objects.values().map(again).collect();
        self.objects.retain(|_, _| random.chance(9, 10));
        self.list(None);
    }

    /// The server is restored from a backup. Returns whether there was anything to go back to.
    pub(crate) fn restore(&mut self, random: &mut Random) -> bool {
        if self.version < 5 || !self.publisher.status().phase.is_ready() {
            return false;
        }
        self.send([Input::Bookmark(self.version.to_string())]);
        self.version -= 1 + random.next() % (self.version / 2);
        self.backup.clear();
        let version = self.version;
        self.objects.retain(|_, _| random.chance(3, 4));
        for object in self.objects.values_mut() {
            *object = (self.again)(object, read(object).version.min(version));
        }
        self.list(Some(version.to_string()));
        true
    }

    /// The server is restored from a backup with a version that is far ahead, as etcd advises.
    /// Returns whether there was a backup.
    pub(crate) fn restore_ahead(&mut self, _: &mut Random) -> bool {
        if self.backup.is_empty() {
            return false;
        }
        let again = |object: &V| (self.again)(object, read(object).version);
        let objects = self.backup.iter().map(again);
        self.objects = objects.map(|object| (Key::of(&object), object)).collect();
        self.version += 1000;
        self.list(Some(self.version.to_string()));
        true
    }

    /// The right to see an object is granted that has been there for long, at an old version.
    /// Returns whether there was one.
    pub(crate) fn grant(&mut self, random: &mut Random) -> bool {
        let key = any_key(random);
        if self.version == 0 || self.objects.contains_key(&key) {
            return false;
        }
        let spec = self.next(&key, random);
        let version = 1 + random.next() % self.version;
        self.put(V::of(&Spec { version, ..spec }));
        true
    }

    /// An object is told at a version that says nothing of when: an older one, or the one that it has.
    /// Returns whether there was one.
    pub(crate) fn late(&mut self, random: &mut Random) -> bool {
        let place = random.below(self.objects.len().max(1));
        let Some(there) = self.objects.values().nth(place) else {
            return false;
        };
        let version = read(there).version;
        let late = (self.again)(there, version - random.next() % version);
        self.put(late);
        true
    }

    /// What could not be followed or read changes nothing.
    pub(crate) fn trouble(&mut self, random: &mut Random) {
        self.send([if random.chance(1, 2) {
            Input::Failed("no server".into())
        } else {
            Input::Bad(None, DecodeError::new("a bad object"))
        }]);
    }

    pub(crate) fn clear(&mut self) {
        self.objects.clear();
        self.list(None);
    }

    fn list(&mut self, version: Option<String>) {
        self.told.clear();
        let again = |object: &V| Input::Item((self.again)(object, read(object).version));
        let items: Vec<_> = self.objects.values().map(again).collect();
        let end = Input::Synced(version);
        self.send([Input::Restart].into_iter().chain(items).chain([end]));
    }

    fn send(&mut self, inputs: impl IntoIterator<Item = Input<V>>) {
        self.feed.send_all(inputs).expect("the publisher is open");
    }

    /// The objects that joins of the view, or of the publisher itself, read.
    pub(crate) fn seen(&self, by_view: bool) -> Vec<&V> {
        let sees = |object: &&V| !by_view || self.condition.accepts(&read(*object));
        self.objects.values().filter(sees).collect()
    }

    pub(crate) fn refilter(&mut self, random: &mut Random) {
        self.condition = Condition::any(random);
        self.view
            .refilter(self.condition.build())
            .expect("the view is open");
    }

    pub(crate) fn input(&self, by_view: bool) -> &Publisher<V> {
        if by_view { &self.view } else { &self.publisher }
    }
}
