//! The second look at an edited text, by another parser than the one that the edit was made with.

use std::ops::Range;

use kcc_core::kubeconfig::ExecSpec;
use saphyr_parser::{Event, Parser, StrInput};
use zeroize::Zeroizing;

use super::layout::Variable;
use super::plugin::Front;
use super::tree::{Kind, Node, Tree};

/// What was meant for one user.
#[derive(Debug)]
pub(super) enum Change {
    Inject {
        user: String,
        /// The new command, and what stands before the plugin.
        front: Front,
        /// The old one, as it is written.
        plugin: String,
        variables: Vec<Variable>,
    },
    Update {
        user: String,
        /// Another cache, in place of one that had so many arguments before the plugin.
        front: Option<(usize, Front)>,
        /// Which elements of `env` go.
        ours: Vec<usize>,
        variables: Vec<Variable>,
    },
    Eject {
        user: String,
        /// How many arguments stood before the plugin.
        own: usize,
        /// Which elements of `env` go.
        ours: Vec<usize>,
    },
}

impl Change {
    pub(super) fn user(&self) -> &str {
        match self {
            Self::Inject { user, .. } | Self::Update { user, .. } | Self::Eject { user, .. } => {
                user
            }
        }
    }

    /// Whether the resolver sees in `after` what is meant to have become of `before`.
    pub(super) fn is_seen(&self, before: &ExecSpec, after: &ExecSpec) -> bool {
        let mut meant = before.clone();
        match self {
            Self::Inject {
                front,
                plugin,
                variables,
                ..
            } => {
                meant.command = front.command.clone().into();
                meant.args.insert(0, plugin.clone());
                meant.args.splice(0..0, front.own.iter().cloned());
                meant.env.splice(0..0, owned(variables));
            }
            Self::Update {
                front,
                ours,
                variables,
                ..
            } => {
                if let Some((own, front)) = front {
                    meant.command = front.command.clone().into();
                    meant.args.splice(..*own, front.own.iter().cloned());
                }
                retain_others(&mut meant.env, ours);
                meant.env.splice(0..0, owned(variables));
            }
            Self::Eject { own, ours, .. } => {
                // A relative path is not relative here; the other parser looks at its letters.
                meant.command.clone_from(&after.command);
                meant.args.drain(..=*own);
                retain_others(&mut meant.env, ours);
            }
        }
        meant == *after
    }
}

/// The line of `text`, from 1, where the other parser gives up.
fn fault(text: &str) -> Option<usize> {
    let mut events = Parser::new_from_str(without_mark(text));
    let error = events.find_map(Result::err)?;
    Some(error.marker().line().max(1))
}

/// A text for the other parser: what means nothing in it is written as each parser reads it, and,
/// where it does not help, what the changes are not about is left out.
///
/// # Errors
/// The line where the other parser gives up all the same.
pub(super) fn readable(text: &str, changes: &[Change]) -> Result<Zeroizing<String>, usize> {
    let Ok(tree) = Tree::parse(text) else {
        return Err(fault(text).unwrap_or(1));
    };
    let mut breaks = Vec::new();
    if let Some(root) = &tree.root {
        flow_lines(text, root, &mut breaks);
    }
    let whole = Zeroizing::new(replaced(text, &breaks));
    let Some(line) = fault(&whole) else {
        return Ok(whole);
    };
    let mut others = Vec::new();
    if let Some(root) = &tree.root {
        left_alone(root, changes, &mut others);
    }
    let is_left = |at: usize| others.iter().any(|(range, _)| range.contains(&at));
    breaks.retain(|(range, _)| !is_left(range.start));
    breaks.extend(others);
    breaks.sort_unstable_by_key(|(range, _)| range.start);
    let reduced = Zeroizing::new(replaced(text, &breaks));
    match fault(&reduced) {
        None => Ok(reduced),
        Some(_) => Err(line),
    }
}

type Replacement = (Range<usize>, String);

/// The beginnings of lines between brackets, where how far they stand in means nothing to kubectl,
/// and something to other parsers. Such a line continues a list or a text, in which its white space
/// is none.
fn flow_lines(text: &str, node: &Node<'_>, breaks: &mut Vec<Replacement>) {
    if node.is_flow() {
        let start = super::text::line_start(text, node.range.start);
        let deeper = " ".repeat(node.range.start - start + 1);
        let source = &text[node.range.clone()];
        for (at, _) in source.match_indices(['\n', '\r']) {
            let next = node.range.start + at + 1;
            if !text[next - 1..].starts_with("\r\n") {
                breaks.push((next..next, deeper.clone()));
            }
        }
        return;
    }
    match &node.kind {
        Kind::List { items, .. } => items.iter().for_each(|item| flow_lines(text, item, breaks)),
        Kind::Map { entries, .. } => {
            for entry in entries {
                flow_lines(text, &entry.key, breaks);
                flow_lines(text, &entry.value, breaks);
            }
        }
        Kind::Scalar { .. } | Kind::Alias => {}
    }
}

