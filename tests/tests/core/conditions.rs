//! Filters and selectors as the model knows them: judged by plain code of its own.

use std::collections::BTreeMap;

use harness::Random;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use kcache::{Filter, Key, Selector, SelectorError};

use crate::forms::{Form, Spec};

pub(crate) const NAMESPACES: [&str; 3] = ["a", "b", "c"];
pub(crate) const NAMES: [&str; 8] = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"];
pub(crate) const NODES: [&str; 3] = ["", "n1", "n2"];
/// What [`Condition::Panics`] says.
pub(crate) const PANIC: &str = "a closure's panic";
const KEYS: [&str; 3] = ["app", "tier", "size"];
const VALUES: [&str; 4] = ["web", "", "1", "2"];

/// One of the keys that there are.
pub(crate) fn any_key(random: &mut Random) -> Key {
    let (namespace, name) = (*random.pick(&NAMESPACES), *random.pick(&NAMES));
    Key::new(namespace, name)
}

/// All keys that there are.
pub(crate) fn keys() -> impl Iterator<Item = Key> {
    let named = |namespace: &'static str| NAMES.map(|name| Key::new(namespace, name));
    NAMESPACES.into_iter().flat_map(named)
}

pub(crate) fn labels(random: &mut Random) -> BTreeMap<String, String> {
    let keys = random.some(&KEYS);
    let label = |key: &&str| ((*key).to_owned(), (*random.pick(&VALUES)).to_owned());
    keys.into_iter().map(label).collect()
}

/// One requirement on a label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Term {
    key: String,
    operator: &'static str,
    values: Vec<String>,
}

/// A label selector.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Selecting {
    #[default]
    Absent,
    Invalid,
    Map(BTreeMap<String, String>),
    Terms(Vec<Term>),
    Text(Vec<Term>),
}

impl Selecting {
    pub(crate) fn any(random: &mut Random) -> Self {
        match random.below(10) {
            0 => Self::Absent,
            1 => Self::Invalid,
            2..5 => Self::Map(labels(random)),
            5..8 => Self::Terms(terms(random, 4)),
            _ => Self::Text(terms(random, 6)),
        }
    }

    /// What the project makes of it.
    pub(crate) fn build(&self) -> Result<Selector, SelectorError> {
        match self {
            Self::Absent => Ok(Selector::nothing()),
            Self::Invalid => "app in (web".parse(),
            Self::Map(map) => Ok(Selector::from_map(
                map.iter().map(|(k, v)| (k.as_str(), v.as_str())),
            )),
            Self::Terms(terms) => {
                let expressions = terms.iter().map(Term::requirement).collect();
                Selector::from_object(Some(&LabelSelector {
                    match_expressions: Some(expressions),
                    match_labels: None,
                }))
            }
            Self::Text(terms) => {
                let terms: Vec<_> = terms.iter().map(Term::text).collect();
                terms.join(" , ").parse()
            }
        }
    }

    /// What it should make of it.
    pub(crate) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        match self {
            Self::Absent | Self::Invalid => false,
            Self::Map(map) => map.iter().all(|(k, v)| labels.get(k) == Some(v)),
            Self::Terms(terms) | Self::Text(terms) => terms.iter().all(|term| term.holds(labels)),
        }
    }
}

fn terms(random: &mut Random, operators: usize) -> Vec<Term> {
    (0..random.below(3))
        .map(|_| Term::any(random, operators))
        .collect()
}

impl Term {
    fn any(random: &mut Random, operators: usize) -> Self {
        let operator =
            ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"][random.below(operators)];
        let values = match operator {
            "In" | "NotIn" => (0..=random.below(2))
                .map(|_| *random.pick(&VALUES))
                .collect(),
            "Gt" | "Lt" => vec![*random.pick(&["0", "1", "2"])],
            _ => vec![],
        };
        let values = values.into_iter().map(str::to_owned).collect();
        let key = (*random.pick(&KEYS)).to_owned();
        Self {
            key,
            operator,
            values,
        }
    }

    fn requirement(&self) -> LabelSelectorRequirement {
        LabelSelectorRequirement {
            key: self.key.clone(),
            operator: self.operator.to_owned(),
            values: Some(self.values.clone()),
        }
    }

    fn text(&self) -> String {
        let (key, values) = (&self.key, self.values.join(","));
        match (self.operator, self.values.len()) {
            ("In", 1) => format!("{key}={values}"),
            ("In", _) => format!("{key} in ({values})"),
            ("NotIn", 1) => format!("{key} != {values}"),
            ("NotIn", _) => format!("{key} notin ({values})"),
            ("Exists", _) => key.clone(),
            ("DoesNotExist", _) => format!("!{key}"),
            ("Gt", _) => format!("{key}>{values}"),
            _ => format!("{key}<{values}"),
        }
    }

    fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let among = value.is_some_and(|value| self.values.contains(value));
        let order = || {
            let (value, limit) = (value?.parse::<i64>().ok()?, self.values[0].parse().ok()?);
            Some(value.cmp(&limit))
        };
        match self.operator {
            "In" => among,
            "NotIn" => !among,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            "Gt" => order().is_some_and(std::cmp::Ordering::is_gt),
            _ => order().is_some_and(std::cmp::Ordering::is_lt),
        }
    }
}

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    Everything,
    Nothing,
    Name(String, String),
    Namespaces(Vec<String>),
    Labels(BTreeMap<String, String>),
    Selector(Selecting),
    Nodes(Vec<String>),
    /// A closure: the version is even.
    Even,
    /// A closure that says what it likes.
    Fickle,
    /// A closure that panics at a label value.
    Panics(String),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
}

impl Condition {
    /// Any that always says the same of the same object.
    pub(crate) fn any(random: &mut Random) -> Self {
        Self::of_depth(random, 2)
    }

    fn of_depth(random: &mut Random, depth: usize) -> Self {
        let owned = |texts: Vec<&&str>| texts.into_iter().map(|text| (*text).to_owned()).collect();
        let inner = |random: &mut Random| {
            (0..=random.below(2))
                .map(|_| Self::of_depth(random, depth - 1))
                .collect()
        };
        match random.below(if depth == 0 { 10 } else { 14 }) {
            0 | 1 => Self::Everything,
            2 => Self::Nothing,
            3 => {
                let namespace = random.pick(&["", "a", "b", "c"]);
                let name = random.pick(&["", "p0", "p1", "p2"]);
                Self::Name((*namespace).to_owned(), (*name).to_owned())
            }
            4 => Self::Namespaces(owned(random.some(&NAMESPACES))),
            5 => Self::Labels(labels(random)),
            6 | 7 => Self::Selector(Selecting::any(random)),
            8 => Self::Nodes(owned(random.some(&NODES))),
            9 => Self::Even,
            10 | 11 => Self::And(inner(random)),
            12 => Self::Or(inner(random)),
            _ => Self::Not(Box::new(Self::of_depth(random, depth - 1))),
        }
    }

    pub(crate) fn build<V: Form>(&self) -> Filter<V> {
        match self {
            Self::Everything => Filter::everything(),
            Self::Nothing => Filter::nothing(),
            Self::Name(namespace, name) => Filter::name(namespace, name),
            Self::Namespaces(all) => Filter::namespaces(all.iter().map(String::as_str)),
            Self::Labels(map) => Filter::labels(map.iter().map(|(k, v)| (k.as_str(), v.as_str()))),
            Self::Selector(selecting) => {
                Filter::selector(selecting.build().unwrap_or_else(|_| Selector::nothing()))
            }
            Self::Nodes(nodes) => Filter::field(V::node(), nodes.iter().map(String::as_str)),
            Self::Even => Filter::by("even", |object: &V| {
                object.version().ends_with(['0', '2', '4', '6', '8'])
            }),
            Self::Fickle => {
                let calls = std::sync::atomic::AtomicU64::new(0);
                Filter::by("fickle", move |_| {
                    let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    Random::new(call).chance(1, 2)
                })
            }
            Self::Panics(value) => {
                let value = value.clone();
                Filter::by("panics", move |object: &V| {
                    assert!(object.label("app") != Some(&value), "{PANIC}");
                    true
                })
            }
            Self::And(all) => Filter::all(all.iter().map(Self::build)),
            Self::Or(all) => Filter::any(all.iter().map(Self::build)),
            Self::Not(inner) => !inner.build(),
        }
    }

    pub(crate) fn accepts(&self, spec: &Spec) -> bool {
        match self {
            Self::Everything | Self::Panics(_) => true,
            Self::Nothing | Self::Fickle => false,
            Self::Name(namespace, name) => [(namespace, &spec.namespace), (name, &spec.name)]
                .iter()
                .all(|(wanted, has)| wanted.is_empty() || wanted == has),
            Self::Namespaces(all) => all.contains(&spec.namespace),
            Self::Labels(map) => map.iter().all(|(k, v)| spec.labels.get(k) == Some(v)),
            Self::Selector(selecting) => selecting.matches(&spec.labels),
            Self::Nodes(nodes) => nodes.contains(&spec.node),
            Self::Even => spec.version.is_multiple_of(2),
            Self::And(all) => all.iter().all(|c| c.accepts(spec)),
            Self::Or(all) => all.iter().any(|c| c.accepts(spec)),
            Self::Not(inner) => !inner.accepts(spec),
        }
    }

    /// True if a rerun of the closure may say something else.
    pub(crate) fn is_fickle(&self) -> bool {
        *self == Self::Fickle
    }
}
