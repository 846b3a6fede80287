//! How commands name contexts: by arguments, which the shell completes from the kubeconfig.

use std::collections::BTreeSet;
use std::env;
use std::ffi::{OsStr, OsString};

use clap::Args;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use kcc_core::kubeconfig::{Kubeconfig, KubeconfigError, LoadingRules, NamedKind};

/// Contexts that a command is about.
#[derive(Debug, Args)]
pub(crate) struct Contexts {
    /// The contexts; the current one by default
    #[arg(value_name = "CONTEXT", add = completer())]
    contexts: Vec<String>,
}

impl Contexts {
    /// Those that are named, else the current one.
    ///
    /// # Errors
    /// For one that is not there, and where none is chosen.
    pub(crate) fn of<'a>(
        &'a self,
        kubeconfig: &'a Kubeconfig,
    ) -> Result<Vec<&'a str>, KubeconfigError> {
        if !self.contexts.is_empty() {
            return named(kubeconfig, &self.contexts);
        }
        match &kubeconfig.current_context {
            Some(current) => named(kubeconfig, [&current.name]),
            None => Err(KubeconfigError::NoContext {
                available: kubeconfig.contexts.keys().cloned().collect(),
            }),
        }
    }
}

/// Completes the name of a context.
pub(crate) fn completer() -> ArgValueCompleter {
    ArgValueCompleter::new(|begun: &OsStr| {
        names(begun, |kubeconfig| {
            kubeconfig.contexts.keys().cloned().collect()
        })
    })
}

/// Completes the name of a user.
pub(crate) fn user_completer() -> ArgValueCompleter {
    ArgValueCompleter::new(|begun: &OsStr| {
        names(begun, |kubeconfig| {
            kubeconfig.users.keys().cloned().collect()
        })
    })
}

/// What begins so; nothing where the kubeconfig cannot be read, since a shell has no place to say so.
fn names(begun: &OsStr, all: impl Fn(&Kubeconfig) -> Vec<String>) -> Vec<CompletionCandidate> {
    let begun = begun.to_str().unwrap_or_default();
    let rules = LoadingRules::from_env();
    let rules = match named_file(env::args_os()) {
        Some(file) => rules.with_explicit(file),
        None => rules,
    };
    let names = Kubeconfig::load(&rules).map(|kubeconfig| all(&kubeconfig));
    let names = names.unwrap_or_default().into_iter();
    names
        .filter(|name| name.starts_with(begun))
        .map(CompletionCandidate::new)
        .collect()
}

/// The file of a `--kubeconfig` on the line that is completed.
fn named_file(words: impl Iterator<Item = OsString>) -> Option<OsString> {
    let mut words = words.skip_while(|word| word != "--");
    let mut file = None;
    while let Some(word) = words.next() {
        if word == "--kubeconfig" {
            file = words.next();
        } else if let Some(value) = word
            .to_str()
            .and_then(|it| it.strip_prefix("--kubeconfig="))
        {
            file = Some(value.into());
        }
    }
    file
}

/// The contexts that are meant, each once and in the order of the arguments.
///
/// # Errors
/// For the first one that is not there, in the words of the kubeconfig's own errors.
pub(crate) fn named<'a>(
    kubeconfig: &Kubeconfig,
    names: impl IntoIterator<Item = &'a String>,
) -> Result<Vec<&'a str>, KubeconfigError> {
    let mut seen = BTreeSet::new();
    let names = names.into_iter().filter(|name| seen.insert(name.as_str()));
    let known = names.map(|name| {
        let is_known = kubeconfig.contexts.contains_key(name);
        let unknown = || unknown(NamedKind::Context, name, kubeconfig.contexts.keys());
        is_known.then_some(name.as_str()).ok_or_else(unknown)
    });
    known.collect()
}

/// There is no such entry.
pub(crate) fn unknown<'a>(
    kind: NamedKind,
    name: &str,
    available: impl Iterator<Item = &'a String>,
) -> KubeconfigError {
    KubeconfigError::UnknownName {
        kind,
        name: name.to_owned(),
        origin: None,
        available: available.cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_may_name_the_kubeconfig() {
        for (line, file) in [
            ("kcc -- kcc warm", None),
            ("kcc -- kcc --kubeconfig a warm", Some("a")),
            ("kcc -- kcc warm --kubeconfig=b x", Some("b")),
            ("kcc --kubeconfig=z -- kcc warm", None),
            ("kcc -- kcc warm --kubeconfig", None),
        ] {
            let words = line.split(' ').map(OsString::from);
            assert_eq!(named_file(words), file.map(OsString::from), "{line}");
        }
    }
}
