mod value;
mod backend;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::environment::Environment;
use crate::exec::ApiVersion;
use crate::identity::{self, KeyNames};
use crate::store::Backend;
use crate::variable;
use value::{bad, boolean, duration};

pub use value::SettingsError;

/// Above the 60 s before an expiry in which kube-rs runs its plugin for every request.
const REFRESH_MARGIN: Duration = Duration::from_secs(75);

/// Longer than a plugin takes, and than most clients are apart.
const AHEAD_AT_MOST: SignedDuration = SignedDuration::from_mins(10);

/// The plugin's time limit where it is not interactive and no variable says otherwise.
pub(crate) const PLUGIN_TIMEOUT: Duration = Duration::from_secs(60);

const DEFAULT_TTL: Duration = Duration::from_secs(60 * 60);
const NAMES_FORM: &str = "comma-separated variable names; a trailing * stands for any ending, and a \
                          leading ! leaves a name out";
const FILES_FORM: &str = "absolute paths, or such that begin with ~/, separated by colons";

/// What the `KUBE_CREDENTIAL_CACHE_*` variables say; absent and empty ones leave the default.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where entries are kept, or why nowhere.
    pub(crate) directory: Result<PathBuf, &'static str>,
    pub(crate) backend: Backend,
    pub(crate) refresh_margin: Option<Duration>,
    pub(crate) default_ttl: Duration,
    pub(crate) plugin_timeout: PluginTimeout,
    pub(crate) key_names: KeyNames,
    pub(crate) key_files: Vec<PathBuf>,
    pub(crate) api_version: Option<ApiVersion>,
    pub(crate) user: OsString,
    pub(crate) command_dir: Option<PathBuf>,
    pub(crate) install_hint: Option<String>,
    pub(crate) renew_rejected: bool,
    pub(crate) refresh_ahead: RefreshAhead,
    warnings: Warnings,
    debug: bool,
}

/// How long a plugin may run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PluginTimeout {
    /// 60 s where nobody can answer a prompt, else without limit.
    ByInteractivity,
    /// As the user said.
    Of(Duration),
    /// The user lifted the limit.
    Unlimited,
}

/// Where warnings go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warnings {
    /// To stderr where that is a terminal, so that a person sees them; else to the log. Some clients
    /// read stderr as part of the plugin's answer.
    Auto,
    /// To stderr.
    Stderr,
    /// To the log in the cache directory, which `kcc doctor` shows.
    Log,
}

/// Which credentials are refreshed in the background before their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshAhead {
    /// Those whose plugin never prompts.
    WithoutPrompt,
    /// All: the user knows that the plugins do not prompt.
    Always,
    Never,
}

impl Settings {
    /// Reads every variable.
    ///
    /// # Errors
    /// [`SettingsError`] for the first variable whose value is not of the accepted form.
    pub fn from_environment(env: &Environment) -> Result<Self, SettingsError> {
        let backend = Backend::from_environment(env)?;
        Ok(Self {
            directory: directory(env, backend)?,
            backend,
            refresh_margin: duration(env, variable::REFRESH_MARGIN)?,
            default_ttl: duration(env, variable::DEFAULT_TTL)?.unwrap_or(DEFAULT_TTL),
            plugin_timeout: PluginTimeout::from_environment(env)?,
            key_names: key_names(env)?,
            api_version: api_version(env)?,
            key_files: key_files(env)?,
            user: env.get(variable::USER).unwrap_or_default().to_owned(),
            command_dir: command_dir(env)?,
            install_hint: env
                .non_empty(variable::INSTALL_HINT)
                .map(|hint| hint.to_string_lossy().into_owned()),
            renew_rejected: boolean(env, variable::RENEW_REJECTED)?.unwrap_or(true),
            refresh_ahead: RefreshAhead::from_environment(env)?,
            warnings: Warnings::from_environment(env)?,
            debug: boolean(env, variable::DEBUG)?.unwrap_or(false),
        })
    }

    /// The same settings with the kubeconfig's own hint, for a plugin without the cache in front.
    #[must_use]
    pub fn or_install_hint(mut self, hint: Option<String>) -> Self {
        self.install_hint = self.install_hint.or(hint);
        self
    }

    /// Where a credential's refresh margin begins. The default margin is at most a quarter of its
    /// life, or one with a short life would never be used; what the user set is taken as it is.
    pub(crate) fn renew_at(&self, stored_at: Timestamp, expires_at: Timestamp) -> Timestamp {
        let margin = self.refresh_margin.unwrap_or_else(|| {
            let life = expires_at.duration_since(stored_at);
            REFRESH_MARGIN.min(life.unsigned_abs() / 4)
        });
        expires_at.saturating_sub(margin).unwrap_or(Timestamp::MIN)
    }

