//! Kubeconfig files rewritten: all of them are planned before the first is touched, all change or
//! none, each is replaced as a whole, and kubectl's own locks are kept.
//!
//! ```text
//! names ──► plan: read, edit, check ──► files beside ──► locks ──► same bytes still? ──► exchange
//!              ▲                                                      │ no         what was put aside
//!              └──────────────────── undo what was done ◄─────────────┴── no ── is what was read?
//! ```
//!
//! What cannot be replaced, such as a mount point, is written in place, under cover of a copy.

mod interrupt;
mod change;
mod lock;
mod in_place;
mod replace;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use kcc_core::kubeconfig::LoadingRules;
use zeroize::Zeroizing;

use crate::edit::{EditError, Edited, SourceFile};
use change::FileChange;
use interrupt::Deferred;
use lock::Lock;
use replace::Replacement;

/// What is made of a file's content.
pub(crate) type Edit<'a> = &'a dyn Fn(SourceFile<'_>) -> Result<Edited, EditError>;

/// How often files are read again that somebody else writes meanwhile.
const ATTEMPTS: usize = 5;

/// How long another program gets to finish what it writes.
const PAUSE: Duration = Duration::from_millis(50);

/// A file and what becomes of it.
pub(crate) struct Plan {
    /// As it was named.
    pub(crate) path: PathBuf,
    pub(crate) edited: Edited,
    /// The file itself, where `path` is a symbolic link.
    target: PathBuf,
    before: Zeroizing<Vec<u8>>,
}

/// Edits the files that `rules` name; those that do not exist are skipped, unless one was named
/// alone. With `dry_run` nothing is written.
///
/// # Errors
///
/// If one of the files cannot be read, edited or written. All are looked at before one is written.
pub(crate) fn rewrite(
    rules: &LoadingRules,
    edit: Edit<'_>,
    dry_run: bool,
) -> anyhow::Result<Vec<Plan>> {
    if !dry_run {
        recover(rules)?;
    }
    let mut was_odd = false;
    for _ in 0..ATTEMPTS {
        match plan(rules, edit) {
            Ok(plans) if dry_run || write(&plans)? => return Ok(plans),
            Ok(_) => {}
            // kubectl writes in place: the file may have been half there.
            Err(_) if !was_odd => was_odd = true,
            Err(error) => return Err(error),
        }
        thread::sleep(PAUSE);
    }
    bail!("the kubeconfig files keep changing: try again when nothing else writes them")
}

fn plan(rules: &LoadingRules, edit: Edit<'_>) -> anyhow::Result<Vec<Plan>> {
    let paths = rules.paths();
    let mut plans: Vec<Plan> = Vec::new();
    let mut problems = Vec::new();
    for path in &paths {
        let is_optional = rules.explicit.as_ref() != Some(path);
        match Plan::read(path, edit) {
            Ok(Some(plan)) if plans.iter().all(|other| other.target != plan.target) => {
                plans.push(plan);
            }
            Ok(Some(_)) => {}
            Ok(None) if is_optional => {}
            Ok(None) => problems.push(format!("kubeconfig {} does not exist", path.display())),
            Err(error) => problems.push(format!("{error:#}")),
        }
    }
    if !problems.is_empty() {
        // No user is edited then, so that one that could not be is told as well.
        problems.extend(plans.iter().flat_map(|plan| plan.edited.refused()));
        bail!("{}", problems.join("\n"));
    }
    if plans.is_empty() {
        let names: Vec<_> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        bail!("there is no kubeconfig: looked for {}", names.join(", "));
    }
    Ok(plans)
}

/// Writes all files that change, or none and gives false: one of them is no more what it was.
fn write(plans: &[Plan]) -> anyhow::Result<bool> {
    let changing: Vec<&Plan> = plans.iter().filter(|plan| plan.text().is_some()).collect();
    if changing.is_empty() {
        return Ok(true);
    }
    // A lock file that stays behind would keep kubectl from writing.
    let deferred = Deferred::begin()?;
    // The disk may take its time: kubectl does not wait for a lock.
    let ready = changing.iter().map(|plan| {
        let prepared = Replacement::prepare(plan.change());
        prepared.with_context(|| format!("cannot write kubeconfig {}", plan.path.display()))
    });
    let mut ready: Vec<Replacement<'_>> = ready.collect::<Result<_, _>>()?;
    let files = changing.iter();
    let files: Vec<_> = files.map(|plan| (&*plan.path, &*plan.target)).collect();
    let _locks = Lock::all(&files, &deferred)?;
    if !changing.iter().all(|plan| plan.is_current()) {
        return Ok(false);
    }
    for (at, plan) in changing.iter().enumerate() {
        let put = ready[at].put();
        if matches!(put, Ok(true)) {
            continue;
        }
        let undone = undo(&mut ready[..=at]);
        let problem = || format!("cannot replace kubeconfig {}", plan.path.display());
        return match (put.with_context(problem), undone) {
            (put, Ok(())) => put,
            (Ok(_), Err(problem)) => Err(problem),
            (Err(error), Err(problem)) => bail!("{error:#}; and {problem:#}"),
        };
    }
    ready.into_iter().for_each(Replacement::finish);
    Ok(true)
}

/// Undoes the changes that were made: all files change or none.
fn undo(made: &mut [Replacement<'_>]) -> anyhow::Result<()> {
    let undone = made.iter_mut().rev().map(Replacement::undo);
    let problems = undone.filter_map(Result::err);
    let problems: Vec<String> = problems.map(|problem| format!("{problem:#}")).collect();
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// Puts back the files of which a process was killed while it wrote them.
fn recover(rules: &LoadingRules) -> anyhow::Result<()> {
    for path in rules.paths() {
        let Ok(target) = fs::canonicalize(&path) else {
            continue;
        };
        if in_place::is_unfinished(&target) {
            let deferred = Deferred::begin()?;
            let _locks = Lock::all(&[(&path, &target)], &deferred)?;
            in_place::recover(&target)?;
        }
    }
    Ok(())
}

impl Plan {
    /// None if there is no such file.
    fn read(path: &Path, edit: Edit<'_>) -> anyhow::Result<Option<Self>> {
        let problem = || format!("cannot read kubeconfig {}", path.display());
        let target = match fs::canonicalize(path) {
            Ok(target) => target,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(problem),
        };
        let is_file = fs::metadata(&target).with_context(problem)?.is_file();
        ensure!(is_file, "{}: it is not a regular file", problem());
        let before = Zeroizing::new(fs::read(&target).with_context(problem)?);
        let edited = edit(SourceFile {
            path,
            bytes: &before,
        });
        Ok(Some(Self {
            path: path.to_owned(),
            edited: edited?,
            target,
            before,
        }))
    }

    /// The new content; none if nothing changes.
    fn text(&self) -> Option<&str> {
        self.edited.text.as_ref().map(|text| text.as_str())
    }

    fn change(&self) -> FileChange<'_> {
        FileChange {
            target: &self.target,
            before: &self.before,
            after: self.text().unwrap_or_default().as_bytes(),
        }
    }

    /// Whether the file is still the one that the plan was made from.
    fn is_current(&self) -> bool {
        fs::canonicalize(&self.path).is_ok_and(|target| target == self.target)
            && fs::read(&self.target)
                .map(Zeroizing::new)
                .is_ok_and(|now| now == self.before)
    }
}
