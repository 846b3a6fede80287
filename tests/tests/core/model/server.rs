//! The server of the model, and what it has told.

use std::collections::BTreeMap;

use harness::Random;
use kcache::{DecodeError, Input, Key};

use crate::conditions::{NODES, any_key, labels};
use crate::coverage::Coverage;
use crate::forms::{Form, Spec};

/// One thing that happened on the server.
#[derive(Clone)]
enum Happening {
    Applied(Spec),
    Removed(Spec),
}

/// The objects that there are, and what a cache that was told of them should hold.
#[derive(Default)]
pub(crate) struct Server {
    objects: BTreeMap<Key, Spec>,
    /// What a cache should hold now.
    pub(crate) told: BTreeMap<Key, Spec>,
    /// There was a complete list: what was told is in the cache, not only in a list to be.
    synced: bool,
    version: u64,
    uids: u64,
    /// Versions that were drawn and are not used yet.
    drawn: Vec<u64>,
    /// What there was at some time.
    backup: BTreeMap<Key, Spec>,
    /// What there is, and may not be seen.
    hidden: BTreeMap<Key, Spec>,
    /// What was told in this incarnation.
    log: Vec<Happening>,
}

impl Server {
    /// Something happens to one object.
    fn happen(&mut self, random: &mut Random) -> Vec<Happening> {
        let key = any_key(random);
        self.version += 1 + random.next() % 3;
        if random.chance(1, 8) {
            self.drawn.push(self.version);
            self.version += 1;
        }
        let Some(there) = self.objects.get(&key).cloned() else {
            return vec![self.put(self.fresh(&key, random))];
        };
        match random.below(6) {
            0 | 1 => vec![self.take(&key, there)],
            // A replacement shows as two events, or as one if a source misses the first.
            2 if random.chance(1, 2) => vec![self.put(self.fresh(&key, random))],
            2 => {
                let removed = self.take(&key, there);
                self.version += 1;
                vec![removed, self.put(self.fresh(&key, random))]
            }
            _ => {
                let labels = labels(random);
                let node = (*random.pick(&NODES)).to_owned();
                let version = self.version;
                vec![self.put(Spec {
                    version,
                    labels,
                    node,
                    ..there
                })]
            }
        }
    }

    fn fresh(&self, key: &Key, random: &mut Random) -> Spec {
        Spec {
            uid: format!("uid-{}", self.uids + 1),
            labels: labels(random),
            node: (*random.pick(&NODES)).to_owned(),
            ..Spec::new(key.namespace(), key.name(), self.version)
        }
    }

    fn put(&mut self, spec: Spec) -> Happening {
        self.uids += 1;
        self.objects.insert(spec.key(), spec.clone());
        Happening::Applied(spec)
    }

    fn take(&mut self, key: &Key, spec: Spec) -> Happening {
        self.objects.remove(key);
        let version = self.version;
        Happening::Removed(Spec { version, ..spec })
    }

    /// Something happens at a version that says nothing of when: one that was drawn before others, or
    /// the one that the object has.
    pub(crate) fn late<V: Form>(&mut self, random: &mut Random) -> Vec<Input<V>> {
        let key = any_key(random);
        let there = self.objects.get(&key).cloned();
        let drawn = match &there {
            Some(there) if random.chance(1, 3) => Some(there.version),
            _ => self.drawn.pop(),
        };
        let Some(version) = drawn else {
            return Vec::new();
        };
        let spec = match there {
            Some(there) => Spec {
                version,
                labels: labels(random),
                ..there
            },
            None => Spec {
                version,
                ..self.fresh(&key, random)
            },
        };
        let happening = self.put(spec);
        vec![self.tell(&happening)]
    }

    /// The right to see an object is taken away, or granted again: then it is there as it was, at a
    /// version that is older than what was told meanwhile. Returns whether it was granted.
    pub(crate) fn access<V: Form>(&mut self, random: &mut Random) -> (bool, Vec<Input<V>>) {
        self.version += 1;
        if random.chance(1, 2)
            && let Some((key, spec)) = self.hidden.pop_first()
        {
            if self.objects.contains_key(&key) {
                return (false, Vec::new());
            }
            let happening = self.put(spec);
            return (true, vec![self.tell(&happening)]);
        }
        let Some(spec) = self.any(random) else {
            return (false, Vec::new());
        };
        self.hidden.insert(spec.key(), spec.clone());
        let happening = self.take(&spec.key(), spec);
        (false, vec![self.tell(&happening)])
    }

    /// An object is another one at a version that says nothing of when, told by one event or by two, of
    /// which the later one has the older version.
    pub(crate) fn other<V: Form>(&mut self, random: &mut Random) -> Vec<Input<V>> {
        let Some(there) = self.any(random) else {
            return Vec::new();
        };
        let version = 1 + random.next() % there.version;
        let other = Spec {
            version,
            ..self.fresh(&there.key(), random)
        };
        let mut happenings = Vec::new();
        if random.chance(1, 2) {
            self.version += 1;
            happenings.push(self.take(&there.key(), there));
        }
        happenings.push(self.put(other));
        happenings
            .iter()
            .map(|happening| self.tell(happening))
            .collect()
    }

