mod ahead;
mod place;
mod refresh;
mod refused;
mod session;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::cache::{Answer, MissReason, Notice, Notify, Request, Source};
use crate::client_process::ClientProcess;
use crate::clock::Clock;
use crate::error::{Error, Failure, StartProblem};
use crate::exec_credential::ExecCredential;
use crate::exec_info;
use crate::identity::{self, FileState};
use crate::key::KeyParts;
use crate::lock::{Attempt, KeyLock, RunLock, Wait};
use crate::plugin::Plugin;
use crate::policy::PolicyError;
use crate::prompt;
use crate::search::LookUpError;
use crate::secret::Secret;
use crate::served::ServedLog;
use crate::settings::Settings;
use crate::store::{Entry, Lookup, Metadata, Store};
use crate::url::without_password;
use place::Place;

/// How much longer than the plugin may run one waits for another process's run.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// An entry that seems to be stored this much later than now is older than the clock's setting.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// One ask on its way to an answer.
pub(crate) struct Ask<'a> {
    settings: &'a Settings,
    clock: &'a dyn Clock,
    request: &'a Request,
    /// An answer that the server refused: an entry that is this one does not answer.
    rejected: Option<&'a Secret>,
    /// Whether a person wants a new answer, however good the stored one is.
    refreshes: bool,
    /// Whether this program stands in front of a plugin for the process that started it.
    serves_parent: bool,
    /// Whose repeated ask would show that the server refused what it was given; `None` where that
    /// is not looked for.
    client: Option<ClientProcess>,
    /// When the entry was stored that the server seems to have refused.
    refused: Option<Timestamp>,
    /// What is run: an absolute path, or a bare name.
    program: Cow<'a, OsStr>,
    /// How the files were that say who is active, when the ask began.
    files: Vec<FileState>,
    /// The file that is run instead, where the policy looked which one it is.
    permitted: Option<PathBuf>,
    /// What other processes come to from here on is for this ask, too.
    began: Timestamp,
    notify: Notify<'a>,
}

/// Whose turn it is to run the plugin.
enum Turn {
    /// Ours.
    Ours(Hold),
    /// Nobody's: another process's run was for us, too.
    Answered(Entry),
    /// Nobody's: another process's run was for us, too, and failed.
    Failed(Failure),
}

/// What is in hand when the plugin is run; the warning is out where it is not the lock.
enum Hold {
    /// The key's lock.
    Lock(KeyLock),
    /// Nothing; another process may run the plugin at the same time.
    Nothing,
    /// Nothing, and the answer cannot be stored either.
    NoStore,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(
        settings: &'a Settings,
        clock: &'a dyn Clock,
        request: &'a Request,
        notify: Notify<'a>,
    ) -> Self {
        let program = program(&request.command, settings.command_dir.as_deref());
        Self {
            files: files(settings, request, &program),
            settings,
            clock,
            request,
            rejected: None,
            refreshes: false,
            serves_parent: false,
            client: None,
            refused: None,
            program,
            permitted: None,
            began: clock.now(),
            notify,
        }
    }

    /// The same ask for anything but `rejected`.
    pub(crate) fn instead_of(mut self, rejected: Option<&'a Secret>) -> Self {
        self.rejected = rejected;
        self
    }

    /// The same ask, if its plugin may run.
    pub(crate) fn permitted(mut self) -> Result<Self, Error> {
        self.permitted = self.request.policy.check_inner(&self.program)?;
        Ok(self)
    }

    /// Answers from `store`, or by a plugin run whose answer goes there.
    pub(crate) fn answer_from(mut self, store: &Store) -> Result<Answer, Error> {
        let place = self.place(store);
        let path = store.path_of(place.key);
        let reason = match place.look_up() {
            Lookup::Found(entry) => match self.reason_to_renew(&entry) {
                None if self.is_refused(place, &entry) => MissReason::AskedAgain,
                None => {
                    let expires_at = entry.metadata.expires_at;
                    (self.notify)(Notice::Hit { path, expires_at });
                    let refresh_is_due = self.refresh_is_due(place, &entry);
                    let answer = self.answer(entry, Source::Cache);
                    return Ok(Answer {
                        refresh_is_due,
                        ..answer
                    });
                }
                Some(reason) => reason,
            },
            Lookup::Absent => MissReason::Absent,
            Lookup::Unusable(fault) => {
                let problem = fault.to_string();
                let path = path.clone();
                (self.notify)(Notice::EntryUnusable { path, problem });
                MissReason::Absent
            }
        };
        let path = Some(path);
        (self.notify)(Notice::Miss { reason, path });
        self.answer_in_turn(place)
    }

