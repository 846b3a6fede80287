//! Label and field selectors of lists and watches.

use super::object::Stored;
use super::resource::Resource;
use super::shard::ShardSelector;
use super::status::Status;

/// Which objects a request is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Selector {
    labels: Vec<LabelTerm>,
    fields: Vec<FieldTerm>,
    shard: Option<ShardSelector>,
}

#[derive(Debug, Clone, PartialEq)]
enum LabelTerm {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
    Greater(String, i64),
    Less(String, i64),
}

#[derive(Debug, Clone)]
struct FieldTerm {
    path: String,
    value: String,
    equal: bool,
}

impl Selector {
    pub(super) fn parse(resource: &Resource, labels: &str, fields: &str) -> Result<Self, Status> {
        let labels = label_terms(labels).ok_or_else(|| {
            Status::bad_request(format!(
                "unable to parse requirement: invalid label selector {labels:?}"
            ))
        })?;
        let fields = field_terms(fields).ok_or_else(|| {
            Status::bad_request(format!(
                "invalid selector: '{fields}'; can't understand '{fields}'"
            ))
        })?;
        let unknown = fields.iter().find(|term| {
            !["metadata.name", "metadata.namespace"].contains(&term.path.as_str())
                && !resource.selectable_fields().contains(&term.path.as_str())
        });
        match unknown {
            Some(term) => Err(Status::bad_request(unknown_field(resource, &term.path))),
            None => Ok(Self {
                labels,
                fields,
                shard: None,
            }),
        }
    }

    pub(super) fn in_shard(mut self, shard: Option<ShardSelector>) -> Self {
        self.shard = shard;
        self
    }

    /// The shard, as it was requested.
    pub(super) fn shard(&self) -> Option<&str> {
        self.shard.as_ref().map(ShardSelector::text)
    }

    /// Adds `metadata.name`.
    pub(super) fn and_name(mut self, name: &str) -> Self {
        self.fields.push(FieldTerm {
            path: "metadata.name".to_owned(),
            value: name.to_owned(),
            equal: true,
        });
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty() && self.shard.is_none()
    }

    pub(super) fn matches(&self, object: &Stored) -> bool {
        self.labels.iter().all(|term| term.matches(object))
            && self.fields.iter().all(|term| term.matches(object))
            && self.shard.as_ref().is_none_or(|it| it.matches(object))
    }
}

fn unknown_field(resource: &Resource, path: &str) -> String {
    if resource.selectable_fields().is_empty() && !resource.is_custom {
        format!(
            "\"{path}\" is not a known field selector: only \"metadata.name\", \
             \"metadata.namespace\""
        )
    } else {
        format!("field label not supported: {path}")
    }
}

impl LabelTerm {
    fn matches(&self, object: &Stored) -> bool {
        let value = |key: &str| object.labels.get(key);
        let number = |key: &str| value(key).and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::In(key, values) => value(key).is_some_and(|value| values.contains(value)),
            Self::NotIn(key, values) => value(key).is_none_or(|value| !values.contains(value)),
            Self::Exists(key) => value(key).is_some(),
            Self::Missing(key) => value(key).is_none(),
            Self::Greater(key, than) => number(key).is_some_and(|number| number > *than),
            Self::Less(key, than) => number(key).is_some_and(|number| number < *than),
        }
    }
}

impl FieldTerm {
    fn matches(&self, object: &Stored) -> bool {
        let value = match self.path.as_str() {
            "metadata.name" => &object.name,
            "metadata.namespace" => &object.namespace,
            path => object.fields.get(path).map_or("", |value| value),
        };
        (value == self.value) == self.equal
    }
}

fn label_terms(text: &str) -> Option<Vec<LabelTerm>> {
    split_outside_parentheses(text)
        .into_iter()
        .map(str::trim)
        .filter(|term| !term.is_empty())
        .map(label_term)
        .collect()
}

/// Commas inside `in (a,b)` separate values.
fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut terms) = (0_usize, 0, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                terms.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

fn label_term(term: &str) -> Option<LabelTerm> {
    if let Some((key, values)) = set_term(term, " notin") {
        return Some(LabelTerm::NotIn(key, values));
    }
    if let Some((key, values)) = set_term(term, " in") {
        return Some(LabelTerm::In(key, values));
    }
    let pair = |at: &str| {
        let (key, value) = term.split_once(at)?;
        Some((label_key(key)?, value.trim().to_owned()))
    };
    if term.contains("!=") {
        return pair("!=").map(|(key, value)| LabelTerm::NotIn(key, vec![value]));
    }
    if term.contains('=') {
        let at = if term.contains("==") { "==" } else { "=" };
        return pair(at).map(|(key, value)| LabelTerm::In(key, vec![value]));
    }
    if term.contains('>') {
        return pair(">")
            .and_then(|(key, value)| Some(LabelTerm::Greater(key, value.parse().ok()?)));
    }
    if term.contains('<') {
        return pair("<").and_then(|(key, value)| Some(LabelTerm::Less(key, value.parse().ok()?)));
    }
    match term.strip_prefix('!') {
        Some(key) => label_key(key).map(LabelTerm::Missing),
        None => label_key(term).map(LabelTerm::Exists),
    }
}

fn set_term(term: &str, operator: &str) -> Option<(String, Vec<String>)> {
    let values = term.trim().strip_suffix(')')?;
    let (head, values) = values.split_once('(')?;
    let key = head.trim_end().strip_suffix(operator)?;
    let values = values.split(',').map(|value| value.trim().to_owned());
    Some((label_key(key)?, values.collect()))
}

fn label_key(key: &str) -> Option<String> {
    let key = key.trim();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    (!key.is_empty() && key.chars().all(allowed)).then(|| key.to_owned())
}

fn field_terms(text: &str) -> Option<Vec<FieldTerm>> {
    text.split(',')
        .filter(|term| !term.is_empty())
        .map(|term| {
            let (path, value, equal) = if let Some((path, value)) = term.split_once("!=") {
                (path, value, false)
            } else if let Some((path, value)) = term.split_once("==") {
                (path, value, true)
            } else {
                let (path, value) = term.split_once('=')?;
                (path, value, true)
            };
            Some(FieldTerm {
                path: path.to_owned(),
                value: value.to_owned(),
                equal,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{LabelTerm, label_terms};

    #[test]
    fn every_shape_of_label_term_is_read() {
        let text = "a=1,b==2, c != 3,d in (4, 5),e notin (6),f,!g,h>7";
        let terms = label_terms(text).expect("terms");
        let one = |key: &str, value: &str| (key.to_owned(), vec![value.to_owned()]);
        let (a, b, c, e) = (one("a", "1"), one("b", "2"), one("c", "3"), one("e", "6"));
        let expected = [
            LabelTerm::In(a.0, a.1),
            LabelTerm::In(b.0, b.1),
            LabelTerm::NotIn(c.0, c.1),
            LabelTerm::In("d".into(), vec!["4".into(), "5".into()]),
            LabelTerm::NotIn(e.0, e.1),
            LabelTerm::Exists("f".into()),
            LabelTerm::Missing("g".into()),
            LabelTerm::Greater("h".into(), 7),
        ];
        assert_eq!(terms, expected);
        assert_eq!(label_terms("a in (b"), None);
        assert_eq!(label_terms("a b=c"), None);
    }
}
