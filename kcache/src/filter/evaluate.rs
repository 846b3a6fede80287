//! Whether a filter lets an object in, and what of it is data.

use super::{Filter, Rule};
use crate::fact::Selects;
use crate::object::Object;

impl<V> Filter<V> {
    /// True if a closure has a part in it.
    pub(crate) fn has_closure(&self) -> bool {
        match self.rule() {
            Rule::By { .. } => true,
            Rule::And(all) | Rule::Or(all) => all.iter().any(Self::has_closure),
            Rule::Not(filter) => filter.has_closure(),
            _ => false,
        }
    }

    /// The filter without its closures: it lets in at least as much.
    pub(crate) fn data(&self) -> Self {
        if self.has_closure() {
            self.bound(true)
        } else {
            self.clone()
        }
    }

    /// What the filter lets in if every closure says the same, `open`.
    fn bound(&self, open: bool) -> Self {
        match self.rule() {
            Rule::By { .. } if open => Self::everything(),
            Rule::By { .. } => Self::nothing(),
            Rule::And(all) => Self::all(all.iter().map(|filter| filter.bound(open))),
            Rule::Or(all) => Self::any(all.iter().map(|filter| filter.bound(open))),
            Rule::Not(filter) => !filter.bound(!open),
            _ => self.clone(),
        }
    }
}

impl<V: Object> Filter<V> {
    /// True if the filter lets the object in.
    pub fn accepts(&self, object: &V) -> bool {
        match self.rule() {
            Rule::Everything => true,
            Rule::Nothing => false,
            Rule::Names(names) => [object.namespace().unwrap_or_default(), ""]
                .into_iter()
                .filter_map(|namespace| names.get(namespace))
                .any(|names| names.contains(object.name()) || names.contains("")),
            Rule::Namespaces(all) => all.contains(object.namespace().unwrap_or_default()),
            Rule::Labels(labels) => labels.iter().all(|(k, v)| object.label(k) == Some(v)),
            Rule::Selector(selector) => selector.matches(object),
            Rule::OwnedBy(uid) => object.owners().any(|owner| owner == uid),
            Rule::Annotations(all) => all.iter().all(|(k, v)| object.annotation(k) == Some(v)),
            Rule::Annotated(key) => object.annotation(key).is_some(),
            Rule::Finalizer(name) => object.finalizers().any(|finalizer| finalizer == name),
            Rule::BeingDeleted => object.deletion_timestamp().is_some(),
            Rule::Field {
                field,
                among,
                values,
            } => values.contains(&*field.read(object)) == *among,
            Rule::Selects { labels, selector } => {
                let labels = labels.iter().map(|(k, v)| (k.as_str(), v.as_str()));
                matches!(selector(object), Some(Selects(Ok(s))) if s.matches_labels(labels))
            }
            Rule::Involves { wanted, involved } => involved(object).as_ref() == Some(wanted),
            Rule::And(all) => all.iter().all(|filter| filter.accepts(object)),
            Rule::Or(all) => all.iter().any(|filter| filter.accepts(object)),
            Rule::Not(filter) => !filter.accepts(object),
            Rule::By { accepts, .. } => accepts(object),
        }
    }
}
