use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use kcc_core::kubeconfig::{ExecSpec, Kubeconfig, Named, User};
use kcc_core::{Environment, LookUpError, PluginPolicy, Settings, variable};

use super::finding::Finding;
use super::{installation, variables};
use crate::wrapper_command::{KCC_CACHE, WrapperCommand};

/// The users whose credentials come from plugins: whether the cache is in front, the plugin behind
/// it is there, and the kuberc allows both.
pub(super) fn check(kubeconfig: &Kubeconfig) -> Vec<Finding> {
    let (policy, finding) = policy();
    let mut findings = vec![finding];
    for user in kubeconfig.users.values() {
        if let Some(spec) = user.value.plugin() {
            findings.extend(PluginUser { user, spec }.check(policy.as_ref()));
        }
    }
    findings
}

fn policy() -> (Option<PluginPolicy>, Finding) {
    let mut ignored = None;
    let loaded = PluginPolicy::load(&Environment::of_process(), &mut |notice| {
        ignored = Some(notice.to_string());
    });
    match (loaded, ignored) {
        (Err(error), _) => {
            let repair = "fix the kuberc, or export KUBERC=off";
            (None, Finding::bad("kuberc", error.to_string(), repair))
        }
        (Ok(policy), Some(warning)) => {
            let repair = "fix the kuberc: as it is, kubectl ignores it";
            (Some(policy), Finding::warning("kuberc", warning, repair))
        }
        (Ok(policy), None) => {
            let message = "no kuberc, or one that can be read";
            (Some(policy), Finding::good("kuberc", message))
        }
    }
}

/// A user with its plugin.
struct PluginUser<'a> {
    user: &'a Named<User>,
    spec: &'a ExecSpec,
}

