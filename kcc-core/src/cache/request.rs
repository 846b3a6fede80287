use std::ffi::OsString;
use std::fmt;

use crate::environment::Environment;
use crate::error::Error;
use crate::exec::ExecInfo;
use crate::policy::PluginPolicy;
use crate::variable;
use crate::wrapper::plugin_position;

/// A request for a credential. `Debug` shows neither arguments nor the values of variables, which may be
/// secrets.
pub struct Request {
    /// What the client requests.
    pub info: ExecInfo,
    /// The plugin, as it stands in the kubeconfig or on the command line.
    pub command: OsString,
    /// The plugin's arguments.
    pub args: Vec<OsString>,
    /// The plugin's whole environment; a part of it is in the key.
    pub environment: Environment,
    /// Which plugins may run; it holds for a stored credential, too.
    pub policy: PluginPolicy,
    /// Whether SIGHUP, SIGINT, SIGQUIT and SIGTERM to this process go on to the plugin while it
    /// runs: for a program that stands in for the plugin, not for a library.
    pub forward_signals: bool,
}

impl Request {
    /// The same request by a client that has no terminal.
    pub(super) fn without_prompt(&self) -> Self {
        let mut info = self.info.clone();
        info.interactive = false;
        let mut environment = self.environment.clone();
        if let Some(info) = info.to_json() {
            environment.set(variable::EXEC_INFO, info);
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

    /// The same request without a cache that stands behind the cache: it comes to the entry that the
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::ApiVersion;

    #[test]
    fn a_request_of_a_cache_is_one_of_the_plugin_behind_it() {
        let plugin = |line: &str| {
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
            assert_eq!(plugin(line), expected);
        }
    }
}