    /// From when on a credential is refreshed ahead: for the last quarter of the time in which it
    /// answers, and for ten minutes at most.
    pub(crate) fn ahead_at(&self, stored_at: Timestamp, expires_at: Timestamp) -> Timestamp {
        let renew_at = self.renew_at(stored_at, expires_at);
        let answers_for = renew_at.duration_since(stored_at);
        let ahead = (answers_for / 4).clamp(SignedDuration::ZERO, AHEAD_AT_MOST);
        renew_at.saturating_sub(ahead).unwrap_or(Timestamp::MIN)
    }

    /// The same settings for a plugin that nobody sees hanging: it always has a limit.
    pub(crate) fn with_plugin_limit(mut self) -> Self {
        let limit = self.plugin_timeout.limit(false).unwrap_or(PLUGIN_TIMEOUT);
        self.plugin_timeout = PluginTimeout::Of(limit.min(PLUGIN_TIMEOUT));
        self
    }

    /// Where the user wants warnings.
    pub fn warnings(&self) -> Warnings {
        self.warnings
    }

    /// Whether the user wants to read what the cache does.
    pub fn debug(&self) -> bool {
        self.debug
    }

    /// The directory that holds the entries; `None` where there is no place for them.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref().ok()
    }
}

impl Warnings {
    fn from_environment(env: &Environment) -> Result<Self, SettingsError> {
        match env.non_empty(variable::WARNINGS).map(OsStr::to_str) {
            None | Some(Some("auto")) => Ok(Self::Auto),
            Some(Some("stderr")) => Ok(Self::Stderr),
            Some(Some("log")) => Ok(Self::Log),
            Some(_) => Err(bad(env, variable::WARNINGS, "auto, stderr or log")),
        }
    }
}

impl RefreshAhead {
    fn from_environment(env: &Environment) -> Result<Self, SettingsError> {
        if env.non_empty(variable::REFRESH_AHEAD) == Some(OsStr::new("auto")) {
            return Ok(Self::WithoutPrompt);
        }
        match boolean(env, variable::REFRESH_AHEAD) {
            Ok(None) => Ok(Self::WithoutPrompt),
            Ok(Some(true)) => Ok(Self::Always),
            Ok(Some(false)) => Ok(Self::Never),
            Err(_) => Err(bad(env, variable::REFRESH_AHEAD, "1, 0 or auto")),
        }
    }
}

impl PluginTimeout {
    fn from_environment(env: &Environment) -> Result<Self, SettingsError> {
        Ok(match duration(env, variable::PLUGIN_TIMEOUT)? {
            None => Self::ByInteractivity,
            Some(Duration::ZERO) => Self::Unlimited,
            Some(limit) => Self::Of(limit),
        })
    }

    pub(crate) fn limit(self, interactive: bool) -> Option<Duration> {
        match self {
            Self::ByInteractivity => (!interactive).then_some(PLUGIN_TIMEOUT),
            Self::Of(limit) => Some(limit),
            Self::Unlimited => None,
        }
    }
}

fn directory(
    env: &Environment,
    backend: Backend,
) -> Result<Result<PathBuf, &'static str>, SettingsError> {
    if let Backend::NoKeyring(reason) = backend {
        return Ok(Err(reason));
    }
    if let Some(file) = env.non_empty(variable::FILE) {
        return beside(env, Path::new(file)).map(Ok);
    }
    let reason = "neither XDG_CACHE_HOME nor HOME names an absolute directory";
    let base = user_cache_dir(env).ok_or(reason);
    Ok(base.map(|base| base.join("kcc")))
}

fn beside(env: &Environment, file: &Path) -> Result<PathBuf, SettingsError> {
    let Some(name) = file.file_name() else {
        return Err(bad(env, variable::FILE, "a path that ends in a file name"));
    };
    let mut name = name.to_owned();
    name.push(".d");
    Ok(file.with_file_name(name))
}

/// As Go's `os.UserCacheDir` on Unix; the XDG specification says to ignore relative paths.
fn user_cache_dir(env: &Environment) -> Option<PathBuf> {
    let absolute = |name| {
        let path = env.non_empty(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    if cfg!(target_os = "macos") {
        return absolute("HOME").map(|home| home.join("Library/Caches"));
    }
    absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))
}

