//! `kcc clear`: forgets credentials.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use jiff::Timestamp;
use kcc_core::kubeconfig::{Kubeconfig, LoadingRules};
use kcc_core::{EntryInfo, EntryState};

use super::list;
use crate::contexts;
use crate::plugin_context::{self, PluginContext, PluginOptions};
use crate::terminal::{self, BAD};

/// Forget stored credentials; the next call runs the plugin
///
/// Several conditions have to hold together. A plugin that runs just now stores its answer all the
/// same.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,

    /// Only say what would be removed
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Which {
    /// Those that these contexts use, in this environment
    #[arg(value_name = "CONTEXT", add = contexts::completer())]
    contexts: Vec<String>,

    /// Those of this kubeconfig user
    #[arg(long, value_name = "NAME", add = contexts::user_completer())]
    user: Option<String>,

    /// The same as CONTEXT
    #[arg(long = "context", value_name = "NAME", hide = true, add = contexts::completer())]
    by_option: Vec<String>,

    /// Those that have expired
    #[arg(long)]
    expired: bool,

    /// All of them
    #[arg(long, conflicts_with_all = ["user", "contexts", "by_option", "expired"])]
    all: bool,
}

impl Which {
    fn contexts(&self) -> impl Iterator<Item = &String> {
        self.contexts.iter().chain(&self.by_option)
    }
}

/// Removes what the arguments mean, and says what it was.
///
/// # Errors
/// Where the context is not there, or the cache directory or standard output cannot be used. What
/// cannot be removed is told, and the exit code is 1.
pub(crate) fn run(args: &Args, rules: &LoadingRules) -> anyhow::Result<ExitCode> {
    let needs_kubeconfig = args.which.user.is_some() || args.which.contexts().next().is_some();
    let kubeconfig = if needs_kubeconfig {
        Kubeconfig::load(rules)?
    } else {
        plugin_context::kubeconfig_or_warn(rules)
    };
    let filter = Filter::of(&args.which, &kubeconfig)?;
    let mut stdout = terminal::stdout();
    let (mut removed, mut code) = (0_usize, ExitCode::SUCCESS);
    for cache in plugin_context::caches(&kubeconfig)? {
        for entry in cache.entries()?.iter().filter(|entry| filter.has(entry)) {
            let done = if args.dry_run {
                Ok(true)
            } else {
                cache.remove(entry)
            };
            match done {
                // Another process was faster.
                Ok(false) => {}
                Ok(true) => {
                    let verb = if args.dry_run {
                        "would remove"
                    } else {
                        "removed"
                    };
                    writeln!(stdout, "{verb} {}", describe(entry))?;
                    removed += 1;
                }
                Err(error) => {
                    let path = entry.path.display();
                    let stderr = &mut terminal::stderr();
                    writeln!(stderr, "{BAD}error:{BAD:#} cannot remove {path}: {error}")?;
                    code = ExitCode::FAILURE;
                }
            }
        }
    }
    if removed == 0 && code == ExitCode::SUCCESS {
        writeln!(terminal::stderr(), "nothing to remove")?;
    }
    Ok(code)
}

/// Which entries are meant.
struct Filter<'a> {
    which: &'a Which,
    /// The files that contexts of the user are answered from.
    of_user: BTreeSet<PathBuf>,
    /// The files that the contexts are answered from.
    of_contexts: BTreeSet<PathBuf>,
}

impl<'a> Filter<'a> {
    fn of(which: &'a Which, kubeconfig: &Kubeconfig) -> anyhow::Result<Self> {
        let mut of_contexts = BTreeSet::new();
        for name in contexts::named(kubeconfig, which.contexts())? {
            let options = PluginOptions::of_inspection();
            let Some(context) = PluginContext::find(kubeconfig, name, &options)? else {
                bail!(
                    "the user of context {name:?} has no exec plugin, so nothing is stored for it"
                );
            };
            let found = context.cache.inspect(&context.request)?;
            of_contexts.extend([found.path, found.unset_path]);
        }
        let of_user = match &which.user {
            None => BTreeSet::new(),
            Some(user) => paths_of_user(kubeconfig, user),
        };
        Ok(Self {
            which,
            of_user,
            of_contexts,
        })
    }

    fn has(&self, entry: &EntryInfo) -> bool {
        let which = self.which;
        let names = |user: &String| {
            let details = entry.details.as_ref();
            details.is_some_and(|details| details.user == *user)
                || self.of_user.contains(&entry.path)
        };
        which.user.as_ref().is_none_or(names)
            && (which.contexts().next().is_none() || self.of_contexts.contains(&entry.path))
            && (!which.expired || entry.state == EntryState::Expired)
    }
}

/// The files that contexts of this user are answered from: an entry knows its user only where the
/// kubeconfig told the cache. A context that cannot be used has none.
fn paths_of_user(kubeconfig: &Kubeconfig, user: &str) -> BTreeSet<PathBuf> {
    let contexts = kubeconfig.contexts.values();
    let names = contexts
        .filter(|context| context.value.user == user)
        .map(|context| context.name.as_str());
    let options = PluginOptions::of_inspection();
    let contexts = names.filter_map(|name| {
        let context = PluginContext::find(kubeconfig, name, &options);
        context.ok().flatten()
    });
    let found = contexts.filter_map(|context| context.cache.inspect(&context.request).ok());
    found
        .flat_map(|found| [found.path, found.unset_path])
        .collect()
}

fn describe(entry: &EntryInfo) -> String {
    let path = entry.path.display();
    let state = list::state(entry, Timestamp::now());
    match &entry.details {
        None => format!("{path} ({state})"),
        Some(details) => {
            let user = match details.user.as_str() {
                "" => String::new(),
                user => format!(" of user {user:?}"),
            };
            let command = &details.command;
            format!("the credential from {command}{user} ({state}): {path}")
        }
    }
}
