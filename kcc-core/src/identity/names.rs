use std::ffi::OsStr;

use super::words;

/// Which variables decide whose credential is meant, by their names.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyNames {
    /// Instead of the built-in rule, where the user wants others.
    rule: Option<Vec<NamePattern>>,
    added: Vec<NamePattern>,
    /// Goes before the rule and before prefixes. What is added by its whole name stays: `kcc inject`
    /// adds so what a kubeconfig user declares.
    left_out: Vec<NamePattern>,
}

/// A variable's name, or a prefix of names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum NamePattern {
    Exact(String),
    Prefix(String),
}

impl KeyNames {
    /// The same with other names in place of the built-in rule; `None` where one is no name. A list
    /// that only leaves names out does not replace the rule: it would let every identity share.
    pub(crate) fn with_rule(mut self, list: &str) -> Option<Self> {
        let rule = self.read(list)?;
        self.rule = (!rule.is_empty()).then_some(rule);
        Some(self)
    }

    /// The same with other names beside the rule; `None` where one is no name.
    pub(crate) fn with_names(mut self, list: &str) -> Option<Self> {
        let names = self.read(list)?;
        self.added.extend(names);
        Some(self)
    }

    /// Whether a variable is added by its whole name.
    pub(crate) fn list(&self, name: &OsStr) -> bool {
        let name = name.as_encoded_bytes();
        self.added.iter().any(|pattern| pattern.is_exactly(name))
    }

    /// Whether a variable of this name is part of the key.
    pub(crate) fn decide(&self, name: &OsStr) -> bool {
        if self.list(name) {
            return true;
        }
        let name = name.as_encoded_bytes();
        let one_of = |names: &[NamePattern]| names.iter().any(|pattern| pattern.matches(name));
        if one_of(&self.left_out) {
            return false;
        }
        let rule = self.rule.as_deref();
        one_of(&self.added) || rule.map_or_else(|| words::may_decide(name), one_of)
    }

    /// The names of a list; those behind a `!` are left out from now on.
    fn read(&mut self, list: &str) -> Option<Vec<NamePattern>> {
        let mut names = vec![];
        let parts = list.split(',').map(str::trim);
        for part in parts.filter(|part| !part.is_empty()) {
            match part.strip_prefix('!') {
                Some(name) => self.left_out.push(NamePattern::parse(name)?),
                None => names.push(NamePattern::parse(part)?),
            }
        }
        Some(names)
    }
}

impl NamePattern {
    fn parse(text: &str) -> Option<Self> {
        let (stem, is_prefix) = match text.strip_suffix('*') {
            Some(stem) => (stem, true),
            None => (text, false),
        };
        if stem.is_empty() || stem.contains(['*', '=', '!', ' ', '\t', '\0']) {
            return None;
        }
        let stem = stem.to_owned();
        Some(if is_prefix {
            Self::Prefix(stem)
        } else {
            Self::Exact(stem)
        })
    }

    fn is_exactly(&self, name: &[u8]) -> bool {
        matches!(self, Self::Exact(_)) && self.matches(name)
    }

    fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Exact(exact) => name == exact.as_bytes(),
            Self::Prefix(prefix) => name.starts_with(prefix.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests;