fn key_names(env: &Environment) -> Result<KeyNames, SettingsError> {
    let mut names = KeyNames::default();
    for name in [variable::CACHEKEY_ENV_PATTERNS, variable::CACHEKEY_ENV_LIST] {
        let Some(value) = env.non_empty(name) else {
            continue;
        };
        let read = value.to_str().and_then(|list| match name {
            variable::CACHEKEY_ENV_PATTERNS => names.with_rule(list),
            _ => names.with_names(list),
        });
        names = read.ok_or_else(|| bad(env, name, NAMES_FORM))?;
    }
    Ok(names)
}

fn key_files(env: &Environment) -> Result<Vec<PathBuf>, SettingsError> {
    let Some(value) = env.non_empty(variable::CACHEKEY_FILES) else {
        return Ok(vec![]);
    };
    let parts = std::env::split_paths(value).filter(|part| !part.as_os_str().is_empty());
    let paths =
        parts.map(|part| identity::expand(part.as_os_str(), env).filter(|path| path.is_absolute()));
    let paths: Option<Vec<_>> = paths.collect();
    paths.ok_or_else(|| bad(env, variable::CACHEKEY_FILES, FILES_FORM))
}

fn api_version(env: &Environment) -> Result<Option<ApiVersion>, SettingsError> {
    let Some(value) = env.non_empty(variable::API_VERSION) else {
        return Ok(None);
    };
    let known = value.to_str().and_then(ApiVersion::parse);
    let accepted = "the kubeconfig's exec.apiVersion, such as client.authentication.k8s.io/v1";
    known
        .map(Some)
        .ok_or_else(|| bad(env, variable::API_VERSION, accepted))
}