/// All but the users that the changes are about: an edit leaves it as it is, to the byte.
fn left_alone(root: &Node<'_>, changes: &[Change], others: &mut Vec<Replacement>) {
    let mut leave = |node: &Node<'_>| {
        if !node.range.is_empty() && !matches!(node.kind, Kind::Alias) {
            others.push((node.range.clone(), "{}".to_owned()));
        }
    };
    for entry in root.as_map().unwrap_or_default() {
        let users = entry.value.as_list();
        let Some(users) = users.filter(|_| entry.key.as_text() == Some("users")) else {
            leave(&entry.value);
            continue;
        };
        for user in users {
            let name = user.get("name").ok().flatten().and_then(Node::as_text);
            if !changes.iter().any(|change| Some(change.user()) == name) {
                leave(user);
            }
        }
    }
}

fn replaced(text: &str, replacements: &[Replacement]) -> String {
    let added: usize = replacements.iter().map(|(_, new)| new.len()).sum();
    let mut result = String::with_capacity(text.len() + added);
    let mut done = 0;
    for (range, new) in replacements {
        result.push_str(&text[done..range.start]);
        result.push_str(new);
        done = range.end;
    }
    result.push_str(&text[done..]);
    result
}

/// Whether `after` says what `before` says but for the changes; both are [`readable`].
pub(super) fn is_meant(before: &str, after: &str, changes: &[Change]) -> bool {
    let (Some(mut meant), Some(mut found)) = (Value::read(before), Value::read(after)) else {
        return false;
    };
    for change in changes {
        let (Some(to), Some(seen)) = (meant.exec_of(change.user()), found.exec_of(change.user()))
        else {
            return false;
        };
        if to.make(change).is_none() {
            return false;
        }
        to.normalise();
        seen.normalise();
    }
    meant == found
}

/// What a text says to the other parser.
#[derive(PartialEq, Eq)]
enum Value {
    Text(Zeroizing<String>),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Alias(usize),
}

