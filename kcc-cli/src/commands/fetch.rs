//! Credentials fetched by the plugins of contexts: what `kcc warm` and `kcc refresh` share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::Scope;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kcc_core::kubeconfig::Kubeconfig;
use kcc_core::{
    CredentialCache, Error, Notice, Notify, PluginError, Request, RequestProblem, Response, Source,
    ending_signals,
};
use signal_hook::iterator::{Handle, Signals};

use crate::plugin_context::{self, PluginContext, PluginOptions};
use crate::terminal::{self, BAD, FAINT, GOOD, WARNING};

/// A call of the cache for a credential.
pub(super) type CacheCall = fn(&CredentialCache, &Request, Notify<'_>) -> Result<Response, Error>;

/// Contexts that one credential serves, such as two clusters of one user.
pub(super) struct Job<'a> {
    contexts: Vec<&'a str>,
    plugin: PluginContext<'a>,
    /// Users without the cache in front of their plugin.
    not_injected: BTreeSet<&'a str>,
}

/// What became of contexts.
pub(super) struct Report {
    contexts: String,
    outcome: FetchOutcome,
    /// Why kubectl does not read what was fetched.
    unread: Option<String>,
}

pub(super) enum FetchOutcome {
    /// The user has its credential in the kubeconfig.
    NoPlugin,
    /// No client sends a credential there.
    PlainHttp { server: String },
    /// The store had it.
    Good { expires_in: String },
    /// The plugin gave it.
    Fetched { took: Duration, expires_in: String },
    /// There is none, or none that the next request finds.
    Failed { problem: String },
}

/// The plugins that have to run; what needs none, or has one that cannot run, is reported.
pub(super) fn jobs<'a>(
    kubeconfig: &'a Kubeconfig,
    names: &[&'a str],
    options: &PluginOptions,
    reports: &mut Vec<Report>,
) -> Vec<Job<'a>> {
    let mut jobs: BTreeMap<_, Job<'a>> = BTreeMap::new();
    for name in names {
        if let Some(outcome) = without_plugin(kubeconfig, name) {
            let contexts = (*name).to_owned();
            reports.push(Report {
                contexts,
                outcome,
                unread: None,
            });
            continue;
        }
        let outcome = match PluginContext::find(kubeconfig, name, options) {
            Ok(None) => FetchOutcome::NoPlugin,
            Err(error) => FetchOutcome::Failed {
                problem: match error.downcast_ref() {
                    Some(RequestProblem::NoTerminal { command }) => format!(
                        "{command} has to prompt (interactiveMode: Always): use the context once, by hand"
                    ),
                    _ => format!("{error:#}"),
                },
            },
            Ok(Some(plugin)) => match plugin.cache.inspect(&plugin.request) {
                Ok(inspection) => {
                    let user = (!plugin.spec.is_cached()).then_some(plugin.user.name.as_str());
                    let job = jobs.entry(inspection.path);
                    let job = job.or_insert_with(|| Job::of(vec![], plugin));
                    job.contexts.push(name);
                    job.not_injected.extend(user);
                    continue;
                }
                Err(error) => FetchOutcome::Failed {
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

/// What becomes of a context whose plugin no client would run, whatever it is.
fn without_plugin(kubeconfig: &Kubeconfig, name: &str) -> Option<FetchOutcome> {
    match plugin_context::plain_http(kubeconfig, name) {
        Ok(None) => None,
        Ok(Some(server)) => Some(FetchOutcome::PlainHttp {
            server: server.to_string(),
        }),
        Err(error) => Some(FetchOutcome::Failed {
            problem: format!("{error:#}"),
        }),
    }
}

/// How many plugins run.
#[derive(Default)]
pub(super) struct Plugins {
    pub(super) running: AtomicUsize,
    /// How many have been started, up to now.
    pub(super) started: AtomicUsize,
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

/// Calls `hear` with each signal that would end this process, on a thread of the scope, until what it gives goes
/// out of scope. A plugin that has ended leaves a handler behind that would swallow the signal.
pub(super) fn on_signals<'scope>(
    scope: &'scope Scope<'scope, '_>,
    hear: impl FnMut(i32) + Send + 'scope,
) -> io::Result<Closed> {
    let mut signals = Signals::new(ending_signals())?;
    let closed = Closed(signals.handle());
    scope.spawn(move || signals.forever().for_each(hear));
    Ok(closed)
}

/// Ends the wait for signals where it goes out of scope.
pub(super) struct Closed(Handle);

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<'a> Job<'a> {
    pub(super) fn of(contexts: Vec<&'a str>, plugin: PluginContext<'a>) -> Self {
        Self {
            contexts,
            plugin,
            not_injected: BTreeSet::new(),
        }
    }

    /// Their names, for people.
    pub(super) fn contexts(&self) -> String {
        self.contexts.join(", ")
    }

    /// Fetches as `kcc-cache` would, counted among the plugins that run. The error is the signal that
    /// ended the plugin.
    pub(super) fn run(mut self, plugins: &Plugins, fetch: CacheCall) -> Result<Report, i32> {
        self.plugin.request.forward_signals = true;
        let (mut not_kept, mut run) = (None, None);
        let mut tell = |notice: Notice| match notice {
            Notice::NotStored { .. } | Notice::PluginFailed { .. } => {
                not_kept = Some(notice.to_string());
            }
            Notice::PluginStarts => run = Some(Running::begin(plugins)),
            _ => {}
        };
        let started = Instant::now();
        let response = fetch(&self.plugin.cache, &self.plugin.request, &mut tell);
        drop(run);
        let outcome = match (response, not_kept) {
            (Err(Error::Plugin(PluginError::Interrupted { signal })), _) => return Err(signal),
            (Err(error), _) => FetchOutcome::failed(&error),
            (Ok(_), Some(problem)) => FetchOutcome::Failed { problem },
            (Ok(response), None) => FetchOutcome::of_response(&response, started.elapsed()),
        };
        Ok(Report {
            contexts: self.contexts(),
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
    /// For a job that ended by a panic, which has been printed.
    pub(super) fn of_panic(contexts: String) -> Self {
        let problem = "kcc has a bug here (see the panic above): please report it".to_owned();
        Self {
            contexts,
            outcome: FetchOutcome::Failed { problem },
            unread: None,
        }
    }

    pub(super) fn is_failure(&self) -> bool {
        matches!(self.outcome, FetchOutcome::Failed { .. })
    }
}

impl FetchOutcome {
    fn of_response(response: &Response, took: Duration) -> Self {
        let Some(renew_at) = response.renew_at else {
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
        match response.source {
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
            FetchOutcome::NoPlugin => {
                return write!(f, "{FAINT}{contexts}: its user needs no plugin{FAINT:#}");
            }
            FetchOutcome::PlainHttp { server } => {
                return write!(
                    f,
                    "{FAINT}{contexts}: over plain http ({server}) no credential is sent and no \
                     plugin runs{FAINT:#}"
                );
            }
            FetchOutcome::Good { expires_in } => {
                write!(f, "{contexts}: {GOOD}good{GOOD:#} for {expires_in}")?;
            }
            FetchOutcome::Fetched { took, expires_in } => write!(
                f,
                "{contexts}: {GOOD}fetched{GOOD:#} in {:.1} s, good for {expires_in}",
                took.as_secs_f64()
            )?,
            FetchOutcome::Failed { problem } => {
                return write!(f, "{contexts}: {BAD}failed{BAD:#}: {problem}");
            }
        }
        match &self.unread {
            Some(why) => write!(f, "\n  {WARNING}warning:{WARNING:#} {why}"),
            None => Ok(()),
        }
    }
}
