//! Kubeconfigs edited as text: every byte that is not meant to change stays.
//!
//! ```text
//! text ──► granit-parser: tree with byte ranges ──► splices ──► new text
//!   │                                                              │
//!   └─► kcc_core::kubeconfig: users, plugins    checks: resolver, all values, way back
//! ```
//!
//! A plugin's command moves to the front of its own arguments, and variables go to the front of
//! `exec.env` for what kubectl does not do for an argument. The ejection moves it back and removes what was added.
//! Where a list was not there before, it goes with its last element; where it was a null or an
//! empty list, a variable in `exec.env` says in which spelling.
//!
//! A result is returned only if the resolver finds in it what is meant, and no other value of the
//! file changed; of an injection also only if the ejection gives back the same bytes.

// A text, and the YAML in it.
mod text;
mod tree;
mod error;
mod exec_node;
mod scalar;
// What an edit writes.
mod plugin;
mod layout;
mod variables;
mod verify;
mod eject;
mod inject;
// What people are shown of it.
mod diff;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::Path;

use kcc_core::kubeconfig::{self, ExecSpec, Kubeconfig, Origin};
use kcc_core::variable;
use zeroize::Zeroizing;

use crate::wrapper_command::WrapperCommand;

pub use diff::Diff;
pub(crate) use diff::printable;
pub use error::{EditError, Refusal};
use exec_node::{ExecNode, Refused};
pub(crate) use plugin::ORIGINAL;
use text::Splice;
use tree::{Tree, TreeError};
use verify::Change;

/// A kubeconfig's content and the file that it is from.
#[derive(Clone, Copy)]
pub struct SourceFile<'a> {
    /// The file as it was named: it stands in messages, and its folder is what relative commands
    /// start from.
    pub path: &'a Path,
    /// Its content.
    pub bytes: &'a [u8],
}

/// Which users are edited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Users {
    /// All that have a plugin.
    #[default]
    All,
    /// Those with these names.
    Named(BTreeSet<String>),
}

impl Users {
    fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(name),
        }
    }
}

/// A kubeconfig after an edit.
pub struct Edited {
    /// The new content; none if nothing changes.
    pub text: Option<Zeroizing<String>>,
    /// What was done to each user that was named, in the file's order.
    pub users: Vec<Outcome>,
    /// What changes, line by line.
    pub diff: Diff,
}

impl Edited {
    /// What keeps users from being edited.
    pub(crate) fn refused(&self) -> impl Iterator<Item = String> {
        let actions = self.users.iter().map(|outcome| &outcome.action);
        actions.filter_map(|action| match action {
            Action::Refused { problem } => Some(problem.clone()),
            _ => None,
        })
    }

    /// The users that are not as they were.
    pub(crate) fn changed(&self) -> impl Iterator<Item = &Outcome> {
        self.users.iter().filter(|outcome| {
            matches!(
                outcome.action,
                Action::Injected { .. } | Action::Updated { .. } | Action::Ejected { .. }
            )
        })
    }
}

/// What was done to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The user.
    pub user: String,
    /// The line where its entry begins, before the edit.
    pub line: usize,
    /// What was done, or why nothing was.
    pub action: Action,
}

/// What happened at a user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// The cache stands before this plugin now.
    Injected {
        /// The plugin's command.
        plugin: String,
    },
    /// The cache stood before this plugin already.
    AlreadyInjected {
        /// The plugin's command.
        plugin: String,
    },
    /// The cache stood before this plugin already, and what is recorded for it is up to date now.
    Updated {
        /// The plugin's command.
        plugin: String,
    },
    /// The cache is away from before this plugin.
    Ejected {
        /// The plugin's command.
        plugin: String,
    },
    /// The cache was not there.
    NotInjected {
        /// The plugin's command.
        plugin: String,
    },
    /// The user has another kind of credential, or none.
    NoPlugin,
    /// The plugin speaks a version that the cache does not.
    OtherVersion {
        /// `exec.apiVersion`.
        version: String,
    },
    /// It cannot be edited safely, and is left as it is.
    Refused {
        /// Where the problem stands, what it is, and what to do.
        problem: String,
    },
}

