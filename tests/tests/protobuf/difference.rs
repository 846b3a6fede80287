//! Where two values differ.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, bail};
use serde_json::Value;

/// What may differ between JSON and what is read from protobuf, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// JSON has null for a list, a map or a pointer that is nil and has no `omitempty`. Protobuf has
    /// nothing.
    Nil,
    /// A field that Kubernetes had in an older version, and has no longer: the table does not know it.
    Removed,
}

/// The differences that were found: how many of each cause, and those without.
#[derive(Default)]
pub(crate) struct Differences {
    allowed: BTreeMap<Cause, usize>,
    others: BTreeMap<String, usize>,
}

impl Differences {
    /// Compares what JSON and protobuf have for an object of this kind; `removed` are ends of
    /// paths that may be there in JSON alone.
    pub(crate) fn compare(&mut self, kind: &str, json: &Value, read: &Value, removed: &[&str]) {
        self.walk(kind, Some(json), Some(read), removed);
    }

    fn walk(&mut self, path: &str, json: Option<&Value>, read: Option<&Value>, removed: &[&str]) {
        match (json, read) {
            (Some(Value::Object(one)), Some(Value::Object(other))) => {
                let added = other.keys().filter(|key| !one.contains_key(*key));
                for key in one.keys().chain(added) {
                    let path = format!("{path}.{key}");
                    self.walk(&path, one.get(key), other.get(key), removed);
                }
            }
            (Some(Value::Array(one)), Some(Value::Array(other))) if one.len() == other.len() => {
                let path = format!("{path}[]");
                for (one, other) in one.iter().zip(other) {
                    self.walk(&path, Some(one), Some(other), removed);
                }
            }
            (Some(one), Some(other)) if one == other => {}
            (Some(Value::Null), None) => *self.allowed.entry(Cause::Nil).or_default() += 1,
            (Some(_), None) if removed.iter().any(|end| path.ends_with(end)) => {
                *self.allowed.entry(Cause::Removed).or_default() += 1;
            }
            (one, other) => self.add(format!("{path}: JSON {one:?}, protobuf {other:?}")),
        }
    }

    /// Notes one without a cause.
    pub(crate) fn add(&mut self, text: String) {
        *self.others.entry(text).or_default() += 1;
    }

    /// How many of each cause there were; an error where there were others.
    pub(crate) fn told(&self) -> Result<String> {
        if self.others.is_empty() {
            return Ok(format!("{:?}", self.allowed));
        }
        let mut text = format!("{} differences, the first of them:\n", self.others.len());
        for (difference, count) in self.others.iter().take(40) {
            let _ = writeln!(text, "{count} times {difference}");
        }
        bail!(text)
    }
}
