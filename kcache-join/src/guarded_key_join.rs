//! Relating by keys that a third input must allow.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use kcache::{Key, Object, Publisher};

use crate::join::{Extras, Join};
use crate::key_join::Postings;
use crate::operator::Operator;
use crate::slab::Slab;

type Read<V, R> = Arc<dyn Fn(&V) -> Vec<R> + Send + Sync>;
type Start<S, G, T> =
    dyn Fn(&Publisher<S>, &Publisher<G>, &Publisher<T>, Extras) -> Join<S, T> + Send + Sync;

/// A relation by keys that guards must allow: a source relates to the targets that share a key with it,
/// if the key needs no permission, or while a guard gives one that the source names with the key.
///
/// # Example
///
/// Pods that use `ConfigMaps` of the namespace `shared`, if a `ServiceAccount` there lets their namespace in:
///
/// ```
/// use k8s_openapi::api::core::v1::{ConfigMap, Pod, ServiceAccount};
/// use kcache::{Key, Object};
/// use kcache_join::{GuardedKey, GuardedKeyJoin};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # let (pods, mut pod_feed) = kcache::feed::<Pod>();
/// # let (accounts, mut account_feed) = kcache::feed::<ServiceAccount>();
/// # let (maps, mut map_feed) = kcache::feed::<ConfigMap>();
/// let wants = |pod: &Pod| {
///     let name = pod.annotation("example.com/uses")?;
///     let who = pod.namespace()?.to_owned();
///     Some(GuardedKey::needs(Key::new("shared", name), [("shared".to_owned(), who)]))
/// };
/// let allows = |account: &ServiceAccount| {
///     let who = account.annotation("example.com/lets-in")?.to_owned();
///     Some((account.namespace()?.to_owned(), who))
/// };
/// let uses = GuardedKeyJoin::new(
///     move |pod| Vec::from_iter(wants(pod)),
///     move |account| Vec::from_iter(allows(account)),
///     |map: &ConfigMap| vec![Key::of(map)],
/// );
/// let used = uses.join(&pods, &accounts, &maps);
/// # let mut pod = Pod::default();
/// # (pod.metadata.namespace, pod.metadata.name) = (Some("shop".to_owned()), Some("p".to_owned()));
/// # pod.metadata.annotations = Some([("example.com/uses".to_owned(), "m".to_owned())].into());
/// # let mut account = ServiceAccount::default();
/// # (account.metadata.namespace, account.metadata.name) = (Some("shared".to_owned()), Some("a".to_owned()));
/// # account.metadata.annotations = Some([("example.com/lets-in".to_owned(), "shop".to_owned())].into());
/// # let mut map = ConfigMap::default();
/// # (map.metadata.namespace, map.metadata.name) = (Some("shared".to_owned()), Some("m".to_owned()));
/// # pod_feed.relist([pod], None)?;
/// # account_feed.relist([account], None)?;
/// # map_feed.relist([map], None)?;
/// used.ready().await?;
/// assert!(used.cache().get("shared", "m").is_some());
/// # Ok(()) }
/// ```
pub struct GuardedKeyJoin<S: Object, G: Object, T: Object> {
    start: Arc<Start<S, G, T>>,
    extras: Extras,
}

/// A key of a source in a [`GuardedKeyJoin`], and what it needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GuardedKey<K, P> {
    key: K,
    /// One of these must be given.
    needs: Option<Vec<P>>,
}

impl<K, P> GuardedKey<K, P> {
    /// A key that needs no permission.
    pub fn free(key: K) -> Self {
        Self { key, needs: None }
    }

    /// A key that relates while a guard gives one of these permissions; never if there are none.
    pub fn needs(key: K, any_of: impl IntoIterator<Item = P>) -> Self {
        let needs = Some(any_of.into_iter().collect());
        Self { key, needs }
    }

    fn permissions(&self) -> impl Iterator<Item = &P> {
        self.needs.iter().flatten()
    }
}

