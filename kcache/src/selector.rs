//! Label selectors, as apimachinery has them.

mod error;
mod label;
mod requirement;
mod parse;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

pub use self::error::SelectorError;
use self::label::{label_key, label_value};
use self::requirement::{Requirement, Test};
use crate::index::Term;
use crate::object::Object;

/// A condition on labels, built by the rules of `k8s.io/apimachinery/pkg/labels`.
///
/// All requirements must hold. A selector without any matches everything;
/// [`nothing`](Self::nothing) matches nothing, and prints `<nothing>`, which is no selector string.
/// `{:#}` prints that for a selector by a label that no object can have, too, as
/// [`from_map`](Self::from_map) makes them of what an API server would refuse or misread.
///
/// # Example
///
/// ```
/// use kcache::Selector;
/// let selector: Selector = "app in (web, api), !canary".parse()?;
/// assert!(selector.matches_labels([("app", "web")]));
/// assert!(!selector.matches_labels([("app", "web"), ("canary", "yes")]));
/// assert_eq!(selector.to_string(), "app in (api,web),!canary");
/// # Ok::<(), kcache::SelectorError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selector(Requirements);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Requirements {
    Nothing,
    All(Vec<Requirement>),
}

impl Selector {
    /// The selector that matches every object.
    pub fn everything() -> Self {
        Self(Requirements::All(Vec::new()))
    }

    /// The selector that matches no object.
    pub fn nothing() -> Self {
        Self(Requirements::Nothing)
    }

    /// The selector of a `LabelSelector` object, as `LabelSelectorAsSelector` builds it: `None`
    /// matches nothing and an empty one everything.
    ///
    /// What a certain kind makes of an empty selector is another matter: see [`Selects`](crate::Selects).
    ///
    /// # Errors
    ///
    /// The first requirement that apimachinery would refuse.
    pub fn from_object(selector: Option<&LabelSelector>) -> Result<Self, SelectorError> {
        let Some(selector) = selector else {
            return Ok(Self::nothing());
        };
        let mut all = Vec::new();
        for (key, value) in selector.match_labels.iter().flatten() {
            all.push(Requirement::new(key, "=", vec![value.clone()])?);
        }
        for expression in selector.match_expressions.iter().flatten() {
            let operator = match expression.operator.as_str() {
                "In" => "in",
                "NotIn" => "notin",
                "Exists" => "exists",
                "DoesNotExist" => "!",
                unknown => return Err(SelectorError::Operator(unknown.to_owned())),
            };
            let values = expression.values.clone().unwrap_or_default();
            all.push(Requirement::new(&expression.key, operator, values)?);
        }
        Ok(Self::all(all))
    }

    /// The selector of a map of labels, not validated, as those of Services and replication
    /// controllers are. An empty map makes [`everything`](Self::everything).
    pub fn from_map<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let equals = |(key, value): (&str, &str)| Requirement {
            key: key.to_owned(),
            test: Test::In(BTreeSet::from([value.to_owned()])),
        };
        Self::all(labels.into_iter().map(equals).collect())
    }

    /// Requirements in one order, so that equal selectors compare and print equal.
    fn all(mut requirements: Vec<Requirement>) -> Self {
        requirements.sort();
        requirements.dedup();
        Self(Requirements::All(requirements))
    }

    /// The selector of what all of these match.
    pub(crate) fn all_of(selectors: Vec<Self>) -> Self {
        let mut requirements = Vec::new();
        for Self(selector) in selectors {
            match selector {
                Requirements::Nothing => return Self::nothing(),
                Requirements::All(all) => requirements.extend(all),
            }
        }
        Self::all(requirements)
    }

    /// True if every object matches.
    pub fn is_everything(&self) -> bool {
        matches!(&self.0, Requirements::All(all) if all.is_empty())
    }

    /// True if the object's labels match.
    pub fn matches<V: Object>(&self, object: &V) -> bool {
        self.matches_by(|key| object.label(key))
    }

    /// True if these labels match.
    pub fn matches_labels<'a>(&self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
        let labels: BTreeMap<_, _> = labels.into_iter().collect();
        self.matches_by(|key| labels.get(key).copied())
    }

    fn matches_by<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        match &self.0 {
            Requirements::Nothing => false,
            Requirements::All(all) => all.iter().all(|r| r.test.accepts(label(&r.key))),
        }
    }

    /// True if it needs a label that no API server stores.
    fn needs_impossible_label(&self) -> bool {
        let Requirements::All(all) = &self.0 else {
            return false;
        };
        // Only equalities come unvalidated.
        all.iter().any(|Requirement { key, test }| match test {
            Test::In(values) => {
                let mut values = values.iter();
                label_key(key).is_err() || !values.any(|value| label_value(value).is_ok())
            }
            _ => false,
        })
    }

    /// The ways to find all that this selector can match: of each, one term is on every match.
    pub(crate) fn search_terms(&self) -> Vec<Vec<Term<'_>>> {
        let Requirements::All(all) = &self.0 else {
            return vec![Vec::new()];
        };
        let mut choices: Vec<_> = all.iter().filter_map(Requirement::search_terms).collect();
        if choices.is_empty() {
            choices.push(vec![Term::Any]);
        }
        choices
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = match &self.0 {
            Requirements::All(all) if !(f.alternate() && self.needs_impossible_label()) => all,
            _ => return f.write_str("<nothing>"),
        };
        for (i, requirement) in all.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{requirement}")?;
        }
        Ok(())
    }
}
