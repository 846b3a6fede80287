//! The cache in front of a plugin, in every form that the documentation shows.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::kubeconfig::ExecSpec;

/// The cache by itself: all that stands behind it is the plugin's.
const CACHE: &str = "kcc-cache";
/// The manager, as it is installed and as kubectl finds its plugins; its command `exec` is the
/// cache.
const MANAGER: [&str; 2] = ["kcc", "kubectl-kcc"];

/// What [`ExecSpec::plugin_position`] says, for any command line.
pub(crate) fn plugin_position(
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

impl ExecSpec {
    /// Where among `args` the plugin stands that the cache is in front of; none where there is no
    /// cache, or no plugin behind it.
    ///
    /// The cache is known by its names, with or without a folder: `kcc-cache PLUGIN`,
    /// `kcc exec [--] PLUGIN`, `kubectl-kcc exec [--] PLUGIN` and `kubectl kcc exec [--] PLUGIN`, also
    /// one behind another, and each command in `also`, which then is a `kcc-cache` under another
    /// name.
    ///
    /// ```
    /// use kcc_core::kubeconfig::ExecSpec;
    ///
    /// let behind = |command: &str, args: &[&str]| {
    ///     let (command, args) = (command.into(), args.iter().map(ToString::to_string).collect());
    ///     let spec = ExecSpec { command, args, ..ExecSpec::default() };
    ///     spec.plugin_position(&[])
    /// };
    /// assert_eq!(behind("kcc-cache", &["aws", "eks"]), Some(0));
    /// assert_eq!(behind("kubectl", &["kcc", "exec", "--", "aws"]), Some(3));
    /// assert_eq!(behind("/opt/bin/kcc-cache", &["kcc", "exec", "aws"]), Some(2));
    /// assert_eq!(behind("kubectl", &["oidc-login", "get-token"]), None);
    /// ```
    pub fn plugin_position(&self, also: &[String]) -> Option<usize> {
        plugin_position(&self.command, &self.args, also)
    }

    /// Whether the cache stands in front of the plugin.
    pub fn is_cached(&self) -> bool {
        self.plugin_position(&[]).is_some()
    }

    /// The plugin and its arguments, without the cache in front.
    pub fn plugin(&self) -> (OsString, Vec<OsString>) {
        let (command, args) = match self.plugin_position(&[]) {
            Some(plugin) => (self.args[plugin].clone().into(), &self.args[plugin + 1..]),
            None => (self.command.clone(), self.args.as_slice()),
        };
        (command, args.iter().map(OsString::from).collect())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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

    fn spec(command: &str, args: &[&str]) -> ExecSpec {
        ExecSpec {
            command: command.into(),
            args: args.iter().map(ToString::to_string).collect(),
            ..ExecSpec::default()
        }
    }

    #[test]
    fn a_wrapper_is_taken_away() {
        for (command, args, expected) in [
            ("aws", vec!["eks"], vec!["aws", "eks"]),
            ("kcc-cache", vec!["aws", "eks"], vec!["aws", "eks"]),
            ("/opt/bin/kcc-cache", vec!["./aws"], vec!["./aws"]),
            ("kcc", vec!["exec", "aws", "eks"], vec!["aws", "eks"]),
            ("kcc", vec!["exec", "--", "aws"], vec!["aws"]),
            ("kubectl", vec!["kcc", "exec", "--", "aws"], vec!["aws"]),
            ("kcc-cache", vec!["kcc-cache", "aws", "x"], vec!["aws", "x"]),
            ("kcc", vec!["list"], vec!["kcc", "list"]),
            ("kcc-cache", vec![], vec!["kcc-cache"]),
            ("kcc-cache", vec!["--help"], vec!["kcc-cache", "--help"]),
        ] {
            let (inner, inner_args) = spec(command, &args).plugin();
            let all: Vec<_> = std::iter::once(inner).chain(inner_args).collect();
            assert_eq!(all, expected, "{command} {args:?}");
        }
    }
}
