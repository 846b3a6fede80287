use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::ask::Ask;
use crate::clock::{Clock, SystemClock};
use crate::environment::Environment;
use crate::error::Error;
use crate::exec_info::{self, ExecInfo};
use crate::policy::PluginPolicy;
use crate::secret::Secret;
use crate::settings::{Directory, Settings};
use crate::store::Store;

/// Answers for exec credential plugins: from the store while it can, by running the plugin when it
/// must.
///
/// ```no_run
/// use kcc_core::{CredentialCache, Environment, ExecInfo, PluginPolicy, Request, Settings};
///
/// let environment = Environment::of_process();
/// let cache = CredentialCache::new(Settings::from_environment(&environment)?);
/// let request = Request {
///     info: ExecInfo::from_environment(&environment)?,
///     command: "aws".into(),
///     args: ["eks", "get-token", "--cluster-name", "prod"].map(Into::into).to_vec(),
///     environment,
///     policy: PluginPolicy::load(&Environment::of_client(), &mut |notice| eprintln!("{notice}"))?,
///     forward_signals: false,
/// };
/// let answer = cache.get(&request, &mut |notice| eprintln!("{notice}"))?;
/// println!("{} bytes from {:?}", answer.credential.expose().len(), answer.source);
/// # Ok::<(), kcc_core::Error>(())
/// ```
pub struct CredentialCache {
    settings: Settings,
    clock: Box<dyn Clock>,
    serves_parent: bool,
}

/// One ask for a credential. `Debug` shows neither arguments nor the values of variables, which may be
/// secrets.
pub struct Request {
    /// What the client asks for.
    pub info: ExecInfo,
    /// The plugin, as it stands in the kubeconfig or on the command line.
    pub command: OsString,
    /// The plugin's arguments.
    pub args: Vec<OsString>,
    /// The plugin's whole environment; a part of it is in the key.
    pub environment: Environment,
    /// Which plugins may run; it holds for a stored answer, too.
    pub policy: PluginPolicy,
    /// Whether SIGHUP, SIGINT, SIGQUIT and SIGTERM to this process go on to the plugin while it
    /// runs: for a program that stands in for the plugin, not for a library.
    pub forward_signals: bool,
}

/// The answer to a [`Request`].
#[derive(Debug)]
pub struct Answer {
    /// An `ExecCredential` as one line of JSON, with the line's end.
    pub credential: Secret,
    /// Where it came from.
    pub source: Source,
    /// From when on an ask renews it: the begin of its refresh margin. `None` where it has no end.
    pub renew_at: Option<Timestamp>,
    /// Whether it is time to refresh it, and this process is the one to see to that: by starting
    /// another one, in the background, that calls [`CredentialCache::refresh_ahead`]. Only ever so
    /// [for a parent process](CredentialCache::for_parent_process).
    pub refresh_is_due: bool,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The store; nothing was run or locked.
    Cache,
    /// A plugin run of this process.
    Plugin,
    /// A plugin run of another process that asked at the same time.
    OtherProcess,
    /// The store, since the plugin failed: the credential is in its refresh margin, not expired.
    CacheAfterFailure,
}

/// Something a person may want to know. None of them holds a secret.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A stored entry was not used, and counts as absent.
    EntryUnusable {
        /// The entry's file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The credential is good, and the next ask will have to run the plugin again.
    NotStored {
        /// Why.
        problem: String,
    },
    /// Another process runs the plugin for this credential, and has for some seconds.
    Waiting,
    /// The plugin runs although another process may run it at the same time.
    NotLocked {
        /// Why.
        problem: String,
    },
    /// The plugin failed, and the stored credential, which has not expired yet, is used.
    PluginFailed {
        /// How it failed.
        problem: String,
        /// When the stored credential ends.
        expires_at: Timestamp,
    },
    /// The default kuberc cannot be read, so no plugin policy holds.
    KubercIgnored {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// For debugging: why the plugin has to run.
    Miss {
        /// Why.
        reason: MissReason,
        /// The entry's file.
        path: Option<PathBuf>,
    },
    /// For debugging: the store answered.
    Hit {
        /// The entry's file.
        path: PathBuf,
        /// When the credential ends.
        expires_at: Timestamp,
    },
    /// For who has to end it: the plugin is started now. [`Request::forward_signals`] holds from
    /// here on.
    PluginStarts,
    /// For debugging: the plugin ran to its end.
    PluginRan {
        /// How long it took.
        took: Duration,
    },
}

/// Why the store does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissReason {
    /// There is no usable entry.
    Absent,
    /// The entry has expired.
    Expired,
    /// The entry is so near its end that it is renewed.
    InMargin,
    /// The entry seems to be stored in the future.
    ClockSetBack,
    /// There is no store.
    NoStore,
    /// The entry is the credential that the server refused.
    Rejected,
    /// The client process that was given the entry asks for it again: the server seems to have
    /// refused it.
    AskedAgain,
    /// A file that says who is active changed while the plugin ran: of which of the two the entry is,
    /// nobody knows.
    FilesChanged,
    /// The entry is good; it is refreshed before its time, in the background.
    Ahead,
    /// Somebody wants the entry replaced.
    Refresh,
}

