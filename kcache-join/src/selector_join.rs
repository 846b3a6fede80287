//! Relating by labels.

use std::fmt;
use std::sync::Arc;

use kcache::{
    Fact, IndexKeys, Object, Publisher, Scope, Selector, SelectorError, SelectorIndex, Selects,
};

use crate::fact::selector_of;
use crate::join::{Extras, Join};
use crate::operator::{Operator, Unguarded};
use crate::slab::Slab;
use crate::through::Link;

type Select<S> = dyn Fn(&S) -> Result<Selector, SelectorError> + Send + Sync;

/// A relation by labels: each source has a selector, and relates to the targets that it matches.
///
/// # Example
///
/// A relation of one's own: a `ConfigMap` that says in its data which Pods it is for.
///
/// ```
/// use k8s_openapi::api::core::v1::{ConfigMap, Pod};
/// use kcache::Selector;
/// use kcache_join::SelectorJoin;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # let (maps, mut map_feed) = kcache::feed::<ConfigMap>();
/// # let (pods, mut pod_feed) = kcache::feed::<Pod>();
/// let relation = SelectorJoin::new(|map: &ConfigMap| {
///     match map.data.as_ref().and_then(|data| data.get("pods")) {
///         Some(text) => text.parse(),
///         None => Ok(Selector::nothing()),
///     }
/// });
/// let configured = relation.join(&maps, &pods);
/// # let mut map = ConfigMap { data: Some([("pods".to_owned(), "app=web".to_owned())].into()), ..Default::default() };
/// # map.metadata.name = Some("m".to_owned());
/// # map_feed.relist([map], None)?;
/// # let mut pod = Pod::default();
/// # pod.metadata.name = Some("p".to_owned());
/// # pod.metadata.labels = Some([("app".to_owned(), "web".to_owned())].into());
/// # pod_feed.relist([pod], None)?;
/// configured.ready().await?;
/// assert_eq!(configured.cache().len(), 1);
/// # Ok(()) }
/// ```
pub struct SelectorJoin<S> {
    select: Arc<Select<S>>,
    scope: Scope,
    extras: Extras,
}

impl<S: Object> SelectorJoin<S> {
    /// A relation by what a function says that a source selects, in the source's namespace.
    ///
    /// A source with an invalid selector relates to nothing and is reported by the join as a bad
    /// object. A function that panics ends the join.
    pub fn new(
        select: impl Fn(&S) -> Result<Selector, SelectorError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            select: Arc::new(select),
            scope: Scope::default(),
            extras: Extras::default(),
        }
    }

    /// The relation by what the sources say themselves, by the rules of their kind.
    pub fn by_fact() -> Self
    where
        S: Fact<Selects>,
    {
        Self::new(selector_of)
    }

    /// In which namespaces targets are looked for.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
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

    /// Joins two publishers.
    pub fn join<T: Object>(&self, sources: &Publisher<S>, targets: &Publisher<T>) -> Join<S, T> {
        self.start(sources, targets, None)
    }

    pub(crate) fn start<T: Object>(
        &self,
        sources: &Publisher<S>,
        targets: &Publisher<T>,
        link: Option<Link<S, T>>,
    ) -> Join<S, T> {
        let operator = BySelector {
            select: self.select.clone(),
            index: SelectorIndex::new(self.scope),
            indexed: Vec::new(),
            evaluations: 0,
            mismatches: 0,
        };
        Join::start(sources, targets, None, operator, self.extras, link)
    }
}

impl<S> Clone for SelectorJoin<S> {
    fn clone(&self) -> Self {
        Self {
            select: self.select.clone(),
            scope: self.scope,
            extras: self.extras,
        }
    }
}

impl<S> fmt::Debug for SelectorJoin<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("SelectorJoin");
        f.field("scope", &self.scope).field("extras", &self.extras);
        f.finish_non_exhaustive()
    }
}

struct BySelector<S> {
    select: Arc<Select<S>>,
    index: SelectorIndex,
    /// The index keys of each source's selector.
    indexed: Vec<IndexKeys>,
    evaluations: u64,
    /// Evaluations of selectors that did not match, since they were last indexed.
    mismatches: usize,
}

/// What a source selects.
#[derive(PartialEq)]
pub(crate) struct SourceSelector {
    namespace: String,
    selector: Selector,
}

impl<S: Object, T: Object> Operator<S, T> for BySelector<S> {
    type Source = SourceSelector;
    type Target = IndexKeys;
    type Guard = Unguarded;

