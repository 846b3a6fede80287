//! One condition of a selector, as apimachinery accepts and reads it.

use std::collections::BTreeSet;
use std::fmt;

use super::error::SelectorError;
use super::label::{label_key, label_value};
use crate::index::Term;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Requirement {
    pub(super) key: String,
    pub(super) test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Test {
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Exists,
    DoesNotExist,
    GreaterThan(i64),
    LessThan(i64),
}

impl Requirement {
    /// `NewRequirement` of apimachinery. Operators are named as in selector strings, `exists` and
    /// `!` aside, which have no infix form.
    pub(super) fn new(
        key: &str,
        operator: &str,
        values: Vec<String>,
    ) -> Result<Self, SelectorError> {
        label_key(key)?;
        let fits = match operator {
            "in" | "notin" => !values.is_empty(),
            "exists" | "!" => values.is_empty(),
            _ => values.len() == 1,
        };
        if !fits {
            return Err(SelectorError::Count {
                key: key.to_owned(),
                operator: operator.to_owned(),
                count: values.len(),
            });
        }
        for value in &values {
            label_value(value).map_err(|reason| bad_value(key, value, reason))?;
        }
        let test = test(key, operator, values)?;
        let key = key.to_owned();
        Ok(Self { key, test })
    }
}

impl Requirement {
    /// The terms of which every match has one; none for a requirement that a missing label meets.
    pub(super) fn search_terms(&self) -> Option<Vec<Term<'_>>> {
        match &self.test {
            Test::In(values) => {
                let term = |value| Term::Label(&self.key, value);
                Some(values.iter().map(|value| term(value.as_str())).collect())
            }
            Test::Exists | Test::GreaterThan(_) | Test::LessThan(_) => {
                Some(vec![Term::LabelKey(&self.key)])
            }
            Test::NotIn(_) | Test::DoesNotExist => None,
        }
    }
}

impl Test {
    pub(super) fn accepts(&self, value: Option<&str>) -> bool {
        // A label is a number by the rules of Go's `strconv.ParseInt(s, 10, 64)`.
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::In(values) => value.is_some_and(|value| values.contains(value)),
            Self::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Self::Exists => value.is_some(),
            Self::DoesNotExist => value.is_none(),
            Self::GreaterThan(limit) => number().is_some_and(|number| number > *limit),
            Self::LessThan(limit) => number().is_some_and(|number| number < *limit),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(",");
        match &self.test {
            Test::In(values) if values.len() == 1 => write!(f, "{key}={}", list(values)),
            Test::In(values) => write!(f, "{key} in ({})", list(values)),
            Test::NotIn(values) if values.len() == 1 => write!(f, "{key}!={}", list(values)),
            Test::NotIn(values) => write!(f, "{key} notin ({})", list(values)),
            Test::Exists => write!(f, "{key}"),
            Test::DoesNotExist => write!(f, "!{key}"),
            Test::GreaterThan(limit) => write!(f, "{key}>{limit}"),
            Test::LessThan(limit) => write!(f, "{key}<{limit}"),
        }
    }
}

fn test(key: &str, operator: &str, values: Vec<String>) -> Result<Test, SelectorError> {
    let number = |values: &[String]| {
        let value = values.concat();
        let number = value.parse::<i64>();
        number.map_err(|_| bad_value(key, &value, "not an integer"))
    };
    Ok(match operator {
        "in" | "=" | "==" => Test::In(values.into_iter().collect::<BTreeSet<_>>()),
        "notin" | "!=" => Test::NotIn(values.into_iter().collect()),
        "exists" => Test::Exists,
        "!" => Test::DoesNotExist,
        ">" => Test::GreaterThan(number(&values)?),
        "<" => Test::LessThan(number(&values)?),
        other => return Err(SelectorError::Operator(other.to_owned())),
    })
}

fn bad_value(key: &str, value: &str, reason: &'static str) -> SelectorError {
    SelectorError::Value {
        key: key.to_owned(),
        value: value.to_owned(),
        reason,
    }
}