impl PluginUser<'_> {
    fn check(&self, policy: Option<&PluginPolicy>) -> Vec<Finding> {
        let (command, _) = self.spec.plugin();
        let environment = self.environment();
        if let Err(error) = Settings::from_environment(&environment) {
            let repair = "give the variable a value of that form in the user's exec.env";
            let bad = self.bad("variables", &error.to_string(), repair);
            return std::iter::once(bad).chain(self.misspelt()).collect();
        }
        let mut findings = self.misspelt();
        findings.extend(self.in_front());
        findings.extend(self.relative(&command, &environment));
        findings.extend(self.plugin(&command, &environment));
        findings.extend(self.path_of_its_own(&command));
        findings.extend(policy.and_then(|policy| self.allowed(policy, &command)));
        if findings.is_empty() {
            let message = format!(
                "{}: user {:?} is served from the cache, and its plugin {} is there",
                self.user.origin,
                self.user.name,
                command.display()
            );
            findings.push(Finding::good("users", message));
        }
        findings
    }

    /// Those of the environment have been told.
    fn misspelt(&self) -> Vec<Finding> {
        let own = self.spec.env.iter().map(|(name, value)| (name, value));
        variables::misspelt(&own.collect(), &|problem| self.about(problem))
    }

    fn environment(&self) -> Environment {
        let mut environment = Environment::of_process();
        for (name, value) in &self.spec.env {
            environment.set(name, value);
        }
        environment
    }

    fn in_front(&self) -> Option<Finding> {
        if !self.spec.is_cached() {
            let message =
                self.about("kubectl runs its plugin at each start: the cache is not in front");
            let repair = format!("kcc inject --user {}", self.user.name);
            return Some(Finding::warning("users", message, repair));
        }
        let command = &self.spec.command;
        if command == KCC_CACHE {
            // What PATH has has been told, but where it need not be there.
            installation::program(command).err()?;
            let lasting = installation::lasting()?;
            let repair = format!("kcc eject and kcc inject: that writes {}", lasting.command);
            return Some(self.bad("users", "its command kcc-cache is not in PATH", &repair));
        }
        let is_versioned = WrapperCommand::is_versioned(command);
        let shown = command.display();
        let inject = format!("kcc inject --user {} writes one that lasts", self.user.name);
        let Ok(program) = installation::program(command) else {
            let problem = format!("its command {shown} cannot be run");
            if is_versioned {
                let problem = format!("{problem} any more: an upgrade has removed it");
                return Some(self.bad("users", &problem, &inject));
            }
            let repair = "install kcc-cache there, or name it kcc-cache and have it in PATH";
            return Some(self.bad("users", &problem, repair));
        };
        if is_versioned {
            let problem = format!("an upgrade removes its command {shown}, and kubectl fails then");
            return Some(Finding::warning("users", self.about(&problem), inject));
        }
        let is_kcc_cache = program.file_name() == Some(OsStr::new(KCC_CACHE));
        let version = is_kcc_cache.then(|| installation::version(&program))?;
        (!version.is_good()).then_some(version)
    }

    /// A path behind the cache is an argument, which no client resolves.
    fn relative(&self, command: &OsStr, environment: &Environment) -> Option<Finding> {
        let is_path = command.as_encoded_bytes().contains(&b'/');
        if !self.spec.is_cached()
            || !is_path
            || Path::new(command).is_absolute()
            || environment.non_empty(variable::COMMAND_DIR).is_some()
        {
            return None;
        }
        let problem = format!(
            "its plugin {} is looked for in the working directory, whichever that is",
            command.display()
        );
        let repair = format!(
            "write its whole path, or set {} in exec.env",
            variable::COMMAND_DIR
        );
        Some(self.bad("plugins", &problem, &repair))
    }

    fn plugin(&self, command: &OsStr, environment: &Environment) -> Option<Finding> {
        let program = located(command, environment);
        let missing = installation::program(&program).err()?;
        let shown = program.display();
        let is_path = program.as_encoded_bytes().contains(&b'/');
        let (problem, repair) = if let LookUpError::Relative { path } = missing {
            let path = path.display();
            (
                format!(
                    "PATH leads to its plugin {shown} as {path}, by way of the working directory, \
                     which kubectl and the cache refuse"
                ),
                "write that element of PATH in full",
            )
        } else if !is_path {
            (
                format!("its plugin {shown} is not in PATH"),
                if self.declares_path() {
                    "install it, or fix PATH: the one in exec.env is for the plugin alone"
                } else {
                    "install it, or fix PATH"
                },
            )
        } else if Path::new(&program).exists() {
            (
                format!("its plugin {shown} is not executable"),
                "chmod +x it",
            )
        } else {
            (
                format!("its plugin {shown} does not exist"),
                "install it there, or fix the path",
            )
        };
        let hint = environment
            .non_empty(variable::INSTALL_HINT)
            .map(|hint| hint.display().to_string())
            .or_else(|| self.spec.printable_install_hint());
        let repair = match hint {
            Some(hint) => format!("{repair}. {}", hint.trim()),
            None => repair.to_owned(),
        };
        Some(self.bad("plugins", &problem, &repair))
    }

    /// kubectl looks at the command of the kubeconfig, the cache at the one behind it.
    fn allowed(&self, policy: &PluginPolicy, command: &OsStr) -> Option<Finding> {
        let inner = located(command, &self.environment());
        let wrapper = self.spec.is_cached().then_some(&self.spec.command);
        for command in wrapper.into_iter().chain([&inner]) {
            if let Err(error) = policy.check(command) {
                let shown = command.display();
                let repair = format!(
                    "add {{command: {shown}}} to credentialPluginAllowlist in the kuberc, if you trust it"
                );
                return Some(self.bad("kuberc", &error.to_string(), &repair));
            }
        }
        None
    }

    /// Without /proc the cache cannot see the client's `PATH`, only what `exec.env` made of it.
    fn path_of_its_own(&self, command: &OsStr) -> Option<Finding> {
        let is_name = !command.as_encoded_bytes().contains(&b'/');
        let is_shown = Path::new("/proc/self/environ").exists();
        if !self.declares_path() || !self.spec.is_cached() || !is_name || is_shown {
            return None;
        }
        let message = self.about(
            "exec.env has a PATH, by which the cache looks for the plugin: this system does not \
             show it the one of kubectl",
        );
        let repair = "write the plugin's whole path behind the cache";
        Some(Finding::warning("plugins", message, repair))
    }

    fn declares_path(&self) -> bool {
        self.spec.env.iter().any(|(name, _)| name == "PATH")
    }

    fn bad(&self, check: &'static str, problem: &str, repair: &str) -> Finding {
        Finding::bad(check, self.about(problem), repair)
    }

    fn about(&self, problem: &str) -> String {
        format!("{}: user {:?}: {problem}", self.user.origin, self.user.name)
    }
}

/// What is run for a command: a path that is not whole starts from where the user says.
fn located(command: &OsStr, environment: &Environment) -> OsString {
    let is_path = command.as_encoded_bytes().contains(&b'/');
    match environment.non_empty(variable::COMMAND_DIR) {
        Some(folder) if is_path => PathBuf::from(folder).join(command).into(),
        _ => command.to_owned(),
    }
}