impl<S: Object, G: Object, T: Object> GuardedKeyJoin<S, G, T> {
    /// A relation by what three functions read: the keys of a source, the permissions that a guard
    /// gives, and the keys of a target. One that panics ends the join.
    pub fn new<K, P>(
        of_source: impl Fn(&S) -> Vec<GuardedKey<K, P>> + Send + Sync + 'static,
        of_guard: impl Fn(&G) -> Vec<P> + Send + Sync + 'static,
        of_target: impl Fn(&T) -> Vec<K> + Send + Sync + 'static,
    ) -> Self
    where
        K: Hash + Ord + Clone + Send + Sync + 'static,
        P: Hash + Ord + Clone + Send + Sync + 'static,
    {
        let of_source: Read<S, GuardedKey<K, P>> = Arc::new(of_source);
        let of_guard: Read<G, P> = Arc::new(of_guard);
        let of_target: Read<T, K> = Arc::new(of_target);
        let start = move |sources: &_, guards: &_, targets: &_, extras| {
            let read = (of_source.clone(), of_guard.clone(), of_target.clone());
            let operator = ByGuardedKey::new(read.0, read.1, read.2);
            Join::start(sources, targets, Some(guards), operator, extras, None)
        };
        Self {
            start: Arc::new(start),
            extras: Extras::default(),
        }
    }

    /// Also keeps which source holds which target: see [`Join::pairs`].
    #[must_use]
    pub fn with_pairs(mut self) -> Self {
        self.extras.pairs = true;
        self
    }

    /// Also keeps who holds what to be looked up: see [`Join::lookups`].
    #[must_use]
    pub fn with_lookups(mut self) -> Self {
        self.extras.lookups = true;
        self
    }

    /// Joins two publishers by what a third allows. The join is ready when all three are.
    pub fn join(
        &self,
        sources: &Publisher<S>,
        guards: &Publisher<G>,
        targets: &Publisher<T>,
    ) -> Join<S, T> {
        (self.start)(sources, guards, targets, self.extras)
    }
}

impl<S: Object, G: Object, T: Object> Clone for GuardedKeyJoin<S, G, T> {
    fn clone(&self) -> Self {
        Self {
            start: self.start.clone(),
            extras: self.extras,
        }
    }
}

impl<S: Object, G: Object, T: Object> fmt::Debug for GuardedKeyJoin<S, G, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedKeyJoin")
            .field("extras", &self.extras)
            .finish_non_exhaustive()
    }
}

struct ByGuardedKey<S, G, T, K, P> {
    of_source: Read<S, GuardedKey<K, P>>,
    of_guard: Read<G, P>,
    of_target: Read<T, K>,
    /// Sources under their keys, allowed or not.
    sources: Postings<K>,
    /// Sources under the permissions that they need.
    wanting: Postings<P>,
    targets: Postings<K>,
    /// What each guard gives.
    guards: HashMap<Key, BTreeSet<P>>,
    /// How many guards give a permission.
    given: HashMap<P, usize>,
    evaluations: u64,
}

impl<S, G, T, K, P> ByGuardedKey<S, G, T, K, P> {
    fn new(
        of_source: Read<S, GuardedKey<K, P>>,
        of_guard: Read<G, P>,
        of_target: Read<T, K>,
    ) -> Self {
        Self {
            of_source,
            of_guard,
            of_target,
            sources: Postings::default(),
            wanting: Postings::default(),
            targets: Postings::default(),
            guards: HashMap::new(),
            given: HashMap::new(),
            evaluations: 0,
        }
    }
}