    /// Answers by a plugin run, where there is no store.
    pub(crate) fn answer_unstored(mut self) -> Result<Answer, Error> {
        let reason = MissReason::NoStore;
        (self.notify)(Notice::Miss { reason, path: None });
        let credential = self.run_plugin(None)?;
        let now = self.clock.now();
        let expires_at = self.expiry(&credential, now);
        Ok(Answer {
            credential: credential.to_json(expires_at.filter(|_| self.gives_expiry())),
            source: Source::Plugin,
            renew_at: expires_at.map(|expires_at| self.settings.renew_at(now, expires_at)),
            refresh_is_due: false,
        })
    }

    fn answer_in_turn(&mut self, place: Place<'_>) -> Result<Answer, Error> {
        match self.await_turn(place) {
            Turn::Ours(hold) => {
                let answer = self.answer_by_plugin(place, &hold);
                drop(hold);
                place.store.prune_now_and_then(self.clock.now());
                answer
            }
            Turn::Answered(entry) => {
                self.note_served(place, &entry);
                Ok(self.answer(entry, Source::OtherProcess))
            }
            Turn::Failed(failure) => {
                let command = self.request.command.clone();
                self.fall_back(place, Error::Shared { command, failure })
            }
        }
    }

    /// Waits for the key's lock, or for what the process that holds it comes to.
    fn await_turn(&mut self, place: Place<'_>) -> Turn {
        let Some(mut lock) = self.open_lock(place) else {
            return Turn::Ours(Hold::NoStore);
        };
        let patience = self.timeout().map(|timeout| timeout + LOCK_PATIENCE);
        let mut wait = Wait::new(patience);
        loop {
            let attempt = lock.attempt();
            if let Attempt::Impossible(error) = attempt {
                return self.without_lock(place, &format!("no locks there: {error}"));
            }
            if let Attempt::Removed = attempt {
                match self.open_lock(place) {
                    Some(new) => lock = new,
                    None => return Turn::Ours(Hold::NoStore),
                }
                continue;
            }
            // Also with the lock in hand: it may be the one that another has just let go.
            if let Some(entry) = self.answer_of_another(place) {
                return Turn::Answered(entry);
            }
            let now = self.clock.now();
            if let Some(failure) = lock.failure_since(self.began, now, self.interactive()) {
                return Turn::Failed(failure);
            }
            if let Attempt::Locked = attempt {
                return Turn::Ours(Hold::Lock(lock));
            }
            if wait.is_over() {
                let seconds = wait.waited().as_secs();
                return self.without_lock(place, &format!("it has been held for {seconds} s"));
            }
            wait.pause(&mut || (self.notify)(Notice::Waiting));
        }
    }

    fn open_lock(&mut self, place: Place<'_>) -> Option<KeyLock> {
        let opened = KeyLock::open(place.store, place.key);
        opened
            .map_err(|error| {
                let path = place.store.path_beside(place.key, KeyLock::EXTENSION);
                let problem = format!("{}: {error}", path.display());
                (self.notify)(Notice::NotStored { problem });
            })
            .ok()
    }

    fn without_lock(&mut self, place: Place<'_>, problem: &str) -> Turn {
        let path = place.store.path_beside(place.key, KeyLock::EXTENSION);
        let problem = format!("{}: {problem}", path.display());
        (self.notify)(Notice::NotLocked { problem });
        Turn::Ours(Hold::Nothing)
    }

    /// An entry that answers: a fresh one, or one that was stored for an ask of our time, however
    /// short its life is.
    fn answer_of_another(&self, place: Place<'_>) -> Option<Entry> {
        let Lookup::Found(entry) = place.look_up() else {
            return None;
        };
        let answers = match self.reason_to_renew(&entry) {
            None => true,
            Some(MissReason::InMargin | MissReason::FilesChanged) => {
                entry.metadata.stored_at >= self.began
            }
            Some(_) => false,
        };
        answers.then_some(entry)
    }

    fn answer_by_plugin(&mut self, place: Place<'_>, hold: &Hold) -> Result<Answer, Error> {
        let session = match hold {
            Hold::Lock(_) => self.await_session(place),
            Hold::Nothing | Hold::NoStore => None,
        };
        let run_lock = match hold {
            Hold::Lock(_) => {
                let waits_long = &mut || (self.notify)(Notice::Waiting);
                RunLock::acquire(place.store, place.key, waits_long)
            }
            Hold::Nothing | Hold::NoStore => None,
        };
        self.note_replacement(place);
        let ran = self.run_plugin(run_lock.as_ref());
        // Its file is only touched under the key's lock.
        drop(run_lock);
        drop(session);
        match ran {
            Ok(credential) => Ok(self.store(place, &credential, hold)),
            Err(error) => {
                if let (Hold::Lock(lock), Some(failure)) = (hold, error.failure()) {
                    lock.record_failure(failure, self.clock.now(), self.interactive());
                }
                self.fall_back(place, error)
            }
        }
    }

