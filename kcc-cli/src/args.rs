//! The command line of `kcc`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand, ValueHint};
use kcc_core::kubeconfig::LoadingRules;

use crate::commands::{
    clear, completions, doctor, eject, exec, explain, inject, list, man, refresh, sync, warm,
};

/// Look after the credential cache of kubectl and its relatives
#[derive(Debug, Parser)]
#[command(name = "kcc", version, max_term_width = 100)]
pub struct Arguments {
    /// The only kubeconfig file to look at [default: those of KUBECONFIG, else ~/.kube/config]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    kubeconfig: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Inject(inject::Args),
    Eject(eject::Args),
    Sync(sync::Args),
    List(list::Args),
    Clear(clear::Args),
    Warm(warm::Args),
    Refresh(refresh::Args),
    Explain(explain::Args),
    Doctor(doctor::Args),
    Exec(exec::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Arguments {
    /// Does what the arguments say.
    ///
    /// # Errors
    /// What keeps the command from doing so.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let rules = self.loading_rules();
        match self.command {
            Command::List(args) => list::run(&args, &rules),
            Command::Clear(args) => clear::run(&args, &rules),
            Command::Warm(args) => warm::run(&args, &rules),
            Command::Refresh(args) => refresh::run(&args, &rules),
            Command::Explain(args) => explain::run(&args, &rules),
            Command::Inject(args) => inject::run(&args, &rules),
            Command::Eject(args) => eject::run(&args, &rules),
            Command::Sync(args) => sync::run(&args, &rules),
            Command::Doctor(args) => doctor::run(&args, &rules),
            Command::Exec(args) => Ok(exec::run(args)),
            Command::Completions(args) => completions::run(&args),
            Command::Man(args) => man::run(&args, Self::command()),
        }
    }

    /// Answers a shell that completes a command line, and ends the process then.
    pub fn complete() {
        completions::answer(Self::command);
    }

    /// The kubeconfig files that are meant.
    fn loading_rules(&self) -> LoadingRules {
        let rules = LoadingRules::from_env();
        match &self.kubeconfig {
            Some(path) => rules.with_explicit(path),
            None => rules,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