/// Takes what a person may want to know, as it happens.
pub type Notify<'a> = &'a mut dyn FnMut(Notice);

impl CredentialCache {
    /// A cache with these settings and the machine's clock.
    pub fn new(settings: Settings) -> Self {
        Self::with_clock(settings, SystemClock)
    }

    /// A cache that takes its time from `clock`.
    pub fn with_clock(settings: Settings, clock: impl Clock + 'static) -> Self {
        Self {
            settings,
            clock: Box::new(clock),
            serves_parent: false,
        }
    }

    /// The same cache for a program that its parent process runs as its plugin, once for each ask.
    ///
    /// Such a client tells nothing of a 401, but asks again, and that shows: an ask that the same
    /// process repeats for a credential that it was given, which has long to live, has the
    /// credential replaced. `KUBE_CREDENTIAL_CACHE_RENEW_REJECTED=0` switches that off.
    #[must_use]
    pub fn for_parent_process(mut self) -> Self {
        self.serves_parent = true;
        self
    }

    /// The credential that `request` asks for.
    ///
    /// # Errors
    /// [`Error`] where the plugin gives none and no stored one is still valid.
    pub fn get(&self, request: &Request, notify: Notify<'_>) -> Result<Answer, Error> {
        self.ask(request, None, notify)
    }

    /// A credential in place of `rejected`, an earlier [`Answer::credential`] that the server
    /// answered with a 401.
    ///
    /// A stored one answers if it is another: some process has renewed it already. So of any number
    /// of processes whose credential is revoked, one runs the plugin.
    ///
    /// # Errors
    /// [`Error`] where the plugin gives none; the rejected one is not used instead.
    pub fn renew(
        &self,
        request: &Request,
        rejected: &Secret,
        notify: Notify<'_>,
    ) -> Result<Answer, Error> {
        self.ask(request, Some(rejected), notify)
    }

    /// Runs the plugin of `request` now and replaces the stored credential, however good it is: where
    /// the server has revoked it, or the person is somebody else by now.
    ///
    /// Of several processes that do so at once one runs the plugin, and the others share its answer.
    ///
    /// # Errors
    /// [`Error`] where the plugin gives none; the stored one stays as it is.
    pub fn refresh(&self, request: &Request, notify: Notify<'_>) -> Result<Answer, Error> {
        self.answer(request, notify, Ask::refreshing)
    }

    /// Refreshes the credential of `request` before its time, for a process in the background that
    /// nobody waits for; whether it did. Where another process is at it, or the credential has been
    /// renewed already, nothing is done.
    ///
    /// The plugin may not prompt and is stopped after 60 s at the latest, whatever `request` and the
    /// settings say; a failure leaves the old credential as it is.
    ///
    /// # Errors
    /// [`Error`] where the plugin gives none.
    pub fn refresh_ahead(&self, request: &Request, notify: Notify<'_>) -> Result<bool, Error> {
        let Ok(store) = self.open_store() else {
            return Ok(false);
        };
        let settings = self.settings.clone().with_plugin_limit();
        let request = request.without_prompt();
        let ask = Ask::new(&settings, self.clock(), &request, notify);
        ask.permitted()?.refresh_ahead(&store)
    }

    fn ask(
        &self,
        request: &Request,
        rejected: Option<&Secret>,
        notify: Notify<'_>,
    ) -> Result<Answer, Error> {
        self.answer(request, notify, |ask| {
            ask.instead_of(rejected).for_client(self.serves_parent)
        })
    }

