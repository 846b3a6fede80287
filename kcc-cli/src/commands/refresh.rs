//! `kcc refresh`: replaces credentials now.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::Ordering::SeqCst;

use kcc_core::CredentialCache;
use kcc_core::kubeconfig::{Kubeconfig, LoadingRules};
use signal_hook::low_level::emulate_default_handler;

use super::fetch::{self, Job, Plugins, Report};
use crate::contexts::Contexts;
use crate::plugin_context::{self, PluginOptions};
use crate::terminal;

/// Run the plugins of contexts now, and replace what is stored for them
///
/// For a credential that the server refuses although it has not expired, and after a login as somebody
/// else. At a terminal plugins may prompt, so they run one after another. Where a plugin fails, what is
/// stored stays, and the exit code is 1.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    contexts: Contexts,
}

/// Refreshes, and says what became of each context.
///
/// # Errors
/// Where the kubeconfig or standard output cannot be used, or a context is not there. A credential
/// that cannot be had is told, and the exit code is 1.
pub(crate) fn run(args: &Args, rules: &LoadingRules) -> anyhow::Result<ExitCode> {
    let kubeconfig = Kubeconfig::load(rules)?;
    let names = args.contexts.of(&kubeconfig)?;
    let options = PluginOptions {
        policy: plugin_context::policy()?,
        prompt: std::io::stdin().is_terminal(),
    };
    let mut reports = vec![];
    let jobs = fetch::jobs(&kubeconfig, &names, &options, &mut reports);
    let mut code = ExitCode::SUCCESS;
    let mut tell = |report: &Report| {
        if report.is_failure() {
            code = ExitCode::FAILURE;
        }
        writeln!(terminal::stdout(), "{report}")
    };
    for report in &reports {
        tell(report)?;
    }
    one_by_one(jobs, tell)?;
    Ok(code)
}

/// Refreshes; a signal ends this process, with the plugin that runs.
fn one_by_one(
    jobs: Vec<Job<'_>>,
    mut tell: impl FnMut(&Report) -> io::Result<()>,
) -> anyhow::Result<()> {
    let plugins = Plugins::default();
    std::thread::scope(|scope| {
        let _closed = fetch::on_signals(scope, |signal| {
            // A plugin that runs gets it, and how that ends is what matters.
            if plugins.running.load(SeqCst) == 0 {
                let _ = emulate_default_handler(signal);
            }
        })?;
        for job in jobs {
            match job.run(&plugins, CredentialCache::refresh) {
                Ok(report) => tell(&report)?,
                Err(signal) => {
                    let _ = emulate_default_handler(signal);
                }
            }
        }
        Ok(())
    })
}
