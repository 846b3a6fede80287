//! `kcc refresh`: replaces credentials now.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use kcc_core::CredentialCache;
use kcc_core::kubeconfig::{Kubeconfig, LoadingRules};

use crate::contexts;
use crate::login::{self, Terms};
use crate::terminal;
use crate::warm;

/// Run the plugins of contexts now, and replace what is stored for them
///
/// For a credential that the server refuses although it has not expired, and after a login as somebody
/// else. At a terminal plugins may prompt, so they run one after another. Where a plugin fails, what is
/// stored stays, and the exit code is 1.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The contexts; the current one by default
    #[arg(value_name = "CONTEXT", add = contexts::completer())]
    contexts: Vec<String>,
}

/// Refreshes, and says what became of each context.
///
/// # Errors
/// Where the kubeconfig or standard output cannot be used, or a context is not there. A credential
/// that cannot be had is told, and the exit code is 1.
pub fn run(args: &Args, rules: &LoadingRules) -> anyhow::Result<ExitCode> {
    let kubeconfig = Kubeconfig::load(rules)?;
    let names = contexts::named_or_current(&kubeconfig, &args.contexts)?;
    let terms = Terms {
        policy: login::policy()?,
        prompt: std::io::stdin().is_terminal(),
    };
    let mut reports = vec![];
    let jobs = warm::jobs(&kubeconfig, &names, &terms, &mut reports);
    let mut code = ExitCode::SUCCESS;
    let mut tell = |report: &warm::Report| {
        if report.is_failure() {
            code = ExitCode::FAILURE;
        }
        writeln!(terminal::stdout(), "{report}")
    };
    for report in &reports {
        tell(report)?;
    }
    for job in jobs {
        match job.run(CredentialCache::refresh) {
            Ok(report) => tell(&report)?,
            Err(signal) => {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        }
    }
    Ok(code)
}