/// Puts `cache` in front of the plugins of `users`.
///
/// `cache` is a bare name or an absolute path of `kcc-cache`; users that are injected already keep
/// theirs, but for the path of a versioned folder, which an upgrade takes away. What is recorded for
/// those is brought up to date: an `exec.env` that has grown since would else not be part of the cache
/// key.
///
/// # Errors
///
/// If the file cannot be read, or what should change in it cannot be changed safely.
pub fn inject(
    source: SourceFile<'_>,
    users: &Users,
    cache: impl Into<WrapperCommand>,
) -> Result<Edited, EditError> {
    let cache = &cache.into();
    let edit = Edit::of(source)?;
    let edited = edit.checked(edit.inject(users, cache)?)?;
    if let Some(text) = &edited.text {
        let bytes = text.as_bytes();
        let again = Edit::of(SourceFile { bytes, ..source })?;
        let changed = Users::Named(
            edited
                .changed()
                .map(|outcome| outcome.user.clone())
                .collect(),
        );
        let ejected = |edit: &Edit<'_>| {
            let ejected = edit.checked(edit.eject(&changed, &[])?)?;
            Ok::<_, EditError>(ejected.text.unwrap_or_else(|| edit.text.to_owned().into()))
        };
        if ejected(&again)? != ejected(&edit)? {
            return Err(edit.not_reversible(cache, &edited));
        }
    }
    Ok(edited)
}

/// Takes the cache away from before the plugins of `users`, whoever put it there: also
/// `kube-credential-cache` and its forks.
///
/// `names` are commands that count as the cache beside those that are called `kcc-cache`.
///
/// # Errors
///
/// If the file cannot be read, or what should change in it cannot be changed safely.
pub fn eject(source: SourceFile<'_>, users: &Users, names: &[String]) -> Result<Edited, EditError> {
    let edit = Edit::of(source)?;
    edit.checked(edit.eject(users, names)?)
}

/// The same as [`inject`] where users are named. Of all users those are injected that can be; what
/// keeps the others from it is their [`Action::Refused`].
///
/// # Errors
///
/// If the file cannot be read or edited, or a named user cannot be edited safely.
pub fn inject_each(
    source: SourceFile<'_>,
    users: &Users,
    cache: impl Into<WrapperCommand>,
) -> Result<Edited, EditError> {
    let cache = &cache.into();
    each(source, users, &|users| inject(source, users, cache))
}

/// The same for [`eject`].
///
/// # Errors
///
/// If the file cannot be read or edited, or a named user cannot be edited safely.
pub fn eject_each(
    source: SourceFile<'_>,
    users: &Users,
    names: &[String],
) -> Result<Edited, EditError> {
    each(source, users, &|users| eject(source, users, names))
}

type EditOf<'a> = &'a dyn Fn(&Users) -> Result<Edited, EditError>;

/// Leaves one user after the other out until the rest can be edited.
fn each(source: SourceFile<'_>, users: &Users, edit: EditOf<'_>) -> Result<Edited, EditError> {
    let mut result = edit(users);
    if *users != Users::All || result.is_ok() {
        return result;
    }
    let kubeconfig = Kubeconfig::parse(source.path, source.bytes)?;
    let mut rest: BTreeSet<String> = kubeconfig.users.keys().cloned().collect();
    let mut refused: Vec<Outcome> = Vec::new();
    loop {
        let error = match result {
            Ok(mut edited) => {
                edited.users.extend(refused);
                edited.users.sort_by_key(|outcome| outcome.line);
                return Ok(edited);
            }
            Err(error) => error,
        };
        let alone = |name: &String| edit(&Users::Named([name.clone()].into())).err();
        let odd: Vec<(String, EditError)> = match error {
            EditError::User { ref user, .. } if rest.contains(user) => vec![(user.clone(), error)],
            EditError::File {
                problem: Refusal::Unverified,
                ..
            } => {
                let mut odd = Vec::new();
                for name in &rest {
                    odd.extend(alone(name).map(|error| (name.clone(), error)));
                }
                if odd.is_empty() || odd.len() == rest.len() {
                    return Err(error);
                }
                odd
            }
            error => return Err(error),
        };
        for (user, error) in odd {
            rest.remove(&user);
            refused.push(Outcome {
                line: kubeconfig.users[&user].origin.line,
                action: Action::Refused {
                    problem: error.of_user(&user),
                },
                user,
            });
        }
        result = edit(&Users::Named(rest.clone()));
    }
}

