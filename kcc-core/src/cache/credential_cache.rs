use std::fmt;

use super::fetch::Fetch;
use super::request::Request;
use super::response::Response;
use crate::clock::{Clock, SystemClock};
use crate::error::Error;
use crate::notice::{Notice, Notify};
use crate::secret::Secret;
use crate::settings::Settings;
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
/// let response = cache.get(&request, &mut |notice| eprintln!("{notice}"))?;
/// println!("{} bytes from {:?}", response.credential.expose().len(), response.source);
/// # Ok::<(), kcc_core::Error>(())
/// ```
pub struct CredentialCache {
    settings: Settings,
    clock: Box<dyn Clock>,
    serves_parent: bool,
}

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

    /// The same cache for a program that its parent process runs as its plugin, once for each request.
    ///
    /// Such a client tells nothing of a 401, but runs it again, and that shows: a request that the
    /// same process repeats for a credential that it was given, which has long to live, has the
    /// credential replaced. `KUBE_CREDENTIAL_CACHE_RENEW_REJECTED=0` switches that off.
    #[must_use]
    pub fn for_parent_process(mut self) -> Self {
        self.serves_parent = true;
        self
    }

    /// The credential that `request` is for.
    ///
    /// # Errors
    /// [`Error`] where the plugin gives none and no stored one is still valid.
    pub fn get(&self, request: &Request, notify: Notify<'_>) -> Result<Response, Error> {
        self.fetch(request, notify, |fetch| {
            fetch.for_client(self.serves_parent)
        })
    }

    /// A credential in place of `rejected`, an earlier [`Response::credential`] that the server
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
    ) -> Result<Response, Error> {
        self.fetch(request, notify, |fetch| {
            fetch.instead_of(rejected).for_client(self.serves_parent)
        })
    }

    /// Runs the plugin of `request` now and replaces the stored credential, however good it is: where
    /// the server has revoked it, or the person is somebody else by now.
    ///
    /// Of several processes that do so at once one runs the plugin, and the others share its answer.
    ///
    /// # Errors
    /// [`Error`] where the plugin gives none; the stored one stays as it is.
    pub fn refresh(&self, request: &Request, notify: Notify<'_>) -> Result<Response, Error> {
        self.fetch(request, notify, Fetch::refreshing)
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
        let fetch = Fetch::new(&settings, self.clock(), &request, notify);
        fetch.permitted()?.refresh_ahead(&store)
    }

    fn fetch<'a>(
        &'a self,
        request: &'a Request,
        notify: Notify<'a>,
        adjust: impl FnOnce(Fetch<'a>) -> Fetch<'a>,
    ) -> Result<Response, Error> {
        let store = self.open_store();
        let store = store.map_err(|problem| notify(Notice::NotStored { problem }));
        let fetch = Fetch::new(&self.settings, self.clock(), request, notify);
        let fetch = adjust(fetch.permitted()?);
        match store {
            Ok(store) => fetch.get_from(&store),
            Err(()) => fetch.get_unstored(),
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    pub(super) fn open_store(&self) -> Result<Store, String> {
        let path = self.settings.directory.as_ref();
        let path = path.map_err(|reason| (*reason).to_owned())?;
        let store = Store::open(path).map_err(|error| error.to_string())?;
        store.with_backend(self.settings.backend)
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