impl<S, G, T, K, P> ByGuardedKey<S, G, T, K, P>
where
    P: Hash + Ord + Clone,
{
    fn allows(&self, key: &GuardedKey<K, P>) -> bool {
        let mut permissions = key.permissions();
        key.needs.is_none() || permissions.any(|permission| self.given.contains_key(permission))
    }

    fn permissions_of(&self, guard: Option<&G>) -> BTreeSet<P> {
        let permissions = guard.map(|guard| (self.of_guard)(guard));
        permissions.into_iter().flatten().collect()
    }

    fn take_back(&mut self, permission: &P) {
        #[cfg(kcache_faults)]
        if kcache::SeededFault::KeepPermission.strikes() {
            return;
        }
        let Some(count) = self.given.get_mut(permission) else {
            return;
        };
        *count -= 1;
        #[cfg(kcache_faults)]
        if kcache::SeededFault::ForgetGuard.strikes() {
            *count = 0;
        }
        if *count == 0 {
            self.given.remove(permission);
        }
    }
}

impl<S, G, T, K, P> Operator<S, T> for ByGuardedKey<S, G, T, K, P>
where
    S: Object,
    G: Object,
    T: Object,
    K: Hash + Ord + Clone + Send + Sync + 'static,
    P: Hash + Ord + Clone + Send + Sync + 'static,
{
    type Source = BTreeSet<GuardedKey<K, P>>;
    type Target = BTreeSet<K>;
    type Guard = G;

    fn source(&self, object: &S) -> (Self::Source, Option<String>) {
        ((self.of_source)(object).into_iter().collect(), None)
    }

    fn target(&self, object: &T) -> BTreeSet<K> {
        (self.of_target)(object).into_iter().collect()
    }

    fn same_target(&self, known: &BTreeSet<K>, _: &T, new: &T) -> bool {
        *known == Operator::<S, T>::target(self, new)
    }

    fn add_source(&mut self, slot: u32, fact: &Self::Source) {
        self.sources.insert(slot, fact.iter().map(|key| &key.key));
        let needed = fact.iter().flat_map(GuardedKey::permissions);
        self.wanting.insert(slot, needed);
    }

    fn drop_source(&mut self, slot: u32, fact: &Self::Source) {
        self.sources.remove(slot, fact.iter().map(|key| &key.key));
        let needed = fact.iter().flat_map(GuardedKey::permissions);
        self.wanting.remove(slot, needed);
    }

    fn add_target(&mut self, slot: u32, fact: &BTreeSet<K>) {
        self.targets.insert(slot, fact);
    }

    fn drop_target(&mut self, slot: u32, fact: &BTreeSet<K>) {
        self.targets.remove(slot, fact);
    }

    fn targets(&mut self, fact: &Self::Source, _: &Slab<T, BTreeSet<K>>) -> Vec<u32> {
        let allowed = fact.iter().filter(|key| self.allows(key));
        let found = self.targets.under(allowed.map(|key| &key.key));
        self.evaluations += found.len() as u64;
        found
    }

    fn sources(&mut self, _: &T, fact: &BTreeSet<K>, all: &Slab<S, Self::Source>) -> Vec<u32> {
        let mut found = self.sources.under(fact);
        self.evaluations += found.len() as u64;
        found.retain(|slot| {
            let mut keys = all[*slot].fact.iter();
            keys.any(|key| fact.contains(&key.key) && self.allows(key))
        });
        found
    }

    fn guarded(&self, key: &Key, new: Option<&G>) -> Vec<u32> {
        let (none, new) = (BTreeSet::new(), self.permissions_of(new));
        let known = self.guards.get(key).unwrap_or(&none);
        self.wanting.under(known.symmetric_difference(&new))
    }

    fn replace_guard(&mut self, key: &Key, new: Option<&G>) {
        let new = self.permissions_of(new);
        for permission in &new {
            *self.given.entry(permission.clone()).or_default() += 1;
        }
        for permission in self.guards.remove(key).into_iter().flatten() {
            self.take_back(&permission);
        }
        if !new.is_empty() {
            self.guards.insert(key.clone(), new);
        }
    }

    fn take_evaluations(&mut self) -> u64 {
        std::mem::take(&mut self.evaluations)
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;

    use super::*;

    type Tested = ByGuardedKey<ConfigMap, ConfigMap, ConfigMap, char, char>;
    type Side<'a> = &'a mut dyn Operator<
        ConfigMap,
        ConfigMap,
        Source = BTreeSet<GuardedKey<char, char>>,
        Target = BTreeSet<char>,
        Guard = ConfigMap,
    >;

    fn map(name: &str) -> ConfigMap {
        let mut map = ConfigMap::default();
        map.metadata.name = Some(name.to_owned());
        map
    }

    /// The lower-case letters of a name are keys. Of a source, each needs what its upper-case one
    /// says, but `x`, which is free.
    fn operator() -> Tested {
        let letters = |map: &ConfigMap| map.name().chars().collect::<Vec<_>>();
        let needs = |key: char| match key {
            'x' => GuardedKey::free(key),
            key => GuardedKey::needs(key, [key.to_ascii_uppercase(), '*']),
        };
        ByGuardedKey::new(
            Arc::new(move |map| letters(map).into_iter().map(needs).collect()),
            Arc::new(letters),
            Arc::new(letters),
        )
    }

    #[test]
    fn a_permission_lasts_as_long_as_a_guard_gives_it() {
        let mut operator = operator();
        let side: Side<'_> = &mut operator;
        let (all, source) = (Slab::default(), side.source(&map("abx")).0);
        side.add_source(0, &source);
        for (slot, name) in (0..).zip(["a", "b", "x", "ab"]) {
            let fact = side.target(&map(name));
            side.add_target(slot, &fact);
        }
        let mut after = |guard: &str, new: Option<&str>| {
            let (key, new) = (Key::new("", guard), new.map(map));
            let affected = side.guarded(&key, new.as_ref());
            side.replace_guard(&key, new.as_ref());
            (affected, side.targets(&source, &all))
        };
        assert_eq!(after("g", Some("Z")), (vec![], vec![2]));
        assert_eq!(after("g", Some("A")), (vec![0], vec![0, 2, 3]));
        assert_eq!(after("h", Some("AB")), (vec![0], vec![0, 1, 2, 3]));
        assert_eq!(after("g", None), (vec![0], vec![0, 1, 2, 3]));
        assert_eq!(after("h", Some("B")), (vec![0], vec![1, 2, 3]));
        assert_eq!(after("h", Some("*")), (vec![0], vec![0, 1, 2, 3]));
        assert_eq!(after("h", Some("*Z")), (vec![], vec![0, 1, 2, 3]));
        assert_eq!(after("h", None), (vec![0], vec![2]));
    }

    #[test]
    fn empty_inputs_leave_an_empty_index() {
        let mut operator = operator();
        let side: Side<'_> = &mut operator;
        let (sources, targets) = (["ab", "b", "", "x"], ["a", "bx"]);
        let sources = sources.map(|name| side.source(&map(name)).0);
        let targets = targets.map(|name| side.target(&map(name)));
        for (slot, fact) in (0..).zip(&sources) {
            side.add_source(slot, fact);
        }
        for (slot, fact) in (0..).zip(&targets) {
            side.add_target(slot, fact);
        }
        side.replace_guard(&Key::new("", "g"), Some(&map("AB")));
        side.replace_guard(&Key::new("", "g"), Some(&map("B")));
        side.replace_guard(&Key::new("", "h"), Some(&map("B")));
        for (slot, fact) in (0..).zip(&sources) {
            side.drop_source(slot, fact);
        }
        for (slot, fact) in (0..).zip(&targets) {
            side.drop_target(slot, fact);
        }
        side.replace_guard(&Key::new("", "g"), None);
        side.replace_guard(&Key::new("", "h"), None);
        assert!(operator.sources.is_empty() && operator.wanting.is_empty());
        assert!(operator.targets.is_empty());
        assert!(operator.guards.is_empty() && operator.given.is_empty());
    }
}
