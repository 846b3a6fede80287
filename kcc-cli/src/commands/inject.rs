//! `kcc inject`: puts `kcc-cache` in front of exec plugins.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use kcc_core::kubeconfig::LoadingRules;
use kcc_core::{Environment, SearchPath};

use super::selection::{self, Preview, Selection};
use crate::edit;
use crate::install_path;
use crate::plugin_context;
use crate::rewrite::rewrite;
use crate::terminal;
use crate::wrapper_command::{KCC_CACHE, WrapperCommand};

/// Put kcc-cache in front of the exec plugins of the kubeconfigs
///
/// Nothing but the users' exec is changed in the files, to the byte; kcc eject gives the files back
/// as they were. A user that cannot be edited so is left as it is, and told; if it was named, no file
/// is written. The exit code is 1 then.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    cache: CommandOption,

    #[command(flatten)]
    preview: Preview,
}

/// Which `kcc-cache` kubectl shall run.
#[derive(Debug, clap::Args)]
pub(crate) struct CommandOption {
    /// The kcc-cache to write down: a name for PATH or a path [default: kcc-cache if PATH has it,
    /// else the path of the one beside kcc]
    #[arg(long = "command", value_name = "COMMAND")]
    named: Option<String>,
}

/// Injects, and tells what it did.
///
/// # Errors
/// If a file cannot be read or written, or a named user cannot be edited safely; nothing is written
/// then. Of all users the others are edited, and the exit code is 1.
pub(crate) fn run(args: &Args, rules: &LoadingRules) -> anyhow::Result<ExitCode> {
    let cache = args.cache.resolve()?;
    let users = args.selection.users(rules)?;
    let edit = |source: edit::SourceFile<'_>| edit::inject_each(source, &users, &cache);
    let plans = rewrite(rules, &edit, args.preview.dry_run)?;
    selection::tell(&plans, &args.preview)?;
    Ok(selection::exit_code(&plans))
}

impl CommandOption {
    /// A bare name, which works for everyone whose PATH has it and outlives an update of the
    /// program, or an absolute path that does. It is one that kubectl would run by the kuberc's
    /// policy.
    pub(crate) fn resolve(&self) -> anyhow::Result<WrapperCommand> {
        let found = self.find()?;
        let command = &found.command;
        let permitted = plugin_context::policy()?.check(command);
        permitted.with_context(|| format!("kubectl would not run {command}"))?;
        Ok(found)
    }

    fn find(&self) -> anyhow::Result<WrapperCommand> {
        let named = match &self.named {
            Some(named) if is_bare(named) => named.clone(),
            Some(named) => {
                let path = std::path::absolute(named)?;
                path.to_str().context(NOT_UTF8)?.to_owned()
            }
            None if lasts_in_path(KCC_CACHE) => KCC_CACHE.to_owned(),
            None => {
                let (cache, kcc) = beside_kcc()?;
                let lasting = WrapperCommand::lasting(&cache, &kcc).context(NOT_UTF8)?;
                if WrapperCommand::is_versioned(lasting.command.as_ref()) {
                    terminal::warn(&format!(
                        "{} is in a folder that an upgrade removes: link it into a folder of PATH, and kcc inject again",
                        cache.display()
                    ));
                }
                return Ok(lasting);
            }
        };
        checked(&named)?;
        Ok(WrapperCommand::from(named.as_str()))
    }
}

const NOT_UTF8: &str = "the path of kcc-cache is not UTF-8";

/// Only by its name is the cache known again.
fn checked(command: &str) -> anyhow::Result<()> {
    ensure!(
        Path::new(command).file_stem() == Some(KCC_CACHE.as_ref()),
        "--command {command:?}: the program must be called kcc-cache, so that kcc and its library know it again"
    );
    Ok(())
}

fn is_bare(command: &str) -> bool {
    Path::new(command).file_name() == Some(command.as_ref())
}

/// krew's folder of one version is no place in PATH that lasts.
fn lasts_in_path(name: &str) -> bool {
    let path = SearchPath::of(&Environment::of_process());
    path.look_up(name)
        .is_ok_and(|found| !install_path::is_in_krew_store(&found))
}

/// `kcc-cache` and `kcc`.
fn beside_kcc() -> anyhow::Result<(PathBuf, PathBuf)> {
    let kcc = env::current_exe().context("cannot find out where kcc is")?;
    let path = kcc.with_file_name(KCC_CACHE);
    ensure!(
        SearchPath::default().look_up(&path).is_ok(),
        "there is no kcc-cache in PATH nor beside {}: install it, or name it with --command",
        kcc.display()
    );
    Ok((path, kcc))
}
