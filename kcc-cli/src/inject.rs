//! `kcc inject`: puts `kcc-cache` in front of exec plugins.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use kcc_core::kubeconfig::LoadingRules;
use kcc_core::{Environment, SearchPath};

use crate::edit;
use crate::login;
use crate::rewrite::rewrite;
use crate::selection::{self, Preview, Selection};

/// Put kcc-cache in front of the exec plugins of the kubeconfigs
///
/// Nothing but the users' exec is changed in the files, to the byte; kcc eject gives the files back
/// as they were. A file that cannot be edited so is refused, and then no file is written.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    cache: CacheCommand,

    #[command(flatten)]
    preview: Preview,
}

/// Which `kcc-cache` kubectl shall run.
#[derive(Debug, clap::Args)]
pub struct CacheCommand {
    /// The kcc-cache to write down: a name for PATH or a path [default: kcc-cache if PATH has it,
    /// else the path of the one beside kcc]
    #[arg(long = "command", value_name = "COMMAND")]
    named: Option<String>,
}

/// Injects, and tells what it did.
///
/// # Errors
/// If a file cannot be read, edited safely or written; nothing is written then.
pub fn run(args: &Args, rules: &LoadingRules) -> anyhow::Result<ExitCode> {
    let cache = args.cache.resolve()?;
    let users = args.selection.users(rules)?;
    let edit = |source: edit::Source<'_>| edit::inject(source, &users, &cache);
    let plans = rewrite(rules, &edit, args.preview.dry_run)?;
    selection::tell(&plans, &args.preview)?;
    Ok(ExitCode::SUCCESS)
}

impl CacheCommand {
    /// A bare name, which works for everyone whose PATH has it and outlives an update of the
    /// program, or an absolute path. It is one that kubectl would run by the kuberc's policy.
    pub(crate) fn resolve(&self) -> anyhow::Result<String> {
        let command = self.find()?;
        let permitted = login::policy()?.check(&command);
        permitted.with_context(|| format!("kubectl would not run {command}"))?;
        Ok(command)
    }

    fn find(&self) -> anyhow::Result<String> {
        let path = match &self.named {
            Some(named) if is_bare(named) => return checked(named),
            Some(named) => std::path::absolute(named)?,
            None if in_path(edit::CACHE) => return Ok(edit::CACHE.to_owned()),
            None => beside_kcc()?,
        };
        let path = path
            .to_str()
            .context("the path of kcc-cache is not UTF-8")?;
        checked(path)
    }
}

/// Only by its name is the cache known again.
fn checked(command: &str) -> anyhow::Result<String> {
    ensure!(
        Path::new(command).file_stem() == Some(edit::CACHE.as_ref()),
        "--command {command:?}: the program must be called kcc-cache, so that kcc and its library know it again"
    );
    Ok(command.to_owned())
}

fn is_bare(command: &str) -> bool {
    Path::new(command).file_name() == Some(command.as_ref())
}

fn in_path(name: &str) -> bool {
    let path = SearchPath::of(&Environment::of_process());
    path.look_up(name).is_ok()
}

fn beside_kcc() -> anyhow::Result<PathBuf> {
    let kcc = env::current_exe().context("cannot find out where kcc is")?;
    let path = kcc.with_file_name(edit::CACHE);
    ensure!(
        SearchPath::default().look_up(&path).is_ok(),
        "there is no kcc-cache in PATH nor beside {}: install it, or name it with --command",
        kcc.display()
    );
    Ok(path)
}