    fn source(&self, object: &S) -> (SourceSelector, Option<String>) {
        let namespace = object.namespace().unwrap_or_default().to_owned();
        let (selector, problem) = match (self.select)(object) {
            Ok(selector) => (selector, None),
            Err(error) => (Selector::nothing(), Some(error.to_string())),
        };
        (
            SourceSelector {
                namespace,
                selector,
            },
            problem,
        )
    }

    fn target(&self, object: &T) -> IndexKeys {
        self.index.index_keys(object)
    }

    fn same_target(&self, _: &IndexKeys, known: &T, new: &T) -> bool {
        known.labels().eq(new.labels())
    }

    fn add_source(&mut self, slot: u32, fact: &SourceSelector) {
        let index = slot as usize;
        if self.indexed.len() <= index {
            self.indexed.resize_with(index + 1, IndexKeys::default);
        }
        let keys = self
            .index
            .insert_selector(slot, &fact.namespace, &fact.selector);
        self.indexed[index] = keys;
    }

    fn drop_source(&mut self, slot: u32, _: &SourceSelector) {
        let keys = std::mem::take(&mut self.indexed[slot as usize]);
        self.index.remove_selector(slot, &keys);
    }

    fn add_target(&mut self, slot: u32, fact: &IndexKeys) {
        self.index.insert_object(slot, fact);
    }

    fn drop_target(&mut self, slot: u32, fact: &IndexKeys) {
        self.index.remove_object(slot, fact);
    }

    fn targets(&mut self, fact: &SourceSelector, all: &Slab<T, IndexKeys>) -> Vec<u32> {
        let SourceSelector {
            namespace,
            selector,
        } = fact;
        let mut found: Vec<u32> = self.index.objects_for(namespace, selector).collect();
        self.evaluations += found.len() as u64;
        found.retain(|slot| selector.matches(&*all[*slot].object));
        found
    }

    fn sources(&mut self, object: &T, fact: &IndexKeys, all: &Slab<S, SourceSelector>) -> Vec<u32> {
        let mut found: Vec<u32> = self.index.selectors_for(fact).collect();
        let candidates = found.len();
        found.retain(|slot| all[*slot].fact.selector.matches(object));
        self.evaluations += candidates as u64;
        self.mismatches += candidates - found.len();
        found
    }

    /// Selectors were indexed by what was in the index at that time. When too many candidates turn
    /// out false, they are indexed anew, which costs less than the candidates did.
    fn needs_rebuild(&self, sources: &Slab<S, SourceSelector>) -> bool {
        self.mismatches >= 16 * sources.len() + 1024
    }

    fn rebuild(&mut self, sources: &Slab<S, SourceSelector>) {
        self.mismatches = 0;
        for (slot, source) in sources.iter() {
            Operator::<S, T>::drop_source(self, slot, &source.fact);
            Operator::<S, T>::add_source(self, slot, &source.fact);
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

    type Side<'a> = &'a mut dyn Operator<
        ConfigMap,
        ConfigMap,
        Source = SourceSelector,
        Target = IndexKeys,
        Guard = Unguarded,
    >;

    fn map(name: &str, app: &str) -> ConfigMap {
        let mut map = ConfigMap::default();
        map.metadata.name = Some(name.to_owned());
        map.metadata.labels = Some([("app".to_owned(), app.to_owned())].into());
        map
    }

    #[test]
    fn empty_inputs_leave_an_empty_index() {
        let mut operator = BySelector {
            select: Arc::new(|map: &ConfigMap| {
                map.metadata.name.as_deref().unwrap_or_default().parse()
            }),
            index: SelectorIndex::new(Scope::Namespace),
            indexed: Vec::new(),
            evaluations: 0,
            mismatches: 0,
        };
        let side: Side<'_> = &mut operator;
        let (mut sources, mut targets) = (Vec::new(), Vec::new());
        for (slot, text) in (0..).zip(["app=web", "app in (web,db)", "!x", "", "app", "x,app=db"]) {
            let (fact, problem) = side.source(&map(text, ""));
            assert_eq!(problem, None);
            side.add_source(slot, &fact);
            sources.push((slot, fact));
        }
        for (slot, app) in (0..).zip(["web", "db", "", "web"]) {
            let fact = side.target(&map("target", app));
            side.add_target(slot, &fact);
            targets.push((slot, fact));
        }
        for (slot, fact) in sources {
            side.drop_source(slot, &fact);
        }
        for (slot, fact) in targets {
            side.drop_target(slot, &fact);
        }
        assert!(operator.index.is_empty());
    }
}
