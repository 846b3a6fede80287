//! How to find what a filter lets in without a look at every object.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Filter, Rule};
use crate::field::Field;
use crate::index::{IndexKey, Term};
use crate::object::Object;
use crate::store::State;

impl<V: Object> Filter<V> {
    /// Shows all objects of a state that the filter may accept, and spares what it plainly does
    /// not.
    pub(crate) fn scan<'a>(&self, state: &'a State<V>, see: impl FnMut(&'a Arc<V>)) {
        match self.rule() {
            Rule::Nothing => {}
            Rule::Names(names) if names_one_each(names) => {
                let found = pairs_of(names).filter_map(|(ns, name)| state.get(ns, name));
                found.for_each(see);
            }
            _ => match self.shared_namespace() {
                Some(namespace) => {
                    let found = state.in_namespace(namespace);
                    found.for_each(see);
                }
                None => state.unordered().for_each(see),
            },
        }
    }

    /// How many objects [`scan`](Self::scan) may look at in a state.
    pub(crate) fn reach(&self, state: &State<V>) -> usize {
        match self.rule() {
            Rule::Nothing => 0,
            Rule::Names(names) if names_one_each(names) => pairs_of(names).count(),
            _ => state.len(),
        }
    }

    /// Index keys of which every accepted object has one. Of several ways the cheapest is taken, by
    /// how many objects to expect and then by `load`, how much is already under a key.
    pub(crate) fn index_keys(&self, load: &dyn Fn(IndexKey<'_>) -> usize) -> Vec<IndexKey<'_>> {
        self.index_keys_in(None, load)
    }

    fn index_keys_in<'a>(
        &'a self,
        namespace: Option<&'a str>,
        load: &dyn Fn(IndexKey<'_>) -> usize,
    ) -> Vec<IndexKey<'a>> {
        let key = |term| IndexKey { namespace, term };
        let at = |term| vec![key(term)];
        match self.rule() {
            Rule::Nothing => Vec::new(),
            Rule::Names(names) => pairs_of(names)
                .map(|(ns, name)| name_key(ns, name))
                .collect(),
            Rule::Namespaces(all) => {
                let key = |ns: &'a String| IndexKey {
                    namespace: Some(ns),
                    term: Term::Any,
                };
                all.iter().map(key).collect()
            }
            Rule::Labels(labels) => {
                let choices = labels.iter().map(|(k, v)| at(Term::Label(k, v)));
                cheapest(choices, load, at(Term::Any))
            }
            Rule::Selector(selector) => {
                let choices = selector.search_terms().into_iter();
                let choices = choices.map(|terms| terms.into_iter().map(key).collect());
                cheapest(choices, load, at(Term::Any))
            }
            Rule::OwnedBy(uid) => at(Term::Owner(uid)),
            Rule::Annotations(all) => {
                let choices = all.iter().map(|(k, v)| at(Term::Annotation(k, v)));
                cheapest(choices, load, at(Term::Any))
            }
            Rule::Annotated(key) => at(Term::AnnotationKey(key)),
            Rule::Finalizer(name) => at(Term::Finalizer(name)),
            Rule::BeingDeleted => at(Term::BeingDeleted),
            Rule::Field {
                field,
                among: true,
                values,
            } => {
                let values = values.iter();
                let terms = values.map(|value| Term::Field(field.path(), value));
                terms.map(key).collect()
            }
            Rule::And(all) => {
                let namespace = namespace.or_else(|| self.shared_namespace());
                let choices = all
                    .iter()
                    .map(|filter| filter.index_keys_in(namespace, load));
                cheapest(choices, load, at(Term::Any))
            }
            Rule::Or(all) => {
                let keys = all
                    .iter()
                    .flat_map(|filter| filter.index_keys_in(namespace, load));
                keys.collect()
            }
            _ => at(Term::Any),
        }
    }

    /// The namespace that all accepted objects are in, if the filter names one.
    pub(crate) fn shared_namespace(&self) -> Option<&str> {
        match self.rule() {
            Rule::Namespaces(all) if all.len() == 1 => all.first().map(String::as_str),
            Rule::And(all) => all.iter().find_map(Self::shared_namespace),
            _ => None,
        }
    }

    /// The fields that the index keys of this filter may be of.
    pub(crate) fn fields_used(&self, used: &mut Vec<Field<V>>) {
        match self.rule() {
            Rule::Field { field, .. } => used.push(*field),
            Rule::And(all) | Rule::Or(all) => all.iter().for_each(|f| f.fields_used(used)),
            _ => {}
        }
    }
}

/// Namespace and name of each.
pub(super) fn pairs_of(
    names: &BTreeMap<String, BTreeSet<String>>,
) -> impl Iterator<Item = (&str, &str)> {
    let names = names.iter();
    names.flat_map(|(namespace, all)| all.iter().map(|name| (namespace.as_str(), name.as_str())))
}

/// True if no name stands for several objects. Those of cluster-scoped objects do: their namespace
/// is empty.
fn names_one_each(names: &BTreeMap<String, BTreeSet<String>>) -> bool {
    pairs_of(names).all(|(namespace, name)| !namespace.is_empty() && !name.is_empty())
}

fn name_key<'a>(namespace: &'a str, name: &'a str) -> IndexKey<'a> {
    IndexKey {
        namespace: (!namespace.is_empty()).then_some(namespace),
        term: if name.is_empty() {
            Term::Any
        } else {
            Term::Name(name)
        },
    }
}

/// The cheapest of the choices, or else these keys.
fn cheapest<'a>(
    choices: impl Iterator<Item = Vec<IndexKey<'a>>>,
    load: &dyn Fn(IndexKey<'_>) -> usize,
    otherwise: Vec<IndexKey<'a>>,
) -> Vec<IndexKey<'a>> {
    let breadth = |a: &IndexKey<'_>| a.term.breadth() * 2 + usize::from(a.namespace.is_none());
    let cheapest = choices.min_by_key(|keys| {
        let broadest = keys.iter().map(breadth).max();
        let load: usize = keys.iter().map(|key| load(*key)).sum();
        (broadest, load)
    });
    cheapest.unwrap_or(otherwise)
}
