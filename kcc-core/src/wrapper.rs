//! The cache in front of a plugin, in every form that the documentation shows.

use std::ffi::OsStr;
use std::path::Path;

use crate::cache::Request;
use crate::error::Error;

/// The cache by itself: all that stands behind it is the plugin's.
const CACHE: &str = "kcc-cache";
/// The manager, as it is installed and as kubectl finds its plugins; its command `exec` is the
/// cache.
const MANAGER: [&str; 2] = ["kcc", "kubectl-kcc"];

/// Where among `args` the plugin stands that `command`, the cache, is in front of; none where it is
/// not the cache, or no plugin stands behind it.
///
/// Known by their names, with or without a folder: `kcc-cache PLUGIN`, `kcc exec [--] PLUGIN`,
/// `kubectl-kcc exec [--] PLUGIN` and `kubectl kcc exec [--] PLUGIN`, also one behind another, and
/// each command in `also`, which then is a `kcc-cache` under another name.
///
/// ```
/// use kcc_core::plugin_position;
///
/// let behind = |command: &str, args: &[&str]| plugin_position(command, args, &[]);
/// assert_eq!(behind("kcc-cache", &["aws", "eks"]), Some(0));
/// assert_eq!(behind("kubectl", &["kcc", "exec", "--", "aws"]), Some(3));
/// assert_eq!(behind("/opt/bin/kcc-cache", &["kcc", "exec", "aws"]), Some(2));
/// assert_eq!(behind("kubectl", &["oidc-login", "get-token"]), None);
/// ```
pub fn plugin_position(
    command: impl AsRef<OsStr>,
    args: &[impl AsRef<OsStr>],
    also: &[String],
) -> Option<usize> {
    let first = own_args(command.as_ref(), args, also)?;
    let deeper = plugin_position(args[first].as_ref(), &args[first + 1..], also);
    Some(deeper.map_or(first, |deeper| first + 1 + deeper))
}

/// The same without a look behind the plugin.
fn own_args(command: &OsStr, args: &[impl AsRef<OsStr>], also: &[String]) -> Option<usize> {
    let is = |at: usize, word: &str| args.get(at).is_some_and(|arg| arg.as_ref() == word);
    let name = name(command)?;
    let own = if name == CACHE || also.iter().any(|also| command == also.as_str()) {
        0
    } else if MANAGER.contains(&name) {
        of_manager(args)?
    } else if name == "kubectl" && is(0, "kcc") {
        1 + of_manager(&args[1..])?
    } else {
        return None;
    };
    let plugin = args.get(own)?.as_ref().as_encoded_bytes();
    (!plugin.is_empty() && !plugin.starts_with(b"-")).then_some(own)
}

/// How many arguments of `kcc` stand before the plugin of its `exec`. Of its options only the one
/// that goes with every command can stand there.
fn of_manager(args: &[impl AsRef<OsStr>]) -> Option<usize> {
    let at = after_options(args, 0);
    if args.get(at)?.as_ref() != "exec" {
        return None;
    }
    let at = after_options(args, at + 1);
    let has_separator = args.get(at).is_some_and(|arg| arg.as_ref() == "--");
    Some(at + usize::from(has_separator))
}

fn after_options(args: &[impl AsRef<OsStr>], mut at: usize) -> usize {
    while let Some(arg) = args.get(at) {
        match arg.as_ref().as_encoded_bytes() {
            b"--kubeconfig" => at += 2,
            arg if arg.starts_with(b"--kubeconfig=") => at += 1,
            _ => break,
        }
    }
    at
}

/// Whether a file or a command is one of this project's programs, by its name.
pub(crate) fn is_cache(path: &Path) -> bool {
    let name = name(path.as_os_str());
    name.is_some_and(|name| name == CACHE || MANAGER.contains(&name))
}

fn name(command: &OsStr) -> Option<&str> {
    let name = Path::new(command).file_name()?.to_str()?;
    Some(name.strip_suffix(".exe").unwrap_or(name))
}