/// A file on its way to another content.
struct Edit<'a> {
    source: SourceFile<'a>,
    text: &'a str,
    kubeconfig: Kubeconfig,
    /// Made when something is to be edited: a file of which nothing changes may be as odd as it
    /// likes.
    tree: OnceCell<Tree<'a>>,
}

#[derive(Default)]
struct Draft {
    outcomes: Vec<Outcome>,
    splices: Vec<Splice>,
    changes: Vec<Change>,
}

type Step = (Action, Option<(Change, Vec<Splice>)>);

impl<'a> Edit<'a> {
    fn of(source: SourceFile<'a>) -> Result<Self, EditError> {
        let kubeconfig = Kubeconfig::parse(source.path, source.bytes)?;
        let text =
            str::from_utf8(source.bytes).map_err(|_| file_refused(source, 1, Refusal::Encoding))?;
        Ok(Self {
            source,
            text,
            kubeconfig,
            tree: OnceCell::new(),
        })
    }

    fn inject(&self, users: &Users, cache: &WrapperCommand) -> Result<Draft, EditError> {
        let folder = kubeconfig::folder(self.source.path);
        self.draft(users, |user, spec| {
            if let Some(own) = spec.plugin_position(&[]) {
                return Ok(self.update(user, (spec, own), cache, &folder));
            }
            if !plugin::is_supported(&spec.api_version) {
                let version = spec.api_version.clone();
                return Ok((Action::OtherVersion { version }, None));
            }
            let step = self.at(user, |exec| {
                inject::inject(exec, user, spec, cache, &folder)
            })?;
            let plugin = spec.command.to_string_lossy().into_owned();
            Ok((Action::Injected { plugin }, Some(step)))
        })
    }

    /// What is out of date in an injection, but can only be put right by hand, is left: it works.
    fn update(
        &self,
        user: &str,
        of: (&ExecSpec, usize),
        cache: &WrapperCommand,
        folder: &Path,
    ) -> Step {
        let (spec, own) = of;
        let plugin = plugin::inner_command(spec, &[]);
        let replaces = WrapperCommand::is_versioned(&spec.command)
            && !WrapperCommand::is_versioned(cache.command.as_ref());
        let wrapper = replaces.then_some(cache);
        // Where a person wrote it, only what works is left to be said.
        let is_injected = spec.env.iter().any(|(name, _)| name == variable::USER);
        let is_ours = own == 0 || is_injected || replaces;
        let update =
            is_ours.then(|| self.at(user, |exec| inject::update(exec, user, of, wrapper, folder)));
        match update {
            Some(Ok(Some(step))) => (Action::Updated { plugin }, Some(step)),
            _ => (Action::AlreadyInjected { plugin }, None),
        }
    }

    fn eject(&self, users: &Users, names: &[String]) -> Result<Draft, EditError> {
        self.draft(users, |user, spec| {
            let plugin = plugin::inner_command(spec, names);
            let Some(own) = spec.plugin_position(names) else {
                return Ok((Action::NotInjected { plugin }, None));
            };
            let step = self.at(user, |exec| eject::eject(exec, user, own))?;
            Ok((Action::Ejected { plugin }, Some(step)))
        })
    }

    fn draft(
        &self,
        users: &Users,
        step: impl Fn(&str, &ExecSpec) -> Result<Step, EditError>,
    ) -> Result<Draft, EditError> {
        let mut draft = Draft::default();
        let entries = self.kubeconfig.users.values();
        for entry in entries.filter(|entry| users.contains(&entry.name)) {
            let (action, edit) = match &entry.value.exec {
                Some(spec) => step(&entry.name, spec)?,
                None => (Action::NoPlugin, None),
            };
            draft.outcomes.push(Outcome {
                user: entry.name.clone(),
                line: entry.origin.line,
                action,
            });
            if let Some((change, splices)) = edit {
                draft.changes.push(change);
                draft.splices.extend(splices);
            }
        }
        draft.outcomes.sort_by_key(|outcome| outcome.line);
        Ok(draft)
    }

