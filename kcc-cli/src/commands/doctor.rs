//! `kcc doctor`: looks for what is wrong with a set-up, and says how to repair it.

// What a check comes to, and what several checks look at.
mod finding;
mod variables;
// The checks, in the order in which they are made.
mod installation;
mod directory;
mod kubeconfig;
mod users;

use std::io::Write;
use std::process::ExitCode;

use kcc_core::kubeconfig::LoadingRules;
use serde_json::{Value, json};

use super::list::Output;
use crate::terminal;

use finding::Finding;

/// Check the set-up, and say how to fix what is wrong
///
/// Looks at PATH, the cache directory, the clock, kubeconfigs, their users and plugins, and kuberc.
/// No plugin is run and nothing is sent anywhere. The exit code is 1 where something does not work;
/// what could be better is a warning.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How to print what is found
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// Checks everything, and prints what it found.
///
/// # Errors
/// Where standard output cannot be written.
pub(crate) fn run(args: &Args, rules: &LoadingRules) -> anyhow::Result<ExitCode> {
    let mut findings = installation::check();
    findings.extend(directory::check());
    let (found, kubeconfig) = kubeconfig::check(rules);
    findings.extend(found);
    findings.extend(users::check(&kubeconfig));
    let mut stdout = terminal::stdout();
    match args.output {
        Output::Json => writeln!(stdout, "{:#}", to_json(&findings))?,
        Output::Table => {
            for finding in &findings {
                finding.print(&mut stdout)?;
            }
        }
    }
    Ok(if is_healthy(&findings) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn is_healthy(findings: &[Finding]) -> bool {
    !findings.iter().any(Finding::is_bad)
}

fn to_json(findings: &[Finding]) -> Value {
    let all: Vec<Value> = findings.iter().map(Finding::to_json).collect();
    json!({ "healthy": is_healthy(findings), "findings": all })
}
