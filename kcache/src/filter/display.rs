//! How filters compare, combine and print.

use std::fmt;
use std::ops::{BitAnd, BitOr, Not};
use std::sync::Arc;

use super::search::pairs_of;
use super::{Filter, Rule};
use crate::selector::Selector;

impl<V> Clone for Filter<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V> Default for Filter<V> {
    fn default() -> Self {
        Self::everything()
    }
}

impl<V> PartialEq for Filter<V> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.rule() == other.rule()
    }
}

/// Readers of facts and fields are not compared: they follow from the stored form and the path.
impl<V> PartialEq for Rule<V> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everything, Self::Everything)
            | (Self::Nothing, Self::Nothing)
            | (Self::BeingDeleted, Self::BeingDeleted) => true,
            (Self::Names(a), Self::Names(b)) => a == b,
            (Self::Namespaces(a), Self::Namespaces(b)) => a == b,
            (Self::Labels(a), Self::Labels(b)) | (Self::Annotations(a), Self::Annotations(b)) => {
                a == b
            }
            (Self::Selector(a), Self::Selector(b)) => a == b,
            (Self::OwnedBy(a), Self::OwnedBy(b))
            | (Self::Annotated(a), Self::Annotated(b))
            | (Self::Finalizer(a), Self::Finalizer(b)) => a == b,
            (
                Self::Field {
                    field,
                    among,
                    values,
                },
                Self::Field {
                    field: f,
                    among: a,
                    values: v,
                },
            ) => field == f && among == a && values == v,
            (Self::Selects { labels, .. }, Self::Selects { labels: other, .. }) => labels == other,
            (Self::Involves { wanted, .. }, Self::Involves { wanted: other, .. }) => {
                wanted == other
            }
            (Self::And(a), Self::And(b)) | (Self::Or(a), Self::Or(b)) => a == b,
            (Self::Not(a), Self::Not(b)) => a == b,
            (Self::By { accepts, .. }, Self::By { accepts: other, .. }) => {
                Arc::ptr_eq(accepts, other)
            }
            _ => false,
        }
    }
}

impl<V> BitAnd for Filter<V> {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self::all([self, other])
    }
}

impl<V> BitOr for Filter<V> {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self::any([self, other])
    }
}

impl<V> Not for Filter<V> {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(Rule::Not(self))
    }
}

impl<V> fmt::Debug for Filter<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl<V> Filter<V> {
    /// The same as a label selector, if it can be one.
    fn label_selector(&self) -> Option<Selector> {
        match self.rule() {
            Rule::Everything => Some(Selector::everything()),
            Rule::Nothing => Some(Selector::nothing()),
            Rule::Labels(labels) => {
                let labels = labels.iter().map(|(k, v)| (k.as_str(), v.as_str()));
                Some(Selector::from_map(labels))
            }
            Rule::Selector(selector) => Some(selector.clone()),
            Rule::And(all) => {
                let all: Option<Vec<_>> = all.iter().map(Self::label_selector).collect();
                all.map(Selector::all_of)
            }
            _ => None,
        }
    }

    /// Prints it for people.
    fn print(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule() {
            Rule::Everything => f.write_str("everything"),
            Rule::Nothing => f.write_str("nothing"),
            Rule::Names(names) => {
                let names = pairs_of(names).map(|(ns, name)| format!("{ns}/{name}"));
                write!(f, "name in ({})", join(names, ","))
            }
            Rule::Namespaces(all) => write!(f, "namespace in ({})", join(all.iter().cloned(), ",")),
            Rule::Labels(labels) => write!(f, "labels {}", pairs(labels)),
            Rule::Selector(selector) => write!(f, "selector {selector}"),
            Rule::OwnedBy(uid) => write!(f, "owned by {uid}"),
            Rule::Annotations(annotations) => write!(f, "annotations {}", pairs(annotations)),
            Rule::Annotated(key) => write!(f, "annotated {key}"),
            Rule::Finalizer(name) => write!(f, "finalizer {name}"),
            Rule::BeingDeleted => f.write_str("being deleted"),
            Rule::Field {
                field,
                among,
                values,
            } => {
                let operator = if *among { "in" } else { "notin" };
                let values = join(values.iter().cloned(), ",");
                write!(f, "{} {operator} ({values})", field.path())
            }
            Rule::Selects { labels, .. } => write!(f, "selects {}", pairs(labels)),
            Rule::Involves { wanted: w, .. } => {
                write!(f, "involves {} {}/{}", w.kind, w.namespace, w.name)
            }
            Rule::And(all) => write!(f, "({})", join(all.iter().map(Self::to_string), " & ")),
            Rule::Or(all) => write!(f, "({})", join(all.iter().map(Self::to_string), " | ")),
            Rule::Not(filter) => write!(f, "!{filter}"),
            Rule::By { name, .. } => write!(f, "by {name}"),
        }
    }
}

/// `{:#}` prints a label selector, for a server; what cannot be one stands between `<` and `>`, which
/// no server takes.
impl<V> fmt::Display for Filter<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return self.print(f);
        }
        if let Some(selector) = self.label_selector() {
            return write!(f, "{selector:#}");
        }
        f.write_str("<")?;
        self.print(f)?;
        f.write_str(">")
    }
}

fn pairs(labels: &std::collections::BTreeMap<String, String>) -> String {
    join(labels.iter().map(|(k, v)| format!("{k}={v}")), ",")
}

fn join(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}
