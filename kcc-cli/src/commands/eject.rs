//! `kcc eject`: takes `kcc-cache` away from in front of exec plugins.

use std::process::ExitCode;

use kcc_core::kubeconfig::LoadingRules;

use super::selection::{self, Preview, Selection};
use crate::edit;
use crate::rewrite::rewrite;

/// Take kcc-cache away from in front of the exec plugins of the kubeconfigs
///
/// After kcc inject the files are what they were, to the byte. What the Go kube-credential-cache or
/// a hand put there is taken away, too.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: Selection,

    /// Another command that counts as kcc-cache, as kcc-injector -c wrote it; may be given several
    /// times
    #[arg(long = "command", value_name = "COMMAND")]
    commands: Vec<String>,

    #[command(flatten)]
    preview: Preview,
}

/// Ejects, and tells what it did.
///
/// # Errors
/// If a file cannot be read or written, or a named user cannot be edited safely; nothing is written
/// then. Of all users the others are edited, and the exit code is 1.
pub(crate) fn run(args: &Args, rules: &LoadingRules) -> anyhow::Result<ExitCode> {
    let users = args.selection.users(rules)?;
    let edit = |source: edit::SourceFile<'_>| edit::eject_each(source, &users, &args.commands);
    let plans = rewrite(rules, &edit, args.preview.dry_run)?;
    selection::tell(&plans, &args.preview)?;
    Ok(selection::exit_code(&plans))
}
