//! The second look at an edited text, by another parser than the one that the edit was made with.

use kcc_core::kubeconfig::ExecSpec;
use saphyr_parser::{Event, Parser, StrInput};
use zeroize::Zeroizing;

use super::layout::Variable;

/// What was meant for one user.
#[derive(Debug)]
pub(super) enum Change {
    Inject {
        user: String,
        /// The new command.
        cache: String,
        /// The old one, as it is written.
        plugin: String,
        variables: Vec<Variable>,
    },
    Update {
        user: String,
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
                cache,
                plugin,
                variables,
                ..
            } => {
                meant.command = cache.into();
                meant.args.insert(0, plugin.clone());
                meant.env.splice(0..0, owned(variables));
            }
            Self::Update {
                ours, variables, ..
            } => {
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
pub(super) fn fault(text: &str) -> Option<usize> {
    let mut events = Parser::new_from_str(without_mark(text));
    let error = events.find_map(Result::err)?;
    Some(error.marker().line().max(1))
}

/// Whether `after` says what `before` says but for the changes.
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
                cache,
                plugin,
                variables,
                ..
            } => {
                self.list("env")?
                    .splice(0..0, variables.iter().map(Self::variable));
                self.list("args")?.insert(0, Self::text(plugin.clone()));
                *self.get_mut("command")? = Self::text(cache.clone());
            }
            Change::Update {
                ours, variables, ..
            } => {
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
            cache: "c".to_owned(),
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
