//! `kcc warm`: fetches credentials before somebody waits for them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{IsTerminal, Write};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anyhow::ensure;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use kcc_core::kubeconfig::{Kubeconfig, LoadingRules};
use kcc_core::{
    CredentialCache, Error, Notice, Notify, PluginError, Request, RequestProblem, Response, Source,
    ending_signals,
};
use signal_hook::iterator::{Handle, Signals};

use crate::contexts;
use crate::login::{self, Login, Terms};
use crate::terminal::{self, BAD, FAINT, GOOD, WARNING};

/// Fetch the credentials of contexts, in parallel, so that nobody waits for them later
///
/// What is good already is left as it is. Plugins cannot prompt here: log in first where one has
/// to. The exit code is 1 if a credential is missing afterwards.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The contexts; all of them by default
    #[arg(value_name = "CONTEXT", add = contexts::completer())]
    contexts: Vec<String>,

    /// How many plugins may run at once
    #[arg(long, default_value = "8")]
    jobs: NonZeroUsize,
}

/// How a credential is asked for.
type AskBy = fn(&CredentialCache, &Request, Notify<'_>) -> Result<Response, Error>;

/// Contexts that one credential serves, such as two clusters of one user.
pub(crate) struct Job<'a> {
    contexts: Vec<&'a str>,
    login: Login<'a>,
    /// Users without the cache in front of their plugin.
    not_injected: BTreeSet<&'a str>,
}

/// What became of contexts.
pub(crate) struct Report {
    contexts: String,
    outcome: Outcome,
    /// Why kubectl does not read what was fetched.
    unread: Option<String>,
}

pub(crate) enum Outcome {
    /// The user has its credential in the kubeconfig.
    NoPlugin,
    /// No client sends a credential there.
    PlainHttp { server: String },
    /// The store had it.
    Good { expires_in: String },
    /// The plugin gave it.
    Fetched { took: Duration, expires_in: String },
    /// There is none, or none that the next ask finds.
    Failed { problem: String },
}

/// Fetches, and says what became of each context.
///
/// # Errors
/// Where the kubeconfig or standard output cannot be used, or a context is not there. A credential
/// that cannot be had is told, and the exit code is 1.
pub fn run(args: &Args, rules: &LoadingRules) -> anyhow::Result<ExitCode> {
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
    let terms = Terms {
        policy: login::policy()?,
        prompt: false,
    };
    let jobs = jobs(&kubeconfig, &names, &terms, &mut reports);
    let mut display = Display::new(reports.len() + jobs.len());
    for report in reports {
        display.show(&report)?;
    }
    fetch_all(jobs, args.jobs, &mut display)?;
    Ok(display.code)
}

/// What has to be asked; what needs no asking, or cannot be asked, is reported.
pub(crate) fn jobs<'a>(
    kubeconfig: &'a Kubeconfig,
    names: &[&'a str],
    terms: &Terms,
    reports: &mut Vec<Report>,
) -> Vec<Job<'a>> {
    let mut jobs: BTreeMap<_, Job<'a>> = BTreeMap::new();
    for name in names {
        if let Some(outcome) = unasked(kubeconfig, name) {
            let contexts = (*name).to_owned();
            reports.push(Report {
                contexts,
                outcome,
                unread: None,
            });
            continue;
        }
        let outcome = match Login::of_context(kubeconfig, name, terms) {
            Ok(None) => Outcome::NoPlugin,
            Err(error) => Outcome::Failed {
                problem: match error.downcast_ref() {
                    Some(RequestProblem::NoTerminal { command }) => format!(
                        "{command} has to prompt (interactiveMode: Always): use the context once, by hand"
                    ),
                    _ => format!("{error:#}"),
                },
            },
            Ok(Some(login)) => match login.cache.inspect(&login.request) {
                Ok(inspection) => {
                    let user = (!login.spec.is_cached()).then_some(login.user.name.as_str());
                    let job = jobs.entry(inspection.path).or_insert(Job {
                        contexts: vec![],
                        login,
                        not_injected: BTreeSet::new(),
                    });
                    job.contexts.push(name);
                    job.not_injected.extend(user);
                    continue;
                }
                Err(error) => Outcome::Failed {
                    problem: error.to_string(),
                },
            },
        };
        let contexts = (*name).to_owned();
        reports.push(Report {
            contexts,
            outcome,
            unread: None,
        });
    }
    jobs.into_values().collect()
}

/// What becomes of a context whose plugin no client would ask, whatever it is.
fn unasked(kubeconfig: &Kubeconfig, name: &str) -> Option<Outcome> {
    match login::plain_http(kubeconfig, name) {
        Ok(None) => None,
        Ok(Some(server)) => Some(Outcome::PlainHttp {
            server: server.to_string(),
        }),
        Err(error) => Some(Outcome::Failed {
            problem: format!("{error:#}"),
        }),
    }
}

/// What there is to hear of while credentials are fetched.
enum Event {
    Done(Report),
    /// A plugin was ended by a signal.
    Stopped(i32),
    /// A signal came, and would end this process.
    Signal(i32),
}

