//! Whether an edited text says what is meant, and nothing else: the whole of it is read again and
//! compared, value by value, with what the changes make of the values before.

use kcc_core::kubeconfig::ExecSpec;
use zeroize::Zeroizing;

use super::layout::Variable;
use super::tree::{Kind, Node, Pair, Tree};
use crate::wrapper_command::WrapperCommand;

/// What was meant for one user.
#[derive(Debug)]
pub(super) enum Change {
    Inject {
        user: String,
        /// The new command, and what stands before the plugin.
        wrapper: WrapperCommand,
        /// The old one, as it is written.
        plugin: String,
        variables: Vec<Variable>,
    },
    Update {
        user: String,
        /// Another wrapper, in place of one that had so many arguments before the plugin.
        wrapper: Option<(usize, WrapperCommand)>,
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
                wrapper,
                plugin,
                variables,
                ..
            } => {
                meant.command = wrapper.command.clone().into();
                meant.args.insert(0, plugin.clone());
                meant.args.splice(0..0, wrapper.own_args.iter().cloned());
                meant.env.splice(0..0, owned(variables));
            }
            Self::Update {
                wrapper,
                ours,
                variables,
                ..
            } => {
                if let Some((own, wrapper)) = wrapper {
                    meant.command = wrapper.command.clone().into();
                    meant.args.splice(..*own, wrapper.own_args.iter().cloned());
                }
                retain_others(&mut meant.env, ours);
                meant.env.splice(0..0, owned(variables));
            }
            Self::Eject { own, ours, .. } => {
                // The resolver makes a relative path absolute; [`is_meant`] compares its letters.
                meant.command.clone_from(&after.command);
                meant.args.drain(..=*own);
                retain_others(&mut meant.env, ours);
            }
        }
        meant == *after
    }
}

/// Whether `after` says what `before` says but for the changes.
pub(super) fn is_meant(before: &Tree<'_>, after: &str, changes: &[Change]) -> bool {
    let Ok(after) = Tree::parse(after) else {
        return false;
    };
    let (Some(before), Some(after)) = (&before.root, &after.root) else {
        return false;
    };
    let (mut meant, mut found) = (Value::of(before), Value::of(after));
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

/// What a node says. Tags, styles and comments do not count, and of an alias its anchor does.
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

    fn of(node: &Node<'_>) -> Self {
        match &node.kind {
            Kind::Scalar { text, .. } => Self::text(&**text),
            Kind::List { items, .. } => Self::List(items.iter().map(Self::of).collect()),
            Kind::Map { entries, .. } => {
                let entries = entries.iter();
                let pair = |entry: &Pair<'_>| (Self::of(&entry.key), Self::of(&entry.value));
                Self::Map(entries.map(pair).collect())
            }
            Kind::Alias(anchor) => Self::Alias(*anchor),
        }
    }

    fn get(&self, wanted: &str) -> Option<&Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let found = entries.iter().find(|(key, _)| key.is(wanted));
        found.map(|(_, value)| value)
    }

    fn get_mut(&mut self, wanted: &str) -> Option<&mut Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let found = entries.iter_mut().find(|(key, _)| key.is(wanted));
        found.map(|(_, value)| value)
    }

    fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Text(text) if text.as_str() == wanted)
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
                wrapper,
                plugin,
                variables,
                ..
            } => {
                self.list("env")?
                    .splice(0..0, variables.iter().map(Self::variable));
                self.list("args")?.insert(0, Self::text(plugin.clone()));
                self.set_wrapper(0, wrapper)?;
            }
            Change::Update {
                wrapper,
                ours,
                variables,
                ..
            } => {
                if let Some((own, wrapper)) = wrapper {
                    self.set_wrapper(*own, wrapper)?;
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

    /// Puts a wrapper in front of the arguments, in place of one that had so many of its own.
    fn set_wrapper(&mut self, own: usize, wrapper: &WrapperCommand) -> Option<()> {
        let args = self.list("args")?;
        args.get(..own)?;
        args.splice(..own, wrapper.own_args.iter().map(Self::text));
        *self.get_mut("command")? = Self::text(wrapper.command.as_str());
        Some(())
    }

    /// Order among the keys of an `exec` means nothing, nor whether a list is empty or absent.
    fn normalise(&mut self) {
        let Self::Map(entries) = self else {
            return;
        };
        let is_list = |key: &Self| key.is("args") || key.is("env");
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
            wrapper: WrapperCommand::from("c"),
            plugin: "aws".to_owned(),
            variables: vec![("U", "u".to_owned())],
        }]
    }

    #[test]
    fn only_the_meant_change_passes() {
        let after = BEFORE
            .replace("aws", "c")
            .replace("[a]", "[aws, a], env: [{name: U, value: u}]");
        let before = Tree::parse(BEFORE).unwrap();
        assert!(is_meant(&before, &after, &injected()));
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
            assert!(!is_meant(&before, &other, &injected()), "{other}");
        }
    }
}