    /// What objects show changes, at the versions that they have, as by a new default of a CRD.
    pub(crate) fn convert(&mut self, random: &mut Random) {
        for spec in self.objects.values_mut() {
            if random.chance(1, 2) {
                spec.labels = labels(random);
            }
        }
    }

    fn any(&self, random: &mut Random) -> Option<Spec> {
        let place = random.below(self.objects.len().max(1));
        self.objects.values().nth(place).cloned()
    }

    fn tell<V: Form>(&mut self, happening: &Happening) -> Input<V> {
        self.log.push(happening.clone());
        self.say(happening)
    }

    fn say<V: Form>(&mut self, happening: &Happening) -> Input<V> {
        match happening {
            Happening::Applied(spec) => self.told.insert(spec.key(), spec.clone()),
            Happening::Removed(spec) => self.told.remove(&spec.key()),
        };
        input(happening)
    }

    /// News, told as it happens.
    pub(crate) fn news<V: Form>(&mut self, random: &mut Random) -> Vec<Input<V>> {
        let happenings = self.happen(random);
        happenings
            .iter()
            .map(|happening| self.tell(happening))
            .collect()
    }

    /// Something that nobody is told of before the next list.
    pub(crate) fn miss(&mut self, random: &mut Random) {
        self.happen(random);
    }

    /// Something that was told before: the last thing, or any.
    pub(crate) fn repeat<V: Form>(&mut self, random: &mut Random, last: bool) -> Option<Input<V>> {
        let behind = if last {
            0
        } else {
            random.below(self.log.len().max(1))
        };
        let happening = self.log.iter().rev().nth(behind).cloned()?;
        Some(self.say(&happening))
    }

    /// A list, with all that can be in one.
    pub(crate) fn list<V: Form>(
        &mut self,
        random: &mut Random,
        coverage: &mut Coverage,
    ) -> Vec<Input<V>> {
        if !self.synced {
            // What was told in a list that came to no end was never known.
            self.log.clear();
        }
        let mut inputs = vec![Input::Restart];
        if random.chance(1, 4) {
            coverage.count("interrupted list");
            let half: Vec<_> = self
                .objects
                .values()
                .filter(|_| random.chance(1, 2))
                .collect();
            inputs.extend(half.into_iter().map(|spec| Input::Item(V::of(spec))));
            inputs.push(Input::Restart);
        }
        let mut told = BTreeMap::new();
        for (key, spec) in &self.objects {
            if random.chance(1, 12) {
                coverage.count("bad object");
                inputs.push(bad(Some(key.clone())));
                let known = self.told.get(key).filter(|_| self.synced);
                told.extend(known.map(|known| (key.clone(), known.clone())));
            } else {
                inputs.push(Input::Item(V::of(spec)));
                told.insert(key.clone(), spec.clone());
            }
        }
        self.told = told;
        self.synced = true;
        if random.chance(1, 3) {
            coverage.count("stream in list");
            inputs.extend(self.news(random));
        }
        let unversioned = random.chance(1, 4);
        if unversioned {
            coverage.count("unversioned list");
        }
        let version = (!unversioned).then(|| self.version.to_string());
        inputs.push(Input::Synced(version));
        inputs
    }

    /// The server is restored from a backup.
    pub(crate) fn restore(&mut self, random: &mut Random) {
        // A version that every cache has seen more than.
        self.version = self.version.saturating_sub(1 + random.next() % 10).max(1);
        self.drawn.clear();
        self.backup.clear();
        self.hidden.clear();
        let version = self.version;
        self.objects.retain(|_, _| random.chance(3, 4));
        for spec in self.objects.values_mut() {
            spec.version = spec.version.min(version);
            if random.chance(1, 3) {
                spec.labels = labels(random);
                spec.version = version;
            }
        }
        self.log.clear();
    }

    /// A backup is made.
    pub(crate) fn back_up(&mut self) {
        self.backup = self.objects.clone();
    }

    /// The server is restored from its backup as etcd advises, with a revision that is far ahead.
    pub(crate) fn restore_ahead(&mut self) {
        self.version += 1000;
        self.objects = self.backup.clone();
        self.hidden.clear();
        self.log.clear();
    }

    /// A plain list of what there is.
    pub(crate) fn told_anew<V: Form>(&mut self) -> Vec<Input<V>> {
        self.told = self.objects.clone();
        self.synced = true;
        let items = self.objects.values().map(|spec| Input::Item(V::of(spec)));
        let end = Input::Synced(Some(self.version.to_string()));
        items.chain([end]).collect()
    }

    /// The newest version.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }
}

pub(crate) fn bad<V>(key: Option<Key>) -> Input<V> {
    Input::Bad(key, DecodeError::new("a bad object"))
}

fn input<V: Form>(happening: &Happening) -> Input<V> {
    match happening {
        Happening::Applied(spec) => Input::Apply(V::of(spec)),
        Happening::Removed(spec) => Input::Remove(V::of(spec)),
    }
}
