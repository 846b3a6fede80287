//! How to find what a filter lets in without asking every object.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Filter, Rule};
use crate::field::Field;
use crate::index::{Anchor, Term};
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
                    found.map(|(_, object)| object).for_each(see);
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

    /// Anchors of which every accepted object has one. Of several ways the cheapest is taken, by
    /// how many objects to expect and then by `crowd`, how much already stands under an anchor.
    pub(crate) fn anchors(&self, crowd: &dyn Fn(Anchor<'_>) -> usize) -> Vec<Anchor<'_>> {
        self.anchors_in(None, crowd)
    }

    fn anchors_in<'a>(
        &'a self,
        namespace: Option<&'a str>,
        crowd: &dyn Fn(Anchor<'_>) -> usize,
    ) -> Vec<Anchor<'a>> {
        let at = |term| vec![Anchor { namespace, term }];
        match self.rule() {
            Rule::Nothing => Vec::new(),
            Rule::Names(names) => pairs_of(names)
                .map(|(ns, name)| name_anchor(ns, name))
                .collect(),
            Rule::Namespaces(all) => {
                let anchor = |ns: &'a String| Anchor {
                    namespace: Some(ns),
                    term: Term::Any,
                };
                all.iter().map(anchor).collect()
            }
            Rule::Labels(labels) => {
                let choices = labels.iter().map(|(k, v)| at(Term::Label(k, v)));
                cheapest(choices, crowd).unwrap_or_else(|| at(Term::Any))
            }
            Rule::Selector(selector) => {
                let anchor = |term| Anchor { namespace, term };
                let choices = selector.anchors().into_iter();
                let choices = choices.map(|terms| terms.into_iter().map(anchor).collect());
                cheapest(choices, crowd).unwrap_or_else(|| at(Term::Any))
            }
            Rule::OwnedBy(uid) => at(Term::Owner(uid)),
            Rule::Annotations(all) => {
                let choices = all.iter().map(|(k, v)| at(Term::Annotation(k, v)));
                cheapest(choices, crowd).unwrap_or_else(|| at(Term::Any))
            }
            Rule::Annotated(key) => at(Term::AnnotationKey(key)),
            Rule::Finalizer(name) => at(Term::Finalizer(name)),
            Rule::BeingDeleted => at(Term::BeingDeleted),
            Rule::Field {
                field,
                among: true,
                values,
            } => {
                let term = |value: &'a String| Term::Field(field.path(), value);
                let anchor = |value| Anchor {
                    namespace,
                    term: term(value),
                };
                values.iter().map(anchor).collect()
            }
            Rule::And(all) => {
                let namespace = namespace.or_else(|| self.shared_namespace());
                let choices = all.iter().map(|filter| filter.anchors_in(namespace, crowd));
                cheapest(choices, crowd).unwrap_or_else(|| at(Term::Any))
            }
            Rule::Or(all) => {
                let anchors = all
                    .iter()
                    .flat_map(|filter| filter.anchors_in(namespace, crowd));
                anchors.collect()
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

    /// The fields that the anchors of this filter may be of.
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

fn name_anchor<'a>(namespace: &'a str, name: &'a str) -> Anchor<'a> {
    Anchor {
        namespace: (!namespace.is_empty()).then_some(namespace),
        term: if name.is_empty() {
            Term::Any
        } else {
            Term::Name(name)
        },
    }
}

fn cheapest<'a>(
    choices: impl Iterator<Item = Vec<Anchor<'a>>>,
    crowd: &dyn Fn(Anchor<'_>) -> usize,
) -> Option<Vec<Anchor<'a>>> {
    let breadth = |a: &Anchor<'_>| a.term.breadth() * 2 + usize::from(a.namespace.is_none());
    choices.min_by_key(|anchors| {
        let broadest = anchors.iter().map(breadth).max();
        let crowd: usize = anchors.iter().map(|anchor| crowd(*anchor)).sum();
        (broadest, crowd)
    })
}
