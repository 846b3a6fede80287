//! Which exec plugins the user's kuberc allows.
//!
//! The rules are those of client-go (plugin/pkg/client/auth/exec/exec.go, `ValidatePluginPolicy`
//! and `checkAllowlistLocked`) and of kubectl (pkg/kuberc), and so are the words of the errors.

mod error;
mod kuberc;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::notice::{Notice, Notify};
use crate::path::clean;
use crate::search_path::SearchPath;
use crate::wrapper::is_cache;
use kuberc::{Kuberc, Rule};

pub use error::PolicyError;

/// The `credentialPluginPolicy` of a kuberc: which exec plugins may run, and where they are looked
/// for. By default all of them may, and their own `PATH` counts.
///
/// kubectl applies it to the `command` of a kubeconfig's user. Behind a wrapper the plugin is an
/// argument, at which kubectl does not look, so every request to a
/// [`CredentialCache`](crate::CredentialCache) is checked again.
///
/// ```
/// # let home = tempfile::tempdir()?;
/// # std::fs::create_dir(home.path().join(".kube"))?;
/// # std::fs::write(home.path().join(".kube/kuberc"), "
/// # apiVersion: kubectl.config.k8s.io/v1beta1
/// # kind: Preference
/// # credentialPluginPolicy: Allowlist
/// # credentialPluginAllowlist: [{command: aws}]")?;
/// use kcc_core::{Environment, PluginPolicy};
///
/// let client = Environment::of_process();
/// # let client: Environment = [("HOME", home.path())].into_iter().collect();
/// let policy = PluginPolicy::load(&client, &mut |warning| eprintln!("{warning}"))?;
/// let refused = policy.check("kcc-cache").unwrap_err();
/// assert!(refused.to_string().contains("credential plugin allowlist"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct PluginPolicy {
    rule: Rule,
    /// The file that has the rule.
    kuberc: PathBuf,
    /// The client's `PATH`; none by default.
    search_path: Option<SearchPath>,
}

impl PluginPolicy {
    /// The variables of a client that decide which plugins may run, and which file a plugin is.
    pub const VARIABLES: [&str; 4] = ["HOME", "KUBECTL_KUBERC", "KUBERC", "PATH"];

    /// The policy that kubectl would apply if it was started in the environment `client`: of the
    /// file that `KUBERC` names, else of `~/.kube/kuberc`.
    ///
    /// `client` must not hold what a kubeconfig sets (`exec.env`), or a kubeconfig could switch
    /// the policy off: [`Environment::of_client`] is it for a program in a plugin's place.
    /// A `--kuberc` on kubectl's command line is not seen.
    ///
    /// A default file that cannot be read is a warning and no policy, as for kubectl.
    ///
    /// # Errors
    /// [`PolicyError::Unreadable`] for a file that `KUBERC` names, and
    /// [`PolicyError::Misconfigured`] for any file.
    pub fn load(client: &Environment, notify: Notify<'_>) -> Result<Self, PolicyError> {
        let search_path = Some(SearchPath::of(client));
        let Some(location) = kuberc::Location::of(client) else {
            return Ok(Self {
                search_path,
                ..Self::default()
            });
        };
        let read = location.read();
        let kuberc::Location {
            path: kuberc,
            is_explicit,
        } = location;
        let found = match read {
            Ok(found) => found,
            Err(problem) if is_explicit => {
                return Err(PolicyError::Unreadable { kuberc, problem });
            }
            Err(problem) => {
                let path = kuberc.clone();
                notify(Notice::KubercIgnored { path, problem });
                None
            }
        };
        match found.map_or(Ok(Rule::AllowAll), Kuberc::into_rule) {
            Ok(rule) => Ok(Self {
                rule,
                kuberc,
                search_path,
            }),
            Err(problem) => Err(PolicyError::Misconfigured { kuberc, problem }),
        }
    }

    /// Whether kubectl would run `command`: a bare name, or a path that starts from the root.
    ///
    /// Where the policy had to look which file that is, it is given, and is what may be run.
    ///
    /// # Errors
    /// [`PolicyError`] where it may not run.
    pub fn check(&self, command: impl AsRef<OsStr>) -> Result<Option<PathBuf>, PolicyError> {
        let command = command.as_ref();
        match &self.rule {
            Rule::AllowAll => Ok(None),
            Rule::DenyAll => Err(PolicyError::Denied {
                command: command.to_owned(),
                kuberc: self.kuberc.clone(),
            }),
            Rule::Allowlist(entries) => self.check_allowlist(entries, command),
        }
    }

    /// The same for a command behind the cache.
    pub(crate) fn check_inner(&self, command: &OsStr) -> Result<Option<PathBuf>, PolicyError> {
        let permitted = self.check(command)?;
        if is_cache(Path::new(command)) {
            self.check_nested(command)?;
        }
        Ok(permitted)
    }

    /// Refuses `command`, the cache behind the cache, where only listed plugins may run.
    pub(crate) fn check_nested(&self, command: &OsStr) -> Result<(), PolicyError> {
        match self.rule {
            Rule::Allowlist(_) => Err(self.nested(command)),
            Rule::AllowAll | Rule::DenyAll => Ok(()),
        }
    }

    /// The file to run for a command that was permitted as it is written: a path is that file, and
    /// a bare name is looked for in the client's `PATH`. The plugin's own, `plugin`, is the
    /// kubeconfig's to choose and counts only where no client is known.
    pub(crate) fn locate(
        &self,
        command: &OsStr,
        plugin: &Environment,
    ) -> Result<PathBuf, PolicyError> {
        let path = if command.as_bytes().contains(&b'/') {
            clean(command).into()
        } else {
            let search_path = self.search_path.clone();
            let search_path = search_path.unwrap_or_else(|| SearchPath::of(plugin));
            resolve(&search_path, command)?
        };
        match (&self.rule, path.canonicalize()) {
            (Rule::Allowlist(_), Ok(target)) if is_cache(&target) => Err(self.nested(command)),
            _ => Ok(path),
        }
    }

    fn check_allowlist(
        &self,
        entries: &[String],
        command: &OsStr,
    ) -> Result<Option<PathBuf>, PolicyError> {
        let command = clean(command);
        let is_listed = |path: &OsStr| entries.iter().any(|entry| path == OsStr::new(entry));
        if is_listed(&command) {
            return Ok(None);
        }
        let search_path = self.search_path.clone().unwrap_or_default();
        let path = resolve(&search_path, &command)?;
        let is_entry = |entry: &String| {
            let name = Path::new(entry).file_name();
            name == path.file_name() && search_path.look_up(entry).is_ok_and(|it| it == path)
        };
        if is_listed(path.as_os_str()) || entries.iter().any(is_entry) {
            return Ok(Some(path));
        }
        let kuberc = self.kuberc.clone();
        Err(PolicyError::NotListed { path, kuberc })
    }

    fn nested(&self, command: &OsStr) -> PolicyError {
        PolicyError::Nested {
            command: command.to_owned(),
            kuberc: self.kuberc.clone(),
        }
    }
}

fn resolve(search_path: &SearchPath, command: &OsStr) -> Result<PathBuf, PolicyError> {
    let command = clean(command);
    let found = search_path.look_up(&command);
    found.map_err(|problem| PolicyError::Unresolved { command, problem })
}

#[cfg(test)]
mod tests;