    fn answer<'a>(
        &'a self,
        request: &'a Request,
        notify: Notify<'a>,
        adjust: impl FnOnce(Ask<'a>) -> Ask<'a>,
    ) -> Result<Answer, Error> {
        let store = self.open_store();
        if let Err(problem) = &store {
            let problem = problem.clone();
            notify(Notice::NotStored { problem });
        }
        let ask = Ask::new(&self.settings, self.clock.as_ref(), request, notify);
        let ask = adjust(ask.permitted()?);
        match store {
            Ok(store) => ask.answer_from(&store),
            Err(_) => ask.answer_unstored(),
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    pub(crate) fn open_store(&self) -> Result<Store, String> {
        match &self.settings.directory {
            Directory::Nowhere(reason) => Err((*reason).to_owned()),
            Directory::At(path) => {
                let store = Store::open(path).map_err(|error| error.to_string())?;
                store.with_backend(self.settings.backend)
            }
        }
    }
}

impl Request {
    /// The same ask by a client that has no terminal.
    fn without_prompt(&self) -> Self {
        let mut info = self.info.clone();
        info.interactive = false;
        let mut environment = self.environment.clone();
        if let Some(info) = info.to_json() {
            environment.set(exec_info::VARIABLE, info);
        }
        Self {
            info,
            command: self.command.clone(),
            args: self.args.clone(),
            environment,
            policy: self.policy.clone(),
            forward_signals: self.forward_signals,
        }
    }
}

impl Notice {
    /// Whether a person should see it unasked.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::EntryUnusable { .. }
            | Self::NotStored { .. }
            | Self::Waiting
            | Self::NotLocked { .. }
            | Self::PluginFailed { .. }
            | Self::KubercIgnored { .. } => true,
            Self::Miss { .. } | Self::Hit { .. } | Self::PluginStarts | Self::PluginRan { .. } => {
                false
            }
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("info", &self.info)
            .field("command", &self.command)
            .field("args", &format_args!("{} of them", self.args.len()))
            .field("environment", &self.environment)
            .field("policy", &self.policy)
            .field("forward_signals", &self.forward_signals)
            .finish()
    }
}

impl fmt::Debug for CredentialCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("CredentialCache");
        debug
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EntryUnusable { path, problem } => {
                write!(f, "the entry {} is not used: {problem}", path.display())
            }
            Self::NotStored { problem } => {
                write!(f, "the credential could not be stored: {problem}")
            }
            Self::Waiting => {
                f.write_str("another process runs the plugin for this credential; waiting for it")
            }
            Self::NotLocked { problem } => {
                write!(
                    f,
                    "the plugin runs without a lock, perhaps beside another run: {problem}"
                )
            }
            Self::PluginFailed {
                problem,
                expires_at,
            } => {
                write!(
                    f,
                    "{problem}; using the stored credential, good until {expires_at:.0}"
                )
            }
            Self::KubercIgnored { path, problem } => {
                write!(
                    f,
                    "kuberc: no preferences loaded from {}: {problem}",
                    path.display()
                )
            }
            Self::Miss {
                reason,
                path: Some(path),
            } => write!(f, "miss: {reason}: {}", path.display()),
            Self::Miss { reason, path: None } => write!(f, "miss: {reason}"),
            Self::Hit { path, expires_at } => {
                write!(f, "hit: {}, good until {expires_at:.0}", path.display())
            }
            Self::PluginStarts => f.write_str("the plugin is started"),
            Self::PluginRan { took } => write!(f, "the plugin ran for {took:.0?}"),
        }
    }
}

impl fmt::Display for MissReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "there is no usable entry",
            Self::Expired => "the entry has expired",
            Self::InMargin => "the entry is near its expiry",
            Self::ClockSetBack => "the entry is from the future; the clock was set back",
            Self::NoStore => "there is no store",
            Self::Rejected => "the server refused the entry",
            Self::AskedAgain => "its client asks again; the server seems to have refused the entry",
            Self::FilesChanged => "who is active changed while the entry's plugin ran",
            Self::Ahead => "it is refreshed before its time",
            Self::Refresh => "a refresh was asked for",
        })
    }
}
