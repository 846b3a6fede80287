//! `kcc warm`: fetches credentials before somebody waits for them.

use std::io::{IsTerminal, Write};
use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use anyhow::ensure;
use indicatif::{ProgressBar, ProgressStyle};
use kcc_core::kubeconfig::{Kubeconfig, LoadingRules};
use kcc_core::{CredentialCache, ending_signals};

use super::fetch::{self, CacheCall, Job, Plugins, Report};
use crate::contexts;
use crate::plugin_context::{self, PluginOptions};
use crate::terminal;

/// Fetch the credentials of contexts, in parallel, so that nobody waits for them later
///
/// What is good already is left as it is. Plugins cannot prompt here: log in first where one has
/// to. The exit code is 1 if a credential is missing afterwards.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The contexts; all of them by default
    #[arg(value_name = "CONTEXT", add = contexts::completer())]
    contexts: Vec<String>,

    /// How many plugins may run at once
    #[arg(long, default_value = "8")]
    jobs: NonZeroUsize,
}

/// Fetches, and says what became of each context.
///
/// # Errors
/// Where the kubeconfig or standard output cannot be used, or a context is not there. A credential
/// that cannot be had is told, and the exit code is 1.
pub(crate) fn run(args: &Args, rules: &LoadingRules) -> anyhow::Result<ExitCode> {
    let kubeconfig = Kubeconfig::load(rules)?;
    let names: Vec<&str> = if args.contexts.is_empty() {
        kubeconfig.contexts.keys().map(String::as_str).collect()
    } else {
        contexts::named(&kubeconfig, &args.contexts)?
    };
    ensure!(
        !names.is_empty(),
        "no contexts: no kubeconfig has any; --kubeconfig or KUBECONFIG names one"
    );
    let mut reports = vec![];
    let options = PluginOptions {
        policy: plugin_context::policy()?,
        prompt: false,
    };
    let jobs = fetch::jobs(&kubeconfig, &names, &options, &mut reports);
    let mut display = Display::new(reports.len() + jobs.len());
    for report in reports {
        display.show(&report)?;
    }
    fetch_all(jobs, args.jobs, CredentialCache::get, &mut display)?;
    Ok(display.code)
}

/// What there is to hear of while credentials are fetched.
enum Event {
    Done(Report),
    /// A plugin was ended by a signal.
    Stopped(i32),
    /// A signal came, and would end this process.
    Signal(i32),
}

/// Fetches all, at most `at_once` at a time. A signal ends this process, whatever is waited for:
/// with the plugins that run, which it goes on to.
fn fetch_all(
    jobs: Vec<Job<'_>>,
    at_once: NonZeroUsize,
    fetch: CacheCall,
    display: &mut Display,
) -> anyhow::Result<()> {
    let (count, workers) = (jobs.len(), at_once.get().min(jobs.len()));
    let has_signal = Arc::new(AtomicBool::new(false));
    let queue = Mutex::new(jobs.into_iter());
    // Nothing is started after a signal, also before this process has come to hear of it.
    let next = || {
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.next().filter(|_| !has_signal.load(SeqCst))
    };
    let plugins = Plugins::default();
    let (sender, events) = mpsc::channel();
    std::thread::scope(|scope| {
        let of_signals = sender.clone();
        let _closed = fetch::on_signals(scope, move |signal| {
            let _ = of_signals.send(Event::Signal(signal));
        })?;
        // After that, so that whoever is stopped by the flag was heard of.
        for signal in ending_signals() {
            signal_hook::flag::register(signal, Arc::clone(&has_signal))?;
        }
        for _ in 0..workers {
            let (sender, next, plugins) = (sender.clone(), &next, &plugins);
            scope.spawn(move || {
                while let Some(job) = next() {
                    let contexts = job.contexts();
                    let run = AssertUnwindSafe(|| job.run(plugins, fetch));
                    let event = match panic::catch_unwind(run) {
                        Ok(Ok(report)) => Event::Done(report),
                        Ok(Err(signal)) => Event::Stopped(signal),
                        // Else its event would be waited for.
                        Err(_) => Event::Done(Report::of_panic(contexts)),
                    };
                    let _ = sender.send(event);
                }
            });
        }
        for _ in 0..count {
            match events.recv()? {
                Event::Done(report) => display.show(&report)?,
                Event::Stopped(signal) | Event::Signal(signal) => {
                    has_signal.store(true, SeqCst);
                    await_plugins(&events, &plugins, signal, display)?;
                    display.bar.finish_and_clear();
                    // Who waits for another process's lock is not waited for.
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
            }
        }
        display.bar.finish_and_clear();
        Ok(())
    })
}

/// Waits until the plugins have ended that run when a signal comes: each gets it, and is killed if
/// it does not heed it. A second signal from outside is the end of the patience.
fn await_plugins(
    events: &mpsc::Receiver<Event>,
    plugins: &Plugins,
    signal: i32,
    display: &mut Display,
) -> anyhow::Result<()> {
    let (mut own, mut told) = (0, None);
    while plugins.running.load(SeqCst) > 0 {
        match events.recv_timeout(Duration::from_millis(100)) {
            Ok(Event::Done(report)) => display.show(&report)?,
            Ok(Event::Signal(_)) if own > 0 => own -= 1,
            Ok(Event::Signal(_)) => break,
            Ok(Event::Stopped(_)) => {}
            // One that was about to start, or has started since, has not heard of it.
            Err(_) => {
                let started = Some(plugins.started.load(SeqCst));
                if told != started {
                    told = started;
                    own += 1;
                    signal_hook::low_level::raise(signal)?;
                }
            }
        }
    }
    Ok(())
}

/// Lines on standard output, and where standard error is a terminal a bar below them.
struct Display {
    bar: ProgressBar,
    code: ExitCode,
}

impl Display {
    fn new(reports: usize) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(reports as u64)
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(200));
        let code = ExitCode::SUCCESS;
        Self { bar, code }
    }

    fn show(&mut self, report: &Report) -> anyhow::Result<()> {
        if report.is_failure() {
            self.code = ExitCode::FAILURE;
        }
        self.bar.inc(1);
        let written = self
            .bar
            .suspend(|| writeln!(terminal::stdout(), "{report}"));
        Ok(written?)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kcc_core::Notify;

    use super::*;
    use crate::plugin_context::PluginContext;

    #[test]
    fn a_worker_that_panics_is_a_failure_and_not_waited_for() {
        let text = "
            clusters: [{name: c, cluster: {server: 'https://a:1'}}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            users: [{name: u, user: {exec: {command: /plugin, interactiveMode: Never,
              apiVersion: client.authentication.k8s.io/v1}}}]";
        let kubeconfig = Kubeconfig::parse(Path::new("config"), text.as_bytes()).unwrap();
        let options = PluginOptions::of_inspection();
        let plugin = PluginContext::find(&kubeconfig, "x", &options).unwrap();
        let job = Job::of(vec!["x"], plugin.unwrap());
        let mut display = Display::new(1);
        let at_once = NonZeroUsize::MIN;
        let fetch = |_: &_, _: &_, _: Notify<'_>| panic!("on purpose");
        fetch_all(vec![job], at_once, fetch, &mut display).unwrap();
        assert_eq!(display.code, ExitCode::FAILURE);
    }
}
