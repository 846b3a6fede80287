//! What apimachinery accepts as a requirement, a label key and a label value.

use std::collections::BTreeSet;

use super::{Requirement, SelectorError, Test};

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

/// `IsLabelKey`: an optional DNS subdomain and a slash, then a name.
pub(super) fn label_key(key: &str) -> Result<(), SelectorError> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let checked = match prefix {
        Some("") => Err("the prefix is empty"),
        Some(prefix) => subdomain(prefix),
        None => Ok(()),
    };
    let checked = checked.and(if name.is_empty() {
        Err("the name is empty")
    } else {
        label_value(name)
    });
    checked.map_err(|reason| SelectorError::Key {
        key: key.to_owned(),
        reason,
    })
}

/// `IsLabelValue`; a key's name is the same but not empty.
pub(super) fn label_value(value: &str) -> Result<(), &'static str> {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let ends = [value.bytes().next(), value.bytes().last()];
    if value.len() > 63 {
        Err("longer than 63 bytes")
    } else if ends.iter().flatten().all(u8::is_ascii_alphanumeric) && value.bytes().all(inner) {
        Ok(())
    } else {
        Err("not alphanumerics, '-', '_' and '.', with alphanumerics at both ends")
    }
}

/// `IsDNS1123Subdomain`.
fn subdomain(name: &str) -> Result<(), &'static str> {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let label = |label: &str| {
        let ends = [label.bytes().next(), label.bytes().last()];
        ends.into_iter().all(|end| end.is_some_and(alphanumeric))
            && label.bytes().all(|b| alphanumeric(b) || b == b'-')
    };
    if name.len() > 253 {
        Err("the prefix is longer than 253 bytes")
    } else if name.split('.').all(label) {
        Ok(())
    } else {
        Err("the prefix is not a DNS subdomain")
    }
}
