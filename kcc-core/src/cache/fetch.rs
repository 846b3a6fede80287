use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::request::Request;
use crate::clock::Clock;
use crate::error::Error;
use crate::identity::{self, FileState};
use crate::key::KeyParts;
use crate::notice::Notify;
use crate::plugin::never_prompts;
use crate::process::ClientProcess;
use crate::secret::Secret;
use crate::settings::Settings;

/// How much longer than the plugin may run one waits for another process's run.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// A request on its way to its response.
pub(super) struct Fetch<'a> {
    pub(super) settings: &'a Settings,
    pub(super) clock: &'a dyn Clock,
    pub(super) request: &'a Request,
    /// A credential that the server refused: an entry that is this one does not answer.
    pub(super) rejected: Option<&'a Secret>,
    /// Whether a person wants a new one, however good the stored one is.
    pub(super) refreshes: bool,
    /// Whether this program stands in front of a plugin for the process that started it.
    pub(super) serves_parent: bool,
    /// Whose repeated request would show that the server refused what it was given; `None` where that
    /// is not looked for.
    pub(super) client: Option<ClientProcess>,
    /// When the entry was stored that the server seems to have refused.
    pub(super) refused: Option<Timestamp>,
    /// What is run: an absolute path, or a bare name.
    pub(super) program: Cow<'a, OsStr>,
    /// How the files were that say who is active, when the request came.
    pub(super) files: Vec<FileState>,
    /// The file that is run instead, where the policy looked which one it is.
    pub(super) permitted: Option<PathBuf>,
    /// What other processes come to from here on is for this request, too.
    pub(super) began: Timestamp,
    pub(super) notify: Notify<'a>,
}

impl<'a> Fetch<'a> {
    pub(super) fn new(
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

    /// The same for anything but `rejected`.
    pub(super) fn instead_of(mut self, rejected: &'a Secret) -> Self {
        self.rejected = Some(rejected);
        self
    }

    /// The same for a credential that is given from now on: what is stored already does not answer,
    /// nor does it stand in for a run that fails.
    ///
    /// The key's lock holds as for every request, so that of several processes that refresh at once
    /// one runs the plugin, and whoever waits for a credential gets this one.
    pub(super) fn refreshing(mut self) -> Self {
        self.refreshes = true;
        self
    }

    /// The same, if its plugin may run.
    pub(super) fn permitted(mut self) -> Result<Self, Error> {
        self.permitted = self.request.policy.check_inner(&self.program)?;
        Ok(self)
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.settings.plugin_timeout.limit(self.interactive())
    }

    /// How long one waits for another process's run.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.timeout().map(|timeout| timeout + LOCK_PATIENCE)
    }

    /// Whether the plugin may prompt a person.
    pub(super) fn may_prompt(&self) -> bool {
        self.interactive() && !never_prompts(&self.program, &self.request.args)
    }

    pub(super) fn interactive(&self) -> bool {
        self.request.info.interactive
    }

    pub(super) fn key_parts(&self) -> KeyParts<'_> {
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
pub(super) fn files(settings: &Settings, request: &Request, program: &OsStr) -> Vec<FileState> {
    let own = &settings.key_files;
    identity::files(program, &request.args, &request.environment, own)
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