    /// Makes an edit at a user's place.
    fn at<T>(
        &self,
        user: &str,
        edit: impl FnOnce(&ExecNode<'_, 'a>) -> Result<T, Refused>,
    ) -> Result<T, EditError> {
        let refused = |(line, problem)| EditError::User {
            origin: self.origin(line),
            user: user.to_owned(),
            problem,
        };
        let of_entry = self.kubeconfig.users[user].origin.line;
        let exec = ExecNode::find(self.text, self.tree()?, user)
            .map_err(|(line, problem)| refused((line.unwrap_or(of_entry), problem)))?;
        edit(&exec).map_err(refused)
    }

    fn tree(&self) -> Result<&Tree<'a>, EditError> {
        if let Some(tree) = self.tree.get() {
            return Ok(tree);
        }
        let tree = Tree::parse(self.text).map_err(|error| {
            let (line, problem) = match error {
                TreeError::Syntax { line } => (line, Refusal::Syntax),
                TreeError::SecondDocument { line } => (line, Refusal::SecondDocument),
            };
            file_refused(self.source, line, problem)
        })?;
        Ok(self.tree.get_or_init(|| tree))
    }

    /// The draft's result, if it says what is meant.
    fn checked(&self, draft: Draft) -> Result<Edited, EditError> {
        let Draft {
            outcomes,
            mut splices,
            changes,
        } = draft;
        if changes.is_empty() {
            return Ok(Edited {
                text: None,
                users: outcomes,
                diff: Diff::default(),
            });
        }
        let unverified = || file_refused(self.source, 1, Refusal::Unverified);
        let text = text::apply(self.text, &mut splices).map(Zeroizing::new);
        let text = text.ok_or_else(unverified)?;
        let is_meant = verify::is_meant(self.tree()?, &text, &changes);
        if !is_meant || !self.is_seen_by_resolver(&text, &changes) {
            return Err(unverified());
        }
        Ok(Edited {
            diff: Diff::of(self.text, &text, &splices),
            text: Some(text),
            users: outcomes,
        })
    }

    fn is_seen_by_resolver(&self, text: &str, changes: &[Change]) -> bool {
        let Ok(after) = Kubeconfig::parse(self.source.path, text.as_bytes()) else {
            return false;
        };
        let before = &self.kubeconfig.users;
        before.len() == after.users.len()
            && before.values().all(|user| {
                let after = after.users.get(&user.name).map(|user| &user.value.exec);
                let change = changes.iter().find(|change| change.user() == user.name);
                match (change, &user.value.exec, after) {
                    (None, before, Some(after)) => before == after,
                    (Some(change), Some(before), Some(Some(after))) => {
                        change.is_seen(before, after)
                    }
                    _ => false,
                }
            })
    }

    /// The first user whose injection could not be taken back.
    fn not_reversible(&self, cache: &WrapperCommand, edited: &Edited) -> EditError {
        let problem = Refusal::NotReversible;
        let is_only = edited.changed().count() == 1;
        for Outcome { user, line, .. } in edited.changed() {
            let alone = Users::Named([user.clone()].into());
            if is_only || inject(self.source, &alone, cache).is_err() {
                return EditError::User {
                    origin: self.origin(*line),
                    user: user.clone(),
                    problem,
                };
            }
        }
        file_refused(self.source, 1, problem)
    }

    fn origin(&self, line: usize) -> Origin {
        Origin {
            path: self.source.path.to_owned(),
            line,
        }
    }
}

fn file_refused(source: SourceFile<'_>, line: usize, problem: Refusal) -> EditError {
    let path = source.path.to_owned();
    EditError::File {
        origin: Origin { path, line },
        problem,
    }
}

#[cfg(test)]
mod tests;