    fn store(&mut self, place: Place<'_>, credential: &ExecCredential, hold: &Hold) -> Answer {
        let stored_at = self.clock.now();
        let expires_at = self.expiry(credential, stored_at);
        let source = Source::Plugin;
        // What has already expired is passed on for the client to judge.
        let keeps = expires_at.filter(|at| *at > stored_at && !matches!(hold, Hold::NoStore));
        let Some(expires_at) = keeps else {
            return Answer {
                credential: credential.to_json(expires_at.filter(|_| self.gives_expiry())),
                source,
                renew_at: expires_at
                    .map(|expires_at| self.settings.renew_at(stored_at, expires_at)),
                refresh_is_due: false,
            };
        };
        let (key, unasked) = place.of_answer(credential);
        let entry = Entry {
            metadata: Metadata {
                unasked,
                parts: self.key_parts().shown(place.store.installation()),
                ..self.metadata(credential, stored_at, expires_at)
            },
            credential: credential.to_json(Some(expires_at)),
        };
        let exclusive = matches!(hold, Hold::Lock(_));
        if let Err(fault) = place.store.put(key, &entry, exclusive) {
            let path = place.store.path_of(key);
            let problem = format!("{}: {fault}", path.display());
            (self.notify)(Notice::NotStored { problem });
        } else {
            if let Some(mut log) = ServedLog::open_existing(place.store, place.key) {
                log.begin(stored_at, stored_at);
            }
            self.note_served(place, &entry);
        }
        self.answer(entry, source)
    }

    fn metadata(
        &self,
        credential: &ExecCredential,
        stored_at: Timestamp,
        expires_at: Timestamp,
    ) -> Metadata {
        Metadata {
            stored_at,
            expires_at,
            kind: credential.kind(),
            command: self.request.command.to_string_lossy().into_owned(),
            user: self.settings.user.to_string_lossy().into_owned(),
            server: self
                .request
                .info
                .server()
                .map(without_password)
                .map(Cow::into_owned),
            unasked: false,
            inferred: !credential.states_expiry(),
            parts: vec![],
            moved: files(self.settings, self.request, &self.program) != self.files,
        }
    }

    /// A credential that has not expired is better than none.
    fn fall_back(&mut self, place: Place<'_>, error: Error) -> Result<Answer, Error> {
        // What a person wants replaced is no help.
        if error.is_interruption() || self.refreshes {
            return Err(error);
        }
        let Lookup::Found(entry) = place.look_up_after_failure() else {
            return Err(error);
        };
        let expires_at = entry.metadata.expires_at;
        let is_another = self.is_rejected(&entry) || entry.metadata.moved;
        if expires_at <= self.clock.now() || is_another {
            return Err(error);
        }
        let problem = error.to_string();
        (self.notify)(Notice::PluginFailed {
            problem,
            expires_at,
        });
        Ok(self.answer(entry, Source::CacheAfterFailure))
    }

    fn run_plugin(&mut self, lock: Option<&RunLock<'_>>) -> Result<ExecCredential, Error> {
        let request = self.request;
        let mut env = Cow::Borrowed(&request.environment);
        if env.non_empty(exec_info::VARIABLE).is_none()
            && let Some(info) = request.info.to_json()
        {
            env.to_mut().set(exec_info::VARIABLE, info);
        }
        let program = match &self.permitted {
            Some(path) => path.clone(),
            None => self.locate()?,
        };
        let plugin = Plugin {
            command: &request.command,
            name: &self.program,
            program: &program,
            args: &request.args,
            env: &env,
            interactive: self.interactive(),
            timeout: self.timeout(),
            install_hint: self.settings.install_hint.as_deref(),
            forward_signals: request.forward_signals,
        };
        (self.notify)(Notice::PluginStarts);
        let started = Instant::now();
        let output = plugin.run(lock);
        let took = started.elapsed();
        (self.notify)(Notice::PluginRan { took });
        let parsed = ExecCredential::parse(output?.expose(), request.info.api_version);
        parsed.map_err(|problem| Error::Answer {
            command: request.command.clone(),
            problem,
        })
    }