fn command_dir(env: &Environment) -> Result<Option<PathBuf>, SettingsError> {
    let dir = env.non_empty(variable::COMMAND_DIR).map(PathBuf::from);
    match dir {
        Some(dir) if !dir.is_absolute() => {
            Err(bad(env, variable::COMMAND_DIR, "an absolute directory"))
        }
        dir => Ok(dir),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::from_environment(&pairs.iter().copied().collect())
    }

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, millis) in [
            ("30s", 30_000),
            ("1h30m", 5_400_000),
            ("1.5h", 5_400_000),
            ("250ms", 250),
            ("1m0s", 60_000),
            ("0s", 0),
            ("0", 0),
        ] {
            let read = settings(&[(variable::REFRESH_MARGIN, text)]).unwrap();
            assert_eq!(
                read.refresh_margin,
                Some(Duration::from_millis(millis)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_bad_value_names_the_variable_and_the_accepted_form() {
        for (name, value) in [
            (variable::REFRESH_MARGIN, "30"),
            (variable::REFRESH_MARGIN, "-30s"),
            (variable::DEFAULT_TTL, "soon"),
            (variable::DEFAULT_TTL, "99999999h"),
            (variable::PLUGIN_TIMEOUT, "1x"),
            (variable::DEBUG, "maybe"),
            (variable::RENEW_REJECTED, "perhaps"),
            (variable::REFRESH_AHEAD, "soon"),
            (variable::BACKEND, "floppy"),
            (variable::WARNINGS, "mail"),
            (variable::API_VERSION, "v1"),
            (variable::CACHEKEY_ENV_LIST, "A,B=C"),
            (variable::CACHEKEY_ENV_PATTERNS, "*"),
            (variable::CACHEKEY_ENV_PATTERNS, "!*"),
            (variable::CACHEKEY_ENV_LIST, "!!A"),
            (variable::CACHEKEY_FILES, "/a:b"),
            (variable::CACHEKEY_FILES, "~/a"),
            (variable::COMMAND_DIR, "bin"),
            (variable::FILE, "/"),
        ] {
            let text = settings(&[(name, value)]).unwrap_err().to_string();
            assert!(text.contains(name) && text.contains(value), "{text}");
            assert!(text.contains("expected"), "{text}");
        }
    }

    #[test]
    fn only_a_plugin_that_cannot_prompt_has_a_limit_by_itself() {
        let limits = |pairs: &[(&str, &str)]| {
            let timeout = settings(pairs).unwrap().plugin_timeout;
            [timeout.limit(false), timeout.limit(true)].map(|limit| limit.map(|l| l.as_secs()))
        };
        assert_eq!(limits(&[]), [Some(60), None]);
        assert_eq!(
            limits(&[(variable::PLUGIN_TIMEOUT, "5s")]),
            [Some(5), Some(5)]
        );
        assert_eq!(limits(&[(variable::PLUGIN_TIMEOUT, "0")]), [None, None]);
    }

    #[test]
    fn the_last_quarter_before_the_margin_is_for_refreshing_ahead() {
        let stored_at = Timestamp::from_second(1_800_000_000).unwrap();
        let ahead_after = |pairs: &[(&str, &str)], life: i64| {
            let settings = settings(pairs).unwrap();
            let expires_at = stored_at + SignedDuration::from_secs(life);
            let at = settings.ahead_at(stored_at, expires_at);
            at.duration_since(stored_at).as_secs()
        };
        assert_eq!(ahead_after(&[], 3_600), 3_600 - 75 - 600);
        assert_eq!(ahead_after(&[], 875), 600);
        assert_eq!(ahead_after(&[], 100), 56);
        // A margin of nearly all its life.
        assert_eq!(
            ahead_after(&[(variable::REFRESH_MARGIN, "56m")], 3_600),
            180
        );
        assert_eq!(
            ahead_after(&[(variable::REFRESH_MARGIN, "2h")], 3_600),
            -3_600
        );
    }

    #[test]
    fn entries_go_beside_the_originals_file() {
        let read = settings(&[(variable::FILE, "/x/cache.json")]).unwrap();
        assert_eq!(read.directory(), Some(Path::new("/x/cache.json.d")));
    }

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn the_cache_directory_follows_xdg() {
        let at = |pairs: &[(&str, &str)]| {
            let read = settings(pairs).unwrap();
            read.directory().map(Path::to_owned)
        };
        let home = ("HOME", "/home/u");
        assert_eq!(at(&[home]), Some("/home/u/.cache/kcc".into()));
        assert_eq!(at(&[home, ("XDG_CACHE_HOME", "/c")]), Some("/c/kcc".into()));
        assert_eq!(
            at(&[home, ("XDG_CACHE_HOME", "c")]),
            Some("/home/u/.cache/kcc".into())
        );
        assert_eq!(at(&[]), None);
    }

    #[test]
    fn a_list_adds_names_and_patterns_replace_the_built_in_ones() {
        let matched = |pairs: &[(&str, &str)], name: &str| {
            let read = settings(pairs).unwrap();
            read.key_names.decide(OsStr::new(name))
        };
        let list = (variable::CACHEKEY_ENV_LIST, "MY_OWN, OTHER_*");
        let patterns = (variable::CACHEKEY_ENV_PATTERNS, "ONLY_*");
        assert!(matched(&[], "AWS_PROFILE") && !matched(&[], "MY_OWN"));
        assert!(matched(&[list], "AWS_PROFILE") && matched(&[list], "MY_OWN"));
        assert!(matched(&[list], "OTHER_ONE") && !matched(&[list], "MY_OWN_2"));
        assert!(matched(&[patterns], "ONLY_THIS") && !matched(&[patterns], "AWS_PROFILE"));
    }

    #[test]
    fn a_name_behind_an_exclamation_mark_is_left_out() {
        let names = |pairs: &[(&str, &str)]| settings(pairs).unwrap().key_names;
        let decide = |names: &KeyNames, name: &str| names.decide(OsStr::new(name));
        let patterns = names(&[(variable::CACHEKEY_ENV_PATTERNS, "!KRB5CCNAME, !CI_*")]);
        assert!(!decide(&patterns, "KRB5CCNAME") && !decide(&patterns, "CI_JOB_TOKEN"));
        assert!(
            decide(&patterns, "AWS_PROFILE"),
            "it does not replace the rule"
        );
        let list = names(&[
            (variable::CACHEKEY_ENV_PATTERNS, "ONLY_*, !ONLY_THIS"),
            (
                variable::CACHEKEY_ENV_LIST,
                "MINE, MY_*, !MY_DAY, !MINE, !ONLY_THAT",
            ),
        ]);
        assert!(decide(&list, "MY_WAY") && !decide(&list, "MY_DAY"));
        assert!(decide(&list, "MINE"), "by its whole name");
        assert!(decide(&list, "ONLY_ME"));
        assert!(!decide(&list, "ONLY_THIS") && !decide(&list, "ONLY_THAT"));
        assert!(!decide(&list, "AWS_PROFILE"));
    }

    #[test]
    fn files_of_ones_own_are_listed_as_in_path() {
        let pairs = [
            ("HOME", "/home/u"),
            (variable::CACHEKEY_FILES, "/a b:~/c,d:"),
        ];
        let read = settings(&pairs).unwrap().key_files;
        assert_eq!(read, [Path::new("/a b"), Path::new("/home/u/c,d")]);
    }
}