impl Request {
    /// The same ask without a cache that stands behind the cache: it comes to the entry that the
    /// plugin has by itself, and no second cache is started.
    ///
    /// # Errors
    /// [`PolicyError::Nested`](crate::PolicyError::Nested) where the policy is a list.
    pub fn without_cache(mut self) -> Result<Self, Error> {
        if let Some(plugin) = plugin_position(&self.command, &self.args, &[]) {
            self.policy.check_nested(&self.command)?;
            let mut args = self.args.split_off(plugin);
            let behind = args.split_off(1);
            self.command = args.pop().unwrap_or_default();
            self.args = behind;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ApiVersion, Environment, ExecInfo, PluginPolicy};

    fn position(line: &str) -> Option<usize> {
        let words: Vec<&str> = line.split(' ').collect();
        plugin_position(words[0], &words[1..], &["/opt/mine".to_owned()])
    }

    #[test]
    fn every_form_that_is_recommended_is_known() {
        for line in [
            "kcc-cache PLUGIN x",
            "/opt/bin/kcc-cache ./PLUGIN",
            "./kcc-cache PLUGIN",
            "kcc-cache.exe PLUGIN",
            "kcc exec PLUGIN x",
            "/opt/bin/kcc exec -- PLUGIN -- x",
            "kcc --kubeconfig f exec PLUGIN",
            "kcc --kubeconfig=f exec --kubeconfig g -- PLUGIN",
            "kubectl kcc exec PLUGIN",
            "kubectl kcc exec -- PLUGIN",
            "/usr/bin/kubectl kcc exec -- PLUGIN x",
            "kubectl-kcc exec -- PLUGIN",
            "/home/u/.krew/bin/kubectl-kcc exec PLUGIN",
            "/opt/mine PLUGIN",
            // One behind another.
            "kcc-cache kcc-cache PLUGIN",
            "/a/kcc-cache /b/kcc-cache kcc exec -- PLUGIN x",
            "kcc exec -- kcc-cache PLUGIN",
            "kubectl kcc exec kubectl kcc exec -- PLUGIN",
            "/opt/mine kcc-cache PLUGIN",
            "kcc-cache /opt/mine PLUGIN",
        ] {
            let mut words = line.split(' ').skip(1);
            let plugin = words.position(|word| word.ends_with("PLUGIN"));
            assert_eq!(position(line), plugin, "{line}");
        }
    }

    #[test]
    fn what_is_no_cache_in_front_of_a_plugin_is_the_plugin() {
        for line in [
            "aws eks",
            "aws kcc-cache",
            "mine aws",
            "kubectl oidc-login get-token",
            "kubectl kcc",
            "kubectl kcc warm",
            "kubectl exec aws",
            "kcc",
            "kcc exec",
            "kcc exec --",
            "kcc list aws",
            "kcc --kubeconfig",
            "kcc --kubeconfig exec aws",
            "kcc exec --other aws",
            "kcc-cache",
            "kcc-cache --help",
            "kcc-cache -- aws",
            "kcc-cache ",
        ] {
            assert_eq!(position(line), None, "{line}");
        }
        // The inner one is no call of the cache, so it is what the outer one runs.
        assert_eq!(position("kcc-cache kcc list"), Some(0));
        assert_eq!(position("kcc-cache kcc-cache --version"), Some(0));
    }

    #[test]
    fn an_ask_for_a_cache_is_an_ask_for_what_stands_behind_it() {
        let ask = |line: &str| {
            let mut words = line.split(' ').map(std::ffi::OsString::from);
            let request = Request {
                info: ExecInfo::new(ApiVersion::V1, false),
                command: words.next().unwrap(),
                args: words.collect(),
                environment: Environment::default(),
                policy: PluginPolicy::default(),
                forward_signals: false,
            };
            let request = request.without_cache().unwrap();
            let words = std::iter::once(request.command).chain(request.args);
            let words: Vec<_> = words.map(|word| word.into_string().unwrap()).collect();
            words.join(" ")
        };
        for (line, expected) in [
            ("aws eks -- x", "aws eks -- x"),
            ("kcc-cache aws", "aws"),
            ("/b/kcc exec -- /a/kcc-cache aws eks", "aws eks"),
            ("kcc-cache --help", "kcc-cache --help"),
        ] {
            assert_eq!(ask(line), expected);
        }
    }
}