impl Value {
    fn text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }

    fn read(text: &str) -> Option<Self> {
        let mut parser = Parser::new_from_str(without_mark(text));
        let mut root = None;
        loop {
            match parser.next()?.ok()?.0 {
                Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
                Event::DocumentStart(_) if root.is_none() => {
                    let first = parser.next()?.ok()?.0;
                    root = Some(Self::node(&mut parser, first)?);
                }
                Event::StreamEnd => return root,
                _ => return None,
            }
        }
    }

    fn node(parser: &mut Parser<'_, StrInput<'_>>, event: Event<'_>) -> Option<Self> {
        Some(match event {
            Event::Alias(id) => Self::Alias(id),
            Event::Scalar(text, ..) => Self::text(text),
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    match parser.next()?.ok()?.0 {
                        Event::SequenceEnd => break Self::List(items),
                        event => items.push(Self::node(parser, event)?),
                    }
                }
            }
            Event::MappingStart(..) => {
                let mut entries = Vec::new();
                loop {
                    match parser.next()?.ok()?.0 {
                        Event::MappingEnd => break Self::Map(entries),
                        event => {
                            let key = Self::node(parser, event)?;
                            let event = parser.next()?.ok()?.0;
                            entries.push((key, Self::node(parser, event)?));
                        }
                    }
                }
            }
            _ => return None,
        })
    }

    fn get(&self, wanted: &str) -> Option<&Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let is_wanted = |key: &Self| matches!(key, Self::Text(text) if text.as_str() == wanted);
        let mut found = entries.iter().filter(|(key, _)| is_wanted(key));
        found.next().map(|(_, value)| value)
    }

    fn get_mut(&mut self, wanted: &str) -> Option<&mut Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let is_wanted = |key: &Self| matches!(key, Self::Text(text) if text.as_str() == wanted);
        let mut found = entries.iter_mut().filter(|(key, _)| is_wanted(key));
        found.next().map(|(_, value)| value)
    }

    fn exec_of(&mut self, user: &str) -> Option<&mut Self> {
        let Self::List(users) = self.get_mut("users")? else {
            return None;
        };
        let name = Self::text(user);
        let mut named = users
            .iter_mut()
            .filter(|item| item.get("name") == Some(&name));
        named.next()?.get_mut("user")?.get_mut("exec")
    }

    /// The elements of a list that is made where it is absent.
    fn list(&mut self, key: &str) -> Option<&mut Vec<Self>> {
        let is_empty = self.get(key).is_none_or(Self::is_empty_list);
        if is_empty {
            let Self::Map(entries) = self else {
                return None;
            };
            let key = Self::text(key);
            entries.retain(|(other, _)| *other != key);
            entries.push((key, Self::List(Vec::new())));
        }
        match self.get_mut(key)? {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    fn is_empty_list(&self) -> bool {
        match self {
            Self::List(items) => items.is_empty(),
            Self::Text(text) => matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"),
            _ => false,
        }
    }

    fn variable((name, value): &Variable) -> Self {
        Self::Map(vec![
            (Self::text("name"), Self::text(*name)),
            (Self::text("value"), Self::text(value.clone())),
        ])
    }

    /// Makes a change in an `exec`.
    fn make(&mut self, change: &Change) -> Option<()> {
        match change {
            Change::Inject {
                front,
                plugin,
                variables,
                ..
            } => {
                self.list("env")?
                    .splice(0..0, variables.iter().map(Self::variable));
                self.list("args")?.insert(0, Self::text(plugin.clone()));
                self.set_front(0, front)?;
            }
            Change::Update {
                front,
                ours,
                variables,
                ..
            } => {
                if let Some((own, front)) = front {
                    self.set_front(*own, front)?;
                }
                let env = self.list("env")?;
                retain_others(env, ours);
                env.splice(0..0, variables.iter().map(Self::variable));
            }
            Change::Eject { own, ours, .. } => {
                let mut before = self.list("args")?.drain(..=*own);
                let plugin = before.next_back()?;
                drop(before);
                *self.get_mut("command")? = plugin;
                retain_others(self.list("env")?, ours);
            }
        }
        Some(())
    }

    /// Puts a cache in front of the arguments, in place of one that had so many of its own.
    fn set_front(&mut self, own: usize, front: &Front) -> Option<()> {
        let args = self.list("args")?;
        args.get(..own)?;
        args.splice(..own, front.own.iter().map(Self::text));
        *self.get_mut("command")? = Self::text(front.command.as_str());
        Some(())
    }

    /// Order among the keys of an `exec` means nothing, nor whether a list is empty or absent.
    fn normalise(&mut self) {
        let Self::Map(entries) = self else {
            return;
        };
        let is_list = |key: &Self| matches!(key, Self::Text(text) if ["args", "env"].contains(&text.as_str()));
        entries.retain(|(key, value)| !(is_list(key) && value.is_empty_list()));
        entries.sort_by_cached_key(|(key, _)| match key {
            Self::Text(text) => text.to_string(),
            _ => String::new(),
        });
    }
}

fn owned(variables: &[Variable]) -> impl Iterator<Item = (String, String)> {
    let variables = variables.iter();
    variables.map(|(name, value)| ((*name).to_owned(), value.clone()))
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Takes out the elements at `gone`, which ascend.
fn retain_others<T>(list: &mut Vec<T>, gone: &[usize]) {
    let mut at = 0;
    list.retain(|_| {
        at += 1;
        gone.binary_search(&(at - 1)).is_err()
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str =
        "users: [{name: u, user: {exec: {command: aws, args: [a]}}}]\nx: &y 1\nz: *y";

    fn injected() -> [Change; 1] {
        [Change::Inject {
            user: "u".to_owned(),
            front: Front::from("c"),
            plugin: "aws".to_owned(),
            variables: vec![("U", "u".to_owned())],
        }]
    }

    #[test]
    fn only_the_meant_change_passes() {
        let after = BEFORE
            .replace("aws", "c")
            .replace("[a]", "[aws, a], env: [{name: U, value: u}]");
        assert!(is_meant(BEFORE, &after, &injected()));
        for (from, to) in [
            ("command: c", "command: d"),
            ("[aws, a]", "[a, aws]"),
            ("value: u", "value: v"),
            ("x: &y 1", "x: &y 2"),
            ("z: *y", "z: 1"),
            ("name: u,", "name: v,"),
            ("z: *y", "z: *y\nw: 1"),
            ("z: *y", "z: *y\n---\n"),
            ("z: *y", "z: ["),
        ] {
            let other = after.replacen(from, to, 1);
            assert_ne!(other, after);
            assert!(!is_meant(BEFORE, &other, &injected()), "{other}");
        }
    }
}
