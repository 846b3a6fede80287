use std::ops::Range;

use super::error::Refusal;
use super::text;
use super::tree::{Kind, Node, OddMapping, Pair, ScalarStyle, Tree};

/// A user's `exec` in the text: all that is edited lies in it, and nothing else repeats it.
#[derive(Debug)]
pub(super) struct ExecNode<'t, 'a> {
    pub(super) text: &'a str,
    pub(super) node: &'t Node<'a>,
    /// The list of users, whose layout new lists copy.
    pub(super) users: &'t Node<'a>,
    command: usize,
    args: Option<usize>,
    env: Option<usize>,
}

/// A refusal and its line.
pub(super) type Refused = (usize, Refusal);

impl<'t, 'a> ExecNode<'t, 'a> {
    /// Finds the `exec` of the user called `name`.
    pub(super) fn find(
        text: &'a str,
        tree: &'t Tree<'a>,
        name: &str,
    ) -> Result<Self, (Option<usize>, Refusal)> {
        let unreachable = || (None, Refusal::Unreachable);
        let root = tree.root.as_ref().ok_or_else(unreachable)?;
        let at = |(line, refusal)| (Some(line), refusal);
        let users = child(tree, root, "users").map_err(at)?;
        let users = users.ok_or_else(unreachable)?;
        let mut user = None;
        for item in users.as_list().ok_or_else(unreachable)? {
            let mut entries = item.as_map().unwrap_or_default().iter();
            let named = entries.find(|entry| entry.key.as_text() == Some("name"));
            if named.and_then(|entry| entry.value.as_text()) == Some(name) {
                own(tree, item, "the user").map_err(at)?;
                no_tabs(text, item).map_err(at)?;
                user = child(tree, item, "user").map_err(at)?;
            }
        }
        let user = user.ok_or_else(unreachable)?;
        let exec = child(tree, user, "exec").map_err(at)?;
        let exec = exec.ok_or_else(unreachable)?;
        Self::of(text, tree, users, exec).map_err(at)
    }

    fn of(
        text: &'a str,
        tree: &'t Tree<'a>,
        users: &'t Node<'a>,
        node: &'t Node<'a>,
    ) -> Result<Self, Refused> {
        for key in ["command", "args", "env"] {
            child(tree, node, key)?;
        }
        let position = |key| node.position(key).map_err(refused);
        let command = position("command")?;
        let command = command.ok_or((node.line, Refusal::NotOneLine("exec.command")))?;
        let exec = Self {
            text,
            node,
            users,
            command,
            args: position("args")?,
            env: position("env")?,
        };
        exec.one_line(&exec.command().value, "exec.command")?;
        Ok(exec)
    }

    pub(super) fn entries(&self) -> &'t [Pair<'a>] {
        self.node.as_map().unwrap_or_default()
    }

    pub(super) fn command(&self) -> &'t Pair<'a> {
        &self.entries()[self.command]
    }

    pub(super) fn args(&self) -> Option<&'t Pair<'a>> {
        self.args.map(|at| &self.entries()[at])
    }

    pub(super) fn env(&self) -> Option<&'t Pair<'a>> {
        self.env.map(|at| &self.entries()[at])
    }

    /// The source of a scalar that can be moved to another place.
    pub(super) fn one_line(&self, node: &Node<'_>, what: &'static str) -> Result<&'a str, Refused> {
        let source = &self.text[node.range.clone()];
        let is_plain = matches!(
            &node.kind,
            Kind::Scalar { style, .. } if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
        );
        if !is_plain || node.tagged || source.is_empty() || source.contains(['\n', '\r']) {
            return Err((node.line, Refusal::NotOneLine(what)));
        }
        Ok(source)
    }

    /// From behind an entry's colon to the end of its value.
    pub(super) fn behind_colon(
        &self,
        entry: &Pair<'_>,
        what: &'static str,
    ) -> Result<Range<usize>, Refused> {
        let colon = text::skip_space(self.text, entry.key.range.end);
        if !self.text[colon..].starts_with(':') {
            return Err((entry.key.line, Refusal::Layout(what)));
        }
        let start = colon + 1;
        Ok(start..entry.value.range.end.max(start))
    }
}

/// The value of a key in what is edited: a place of its own.
fn child<'t, 'a>(
    tree: &Tree<'_>,
    node: &'t Node<'a>,
    key: &'static str,
) -> Result<Option<&'t Node<'a>>, Refused> {
    own(tree, node, "what holds it")?;
    let found = node.get(key).map_err(refused)?;
    if let Some(value) = found {
        own(tree, value, key)?;
    }
    Ok(found)
}

/// Refuses a node that stands in several places.
fn own(tree: &Tree<'_>, node: &Node<'_>, what: &'static str) -> Result<(), Refused> {
    if matches!(node.kind, Kind::Alias(_)) {
        return Err((node.line, Refusal::Alias(what)));
    }
    if tree.is_shared(node) {
        return Err((node.line, Refusal::Shared(what)));
    }
    Ok(())
}

/// Refuses a plain scalar behind a colon and tabs, which not every YAML parser reads.
fn no_tabs(text: &str, node: &Node<'_>) -> Result<(), Refused> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match &node.kind {
        Kind::List { items, .. } => items.iter().try_for_each(|item| no_tabs(text, item)),
        Kind::Map { entries, .. } => entries.iter().try_for_each(|entry| {
            let colon = text::skip_space(text, entry.key.range.end);
            let behind = text[colon..].strip_prefix(":\t").unwrap_or_default();
            if behind.trim_start_matches('\t').starts_with(is_plain) {
                return Err((entry.value.line, Refusal::Tab));
            }
            no_tabs(text, &entry.value)
        }),
        Kind::Scalar { .. } | Kind::Alias(_) => Ok(()),
    }
}

fn refused(odd: OddMapping) -> Refused {
    match odd {
        OddMapping::Duplicate { line } => (line, Refusal::DuplicateKey),
        OddMapping::Merge { line } => (line, Refusal::MergeKey),
        OddMapping::NotPlain { line } => (line, Refusal::OddKey),
    }
}