/// Asks for all, at most `at_once` at a time. A signal ends this process, whatever is waited for:
/// with the plugins that run, which it goes on to.
fn fetch_all(
    jobs: Vec<Job<'_>>,
    at_once: NonZeroUsize,
    display: &mut Display,
) -> anyhow::Result<()> {
    let (count, workers) = (jobs.len(), at_once.get().min(jobs.len()));
    let queue = Mutex::new(jobs.into_iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let plugins = Plugins::default();
    let (sender, events) = mpsc::channel();
    // A plugin that has ended leaves a handler behind that would swallow a signal.
    let mut signals = Signals::new(ending_signals())?;
    std::thread::scope(|scope| {
        let handle = Closed(signals.handle());
        let of_signals = sender.clone();
        scope.spawn(move || {
            for signal in signals.forever() {
                let _ = of_signals.send(Event::Signal(signal));
            }
        });
        for _ in 0..workers {
            let (sender, next, plugins) = (sender.clone(), &next, &plugins);
            scope.spawn(move || {
                while let Some(job) = next() {
                    let event = match job.run_among(plugins, CredentialCache::get) {
                        Ok(report) => Event::Done(report),
                        Err(signal) => Event::Stopped(signal),
                    };
                    let _ = sender.send(event);
                }
            });
        }
        for _ in 0..count {
            match events.recv()? {
                Event::Done(report) => display.show(&report)?,
                Event::Stopped(signal) | Event::Signal(signal) => {
                    // Nothing more is started.
                    while next().is_some() {}
                    await_plugins(&events, &plugins, signal, display)?;
                    display.bar.finish_and_clear();
                    // Who waits for another process's lock is not waited for.
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
            }
        }
        display.bar.finish_and_clear();
        drop(handle);
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

/// Ends the wait for signals where it goes out of scope.
struct Closed(Handle);

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// How many plugins run.
#[derive(Default)]
struct Plugins {
    running: AtomicUsize,
    /// How many have been started, up to now.
    started: AtomicUsize,
}

/// A plugin that runs, as long as its job does.
struct Running<'a>(&'a Plugins);

impl<'a> Running<'a> {
    fn begin(plugins: &'a Plugins) -> Self {
        plugins.running.fetch_add(1, SeqCst);
        plugins.started.fetch_add(1, SeqCst);
        Self(plugins)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, SeqCst);
    }
}

impl Job<'_> {
    /// Asks as `kcc-cache` would, by `ask`. The error is the signal that ended it.
    pub(crate) fn run(self, ask: AskBy) -> Result<Report, i32> {
        self.run_among(&Plugins::default(), ask)
    }

    fn run_among(mut self, plugins: &Plugins, ask: AskBy) -> Result<Report, i32> {
        self.login.request.forward_signals = true;
        let (mut not_kept, mut run) = (None, None);
        let mut tell = |notice: Notice| match notice {
            Notice::NotStored { .. } | Notice::PluginFailed { .. } => {
                not_kept = Some(notice.to_string());
            }
            Notice::PluginStarts => run = Some(Running::begin(plugins)),
            _ => {}
        };
        let started = Instant::now();
        let answer = ask(&self.login.cache, &self.login.request, &mut tell);
        drop(run);
        let outcome = match (answer, not_kept) {
            (Err(Error::Plugin(PluginError::Interrupted { signal })), _) => return Err(signal),
            (Err(error), _) => Outcome::failed(&error),
            (Ok(_), Some(problem)) => Outcome::Failed { problem },
            (Ok(answer), None) => Outcome::answered(&answer, started.elapsed()),
        };
        let contexts = self.contexts.join(", ");
        Ok(Report {
            contexts,
            unread: self.unread(),
            outcome,
        })
    }

    fn unread(&self) -> Option<String> {
        let users: Vec<String> = self
            .not_injected
            .iter()
            .map(|user| format!("kcc inject --user {user}"))
            .collect();
        (!users.is_empty()).then(|| {
            let repair = users.join("; ");
            format!(
                "kubectl will not read it, for kcc-cache is not in front of the plugin: {repair}"
            )
        })
    }
}

impl Report {
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self.outcome, Outcome::Failed { .. })
    }
}

impl Outcome {
    fn answered(answer: &Response, took: Duration) -> Self {
        let Some(renew_at) = answer.renew_at else {
            let problem = "the credential has no expiry, and a default TTL of 0 keeps none";
            return Self::Failed {
                problem: problem.to_owned(),
            };
        };
        let left = renew_at.duration_since(Timestamp::now());
        if !left.is_positive() {
            let problem = "the credential is due for renewal at once: it has expired already, or \
                           lives no longer than the refresh margin";
            return Self::Failed {
                problem: problem.to_owned(),
            };
        }
        let expires_in = terminal::span(left);
        match answer.source {
            Source::Cache => Self::Good { expires_in },
            _ => Self::Fetched { took, expires_in },
        }
    }

    fn failed(error: &Error) -> Self {
        let mut problem = error.to_string();
        if let Some(hint) = error.install_hint() {
            problem.push('\n');
            problem.push_str(hint.trim_end());
        }
        Self::Failed { problem }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contexts = &self.contexts;
        match &self.outcome {
            Outcome::NoPlugin => {
                return write!(f, "{FAINT}{contexts}: its user needs no plugin{FAINT:#}");
            }
            Outcome::PlainHttp { server } => {
                return write!(
                    f,
                    "{FAINT}{contexts}: over plain http ({server}) no credential is sent and no \
                     plugin runs{FAINT:#}"
                );
            }
            Outcome::Good { expires_in } => {
                write!(f, "{contexts}: {GOOD}good{GOOD:#} for {expires_in}")?;
            }
            Outcome::Fetched { took, expires_in } => write!(
                f,
                "{contexts}: {GOOD}fetched{GOOD:#} in {:.1} s, good for {expires_in}",
                took.as_secs_f64()
            )?,
            Outcome::Failed { problem } => {
                return write!(f, "{contexts}: {BAD}failed{BAD:#}: {problem}");
            }
        }
        match &self.unread {
            Some(why) => write!(f, "\n  {WARNING}warning:{WARNING:#} {why}"),
            None => Ok(()),
        }
    }
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
