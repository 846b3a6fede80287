//! The plugin is run, and what it gives is kept.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;

use super::fetch::{Fetch, files};
use super::response::{Response, Source};
use super::slot::Slot;
use super::turn::Hold;
use crate::error::Error;
use crate::exec::ExecCredential;
use crate::notice::Notice;
use crate::plugin::{End, Plugin, PluginError, RunLock, StartProblem};
use crate::policy::PolicyError;
use crate::search_path::LookUpError;
use crate::store::{Entry, Lookup, Metadata};
use crate::url::without_password;
use crate::use_log::UseLog;
use crate::variable;

impl Fetch<'_> {
    /// Runs the plugin with what is in hand, and falls back on what is stored where it fails.
    pub(super) fn run_in_turn(&mut self, slot: Slot<'_>, hold: &Hold) -> Result<Response, Error> {
        let session = match hold {
            Hold::Lock(_) => self.await_session(slot),
            Hold::Nothing | Hold::NoStore => None,
        };
        let run_lock = match hold {
            Hold::Lock(_) => {
                let waits_long = &mut || (self.notify)(Notice::Waiting);
                RunLock::acquire(slot.store, slot.key, waits_long)
            }
            Hold::Nothing | Hold::NoStore => None,
        };
        self.note_replacement(slot);
        let ran = self.run_plugin(run_lock.as_ref());
        // Its file is only touched under the key's lock.
        drop(run_lock);
        drop(session);
        match ran {
            Ok(credential) => Ok(self.keep(slot, &credential, hold)),
            Err(error) => {
                if let (Hold::Lock(lock), Some(failure)) = (hold, error.failure()) {
                    lock.record_failure(failure, self.clock.now(), self.interactive());
                }
                self.fall_back(slot, error)
            }
        }
    }

    fn keep(&mut self, slot: Slot<'_>, credential: &ExecCredential, hold: &Hold) -> Response {
        let stored_at = self.clock.now();
        let expires_at = self.expiry(credential, stored_at);
        // What has already expired is passed on for the client to judge.
        let keeps = expires_at.filter(|at| *at > stored_at && !matches!(hold, Hold::NoStore));
        let Some(expires_at) = keeps else {
            return self.respond_unstored(credential, stored_at, expires_at);
        };
        let (key, unrequested) = slot.of_credential(credential);
        let entry = Entry {
            metadata: Metadata {
                unrequested,
                parts: self.key_parts().shown(slot.store.installation()),
                ..self.metadata(credential, stored_at, expires_at)
            },
            credential: credential.to_json(Some(expires_at)),
        };
        let exclusive = matches!(hold, Hold::Lock(_));
        if let Err(fault) = slot.store.put(key, &entry, exclusive) {
            let path = slot.store.path_of(key);
            let problem = format!("{}: {fault}", path.display());
            (self.notify)(Notice::NotStored { problem });
        } else {
            if let Some(mut log) = UseLog::open_existing(slot.store, slot.key) {
                log.begin(stored_at, stored_at);
            }
            self.note_use(slot, &entry);
        }
        self.respond(entry, Source::Plugin)
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
            unrequested: false,
            inferred: !credential.states_expiry(),
            parts: vec![],
            moved: files(self.settings, self.request, &self.program) != self.files,
        }
    }

    /// A credential that has not expired is better than none.
    pub(super) fn fall_back(&mut self, slot: Slot<'_>, error: Error) -> Result<Response, Error> {
        // What a person wants replaced is no help.
        if error.is_interruption() || self.refreshes {
            return Err(error);
        }
        let Lookup::Found(entry) = slot.look_up_after_failure() else {
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
        Ok(self.respond(entry, Source::CacheAfterFailure))
    }

    pub(super) fn run_plugin(
        &mut self,
        lock: Option<&RunLock<'_>>,
    ) -> Result<ExecCredential, Error> {
        let request = self.request;
        let mut env = Cow::Borrowed(&request.environment);
        if env.non_empty(variable::EXEC_INFO).is_none()
            && let Some(info) = request.info.to_json()
        {
            env.to_mut().set(variable::EXEC_INFO, info);
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
        let exit_code = match &output {
            Ok(_) => Some(0),
            Err(PluginError::Failed {
                end: End::Code(code),
                ..
            }) => Some(*code),
            Err(_) => None,
        };
        (self.notify)(Notice::PluginRan { took, exit_code });
        let parsed = ExecCredential::parse(output?.expose(), request.info.api_version);
        Ok(parsed.map_err(|problem| PluginError::Output {
            command: request.command.clone(),
            problem,
        })?)
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
        Err(PluginError::Start {
            command: request.command.clone(),
            problem: match problem {
                LookUpError::NotFound => StartProblem::NotFound { in_path: true },
                LookUpError::Relative { path } => StartProblem::InWorkingDirectory { path },
                LookUpError::System(error) => StartProblem::System(error),
            },
            hint: self.settings.install_hint.clone(),
        }
        .into())
    }
}
