//! The names of the variables that change how the cache works.

/// The variable in which a client tells its plugin what it requests.
pub(crate) const EXEC_INFO: &str = "KUBERNETES_EXEC_INFO";

/// What all of them begin with.
pub const PREFIX: &str = "KUBE_CREDENTIAL_CACHE_";
/// Where the Go original kept its one file; entries go into the directory `<file>.d` beside it.
pub const FILE: &str = "KUBE_CREDENTIAL_CACHE_FILE";
/// How long before its expiry a credential is renewed, such as `30s`.
pub const REFRESH_MARGIN: &str = "KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN";
/// Comma-separated names of variables that are part of the cache key, beside the built-in rule; a
/// name behind a `!` is left out of it.
pub const CACHEKEY_ENV_LIST: &str = "KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST";
/// The same, in place of the built-in rule, if it names any that are.
pub const CACHEKEY_ENV_PATTERNS: &str = "KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_PATTERNS";
/// The kubeconfig's `exec.apiVersion`, for clients that do not say it to their plugin.
pub const API_VERSION: &str = "KUBE_CREDENTIAL_CACHE_API_VERSION";
/// Files, separated as in `PATH`, that say who one is: another entry answers when one is written.
pub const CACHEKEY_FILES: &str = "KUBE_CREDENTIAL_CACHE_CACHEKEY_FILES";
/// The kubeconfig user whose credential this is.
pub const USER: &str = "KUBE_CREDENTIAL_CACHE_USER";
/// How long a credential that names no expiry is kept, such as `1h`; `0` keeps none.
pub const DEFAULT_TTL: &str = "KUBE_CREDENTIAL_CACHE_DEFAULT_TTL";
/// Where credentials are kept: `file`, or `keyring` for files that are encrypted under a key in
/// the operating system's keyring.
pub const BACKEND: &str = "KUBE_CREDENTIAL_CACHE_BACKEND";
/// Whether a credential that its client process requests again is taken for refused by the
/// server and replaced: `1` or `0`.
pub const RENEW_REJECTED: &str = "KUBE_CREDENTIAL_CACHE_RENEW_REJECTED";
/// Whether a credential in the last part of its life is refreshed by a process in the background:
/// `1`, `0`, or `auto`, where its plugin is known not to prompt.
pub const REFRESH_AHEAD: &str = "KUBE_CREDENTIAL_CACHE_REFRESH_AHEAD";
/// Whether `kcc-cache` tells on stderr what it does: `1` or `0`.
pub const DEBUG: &str = "KUBE_CREDENTIAL_CACHE_DEBUG";
/// Where warnings go: `auto` (the default) to stderr where that is a terminal, else to a log in the
/// cache directory; `stderr` or `log` always there.
pub const WARNINGS: &str = "KUBE_CREDENTIAL_CACHE_WARNINGS";
/// How long the plugin may run, such as `60s`; `0` is without limit.
pub const PLUGIN_TIMEOUT: &str = "KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT";
/// What a relative plugin path starts from: the directory of its kubeconfig.
pub const COMMAND_DIR: &str = "KUBE_CREDENTIAL_CACHE_COMMAND_DIR";
/// The kubeconfig's `installHint` of the plugin, shown where the plugin is missing.
pub const INSTALL_HINT: &str = "KUBE_CREDENTIAL_CACHE_INSTALL_HINT";

/// All of them.
pub const ALL: &[&str] = &[
    API_VERSION,
    BACKEND,
    CACHEKEY_ENV_LIST,
    CACHEKEY_ENV_PATTERNS,
    CACHEKEY_FILES,
    COMMAND_DIR,
    DEBUG,
    DEFAULT_TTL,
    FILE,
    INSTALL_HINT,
    PLUGIN_TIMEOUT,
    REFRESH_AHEAD,
    REFRESH_MARGIN,
    RENEW_REJECTED,
    USER,
    WARNINGS,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_variable_is_left_out_of_the_list_of_all() {
        let source = include_str!("variable.rs");
        let constants = source.lines().filter_map(|line| {
            let value = line
                .trim()
                .strip_prefix("pub const ")?
                .split_once("= \"")?
                .1;
            value.strip_suffix("\";")
        });
        let names: std::collections::BTreeSet<_> =
            constants.filter(|name| *name != PREFIX).collect();
        assert!(names.len() > 10);
        assert_eq!(names, ALL.iter().copied().collect());
    }
}
