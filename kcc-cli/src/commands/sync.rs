//! `kcc sync`: keeps kubeconfigs injected after other tools have rewritten them.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, SystemTime};

use kcc_core::kubeconfig::LoadingRules;

use super::inject::CommandOption;
use super::selection::{self, Selection};
use crate::edit::{self, Outcome, printable};
use crate::rewrite::{Plan, rewrite};
use crate::terminal;
use crate::wrapper_command::WrapperCommand;

/// Inject again what other tools have rewritten, such as aws eks update-kubeconfig
///
/// The same as kcc inject, but it tells only what it changed. With --watch it goes on until it is
/// interrupted.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    cache: CommandOption,

    /// Go on: inject whenever one of the files has changed
    #[arg(long)]
    watch: bool,
}

/// How often files are looked at. A change is left alone until it is this old: whoever writes a file
/// in place would go on with one that is no more there.
const PAUSE: Duration = Duration::from_millis(500);

/// Injects once, or whenever a file has changed.
///
/// # Errors
/// Once: as `kcc inject`. Watching: only where nothing can be told any more; what keeps a file from
/// being injected is told, and tried again.
pub(crate) fn run(args: &Args, rules: &LoadingRules) -> anyhow::Result<ExitCode> {
    let sync = Sync {
        args,
        cache: args.cache.resolve()?,
    };
    if args.watch {
        sync.watch(rules)?;
    }
    sync.once(rules)?;
    Ok(ExitCode::SUCCESS)
}

struct Sync<'a> {
    args: &'a Args,
    cache: WrapperCommand,
}

impl Sync<'_> {
    fn once(&self, rules: &LoadingRules) -> anyhow::Result<()> {
        self.inject(rules, rules)
    }

    /// Injects in `files` the users that are meant in all of the kubeconfig.
    fn inject(&self, files: &LoadingRules, rules: &LoadingRules) -> anyhow::Result<()> {
        let users = self.args.selection.users(rules)?;
        let edit = |source: edit::SourceFile<'_>| edit::inject_each(source, &users, &self.cache);
        let plans = rewrite(files, &edit, false)?;
        tell(&plans)?;
        let refused = plans.iter().flat_map(|plan| plan.edited.refused());
        let refused: Vec<String> = refused.collect();
        anyhow::ensure!(refused.is_empty(), "{}", refused.join("\n"));
        Ok(())
    }

    fn watch(&self, rules: &LoadingRules) -> io::Result<()> {
        let mut files: Vec<Watched> = rules.paths().into_iter().map(Watched::new).collect();
        loop {
            for file in &mut files {
                if !file.is_due() {
                    continue;
                }
                let alone = rules.clone().with_explicit(&file.path);
                match self.inject(&alone, rules) {
                    Ok(()) => file.is_done(),
                    Err(error) => file.complain(&error)?,
                }
            }
            thread::sleep(PAUSE);
        }
    }
}

/// A file that is watched.
struct Watched {
    path: PathBuf,
    /// At the last look.
    seen: Option<Stamp>,
    /// When it was last found or made injected.
    done: Option<Stamp>,
    complaint: String,
}

/// What changes when a file is written or replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    identity: (u64, u64),
}

impl Watched {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            seen: None,
            done: None,
            complaint: String::new(),
        }
    }

    /// Whether it has changed since it was done, but not since the last look.
    fn is_due(&mut self) -> bool {
        let now = Stamp::of(&self.path);
        let has_settled = now == self.seen;
        self.seen = now;
        has_settled && now.is_some() && now != self.done
    }

    /// What we wrote is due once more, and then found as it should be.
    fn is_done(&mut self) {
        self.done = self.seen;
        self.complaint.clear();
    }

    /// Tells what is wrong, once.
    fn complain(&mut self, error: &anyhow::Error) -> io::Result<()> {
        let complaint = format!("{error:#}");
        if self.complaint != complaint {
            writeln!(terminal::stderr(), "kcc sync: {complaint}")?;
            self.complaint = complaint;
        }
        Ok(())
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            identity: (metadata.dev(), metadata.ino()),
        })
    }
}

/// One line for each user that was changed.
fn tell(plans: &[Plan]) -> io::Result<()> {
    let mut stdout = terminal::stdout();
    for plan in plans {
        for Outcome { user, action, .. } in plan.edited.changed() {
            let line = format!("{user}: {}", selection::describe(action, false));
            writeln!(stdout, "{}: {}", plan.path.display(), printable(&line))?;
        }
    }
    stdout.flush()
}