    /// The file to run. Where it is found by way of the working directory, client-go shows the hint
    /// as for one that is missing.
    fn locate(&self) -> Result<PathBuf, Error> {
        let request = self.request;
        let located = request.policy.locate(&self.program, &request.environment);
        let problem = match located {
            Err(PolicyError::Unresolved { problem, .. }) => problem,
            located => return Ok(located?),
        };
        Err(Error::Start {
            command: request.command.clone(),
            problem: match problem {
                LookUpError::NotFound => StartProblem::NotFound { in_path: true },
                LookUpError::Relative { path } => StartProblem::InWorkingDirectory { path },
                LookUpError::System(error) => StartProblem::System(error),
            },
            hint: self.settings.install_hint.clone(),
        })
    }

    /// Whether the client is given an expiry that the plugin did not name. kube-rs needs it. A client
    /// that does not say that it is one gets what the plugin gives: client-node asks again before
    /// each request where there is none, and would use a revoked credential until that end.
    fn gives_expiry(&self) -> bool {
        self.request.info.api_version.is_some()
    }

    fn answer(&self, entry: Entry, source: Source) -> Answer {
        let Metadata {
            stored_at,
            expires_at,
            inferred,
            ..
        } = entry.metadata;
        let as_given = (inferred && !self.gives_expiry())
            .then(|| ExecCredential::parse(entry.credential.expose(), None).ok())
            .flatten();
        Answer {
            credential: as_given.map_or(entry.credential, ExecCredential::without_expiry),
            source,
            renew_at: Some(self.settings.renew_at(stored_at, expires_at)),
            refresh_is_due: false,
        }
    }

    /// Why an entry does not answer; `None` where it does.
    pub(crate) fn reason_to_renew(&self, entry: &Entry) -> Option<MissReason> {
        let Metadata {
            stored_at,
            expires_at,
            ..
        } = entry.metadata;
        let now = self.clock.now();
        if expires_at <= now {
            Some(MissReason::Expired)
        } else if is_from_the_future(stored_at, now) {
            Some(MissReason::ClockSetBack)
        } else if self.is_outdated(entry) {
            Some(MissReason::Refresh)
        } else if self.is_rejected(entry) {
            Some(MissReason::Rejected)
        } else if self.refused == Some(stored_at) {
            Some(MissReason::AskedAgain)
        } else if entry.metadata.moved {
            Some(MissReason::FilesChanged)
        } else if self.settings.renew_at(stored_at, expires_at) <= now {
            Some(MissReason::InMargin)
        } else {
            None
        }
    }

    fn is_rejected(&self, entry: &Entry) -> bool {
        self.rejected == Some(&entry.credential)
    }

    /// When the credential ends: as it says itself, else after the default TTL. `None` where that
    /// is zero: then it is not kept.
    fn expiry(&self, credential: &ExecCredential, now: Timestamp) -> Option<Timestamp> {
        let ttl = self.settings.default_ttl;
        credential
            .expires_at()
            .or_else(|| (!ttl.is_zero()).then(|| now + ttl))
    }

    fn timeout(&self) -> Option<Duration> {
        self.settings.plugin_timeout.limit(self.interactive())
    }

    /// Whether a person may be asked for something.
    fn may_prompt(&self) -> bool {
        self.interactive() && !prompt::never_prompts(&self.program, &self.request.args)
    }

    fn interactive(&self) -> bool {
        self.request.info.interactive
    }

    pub(crate) fn key_parts(&self) -> KeyParts<'_> {
        let request = self.request;
        KeyParts {
            api_version: request.info.api_version.or(self.settings.api_version),
            command: &self.program,
            args: &request.args,
            env: KeyParts::relevant_env(&request.environment, &self.settings.key_names),
            files: &self.files,
            cluster: request.info.cluster.as_ref(),
            user: &self.settings.user,
        }
    }
}

/// How the files are now that say who is active.
fn files(settings: &Settings, request: &Request, program: &OsStr) -> Vec<FileState> {
    let own = &settings.key_files;
    identity::files(program, &request.args, &request.environment, own)
}

/// Whether an entry seems to be stored later than now: then the clock was set back.
pub(crate) fn is_from_the_future(stored_at: Timestamp, now: Timestamp) -> bool {
    stored_at > now + CLOCK_TOLERANCE
}

/// A bare name is for `PATH`. A path is made absolute: client-go resolves the one in a kubeconfig
/// against the file's directory, but not one that has become an argument of the cache.
fn program<'a>(command: &'a OsStr, directory: Option<&Path>) -> Cow<'a, OsStr> {
    let path = Path::new(command);
    if path.is_absolute() || !command.as_encoded_bytes().contains(&b'/') {
        return Cow::Borrowed(command);
    }
    let from = directory.map_or_else(|| path.to_owned(), |directory| directory.join(path));
    match std::path::absolute(from) {
        Ok(absolute) => Cow::Owned(OsString::from(absolute)),
        Err(_) => Cow::Borrowed(command),
    }
}
