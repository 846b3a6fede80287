//! `kcc exec`: the same as `kcc-cache`.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::wrapper::Wrapper;

/// Print what a plugin would print, from the cache where it can: the same as kcc-cache
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The plugin and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    plugin: Vec<OsString>,
}

/// Answers, and gives the exit code of `kcc-cache`.
pub(crate) fn run(args: Args) -> ExitCode {
    let mut plugin = args.plugin.into_iter();
    let command = plugin.next().unwrap_or_default();
    Wrapper { name: "kcc" }.print_credential(command, plugin.collect())
}
