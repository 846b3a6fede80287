//! The wrapper program in front of a plugin: `kcc-cache`, and `kcc exec`.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use kcc_core::{
    CredentialCache, End, Environment, Error, ExecInfo, Notice, PluginError, PluginPolicy, Request,
    Settings, Warnings,
};
use rustix::process::{Resource, Rlimit};

use crate::background;

/// What `kcc-cache --help` prints.
pub const HELP: &str = include_str!("kcc-cache.help.txt");

const USAGE_ERROR: u8 = 2;

/// A program that is run in a plugin's place, and prints what that would print.
#[derive(Debug, Clone, Copy)]
pub struct Wrapper {
    /// Its name, before each of its messages.
    pub name: &'static str,
}

impl Wrapper {
    /// `kcc-cache`, with the arguments behind its name.
    ///
    /// It has no options but `--help` and `--version`, and those in first place only: all else is
    /// the plugin's.
    pub fn run(self, mut args: impl Iterator<Item = OsString>) -> ExitCode {
        let Some(command) = args.next() else {
            return self.usage_error("which plugin? Give its command and arguments");
        };
        match command.to_str() {
            Some("-h" | "--help") => self.print(HELP.as_bytes()),
            Some("-V" | "--version") => {
                self.print(concat!("kcc-cache ", env!("CARGO_PKG_VERSION"), "\n").as_bytes())
            }
            Some("") => self.usage_error("the command is empty"),
            Some(option) if option.starts_with('-') => {
                self.usage_error(&format!("unknown option {option}"))
            }
            _ => self.print_credential(command, args.collect()),
        }
    }

    /// Prints the credential that `command` would print, from the cache where it can.
    pub(crate) fn print_credential(self, command: OsString, args: Vec<OsString>) -> ExitCode {
        forbid_core_dumps();
        match self.try_to_print(command, args) {
            Ok(code) => code,
            Err(error) => self.fail(&error),
        }
    }

    fn try_to_print(self, command: OsString, args: Vec<OsString>) -> Result<ExitCode, Error> {
        let mut environment = Environment::of_process();
        let client = background::client(&mut environment);
        let in_background = client.is_some();
        // Once, and for all that is decided by it: a kubeconfig has no say in it.
        let client = client.unwrap_or_else(Environment::of_client);
        let settings = Settings::from_environment(&environment)?;
        let (debug, warnings) = (settings.debug(), settings.warnings());
        let cache = CredentialCache::new(settings).for_parent_process();
        let mut tell = |notice: Notice| match notice.is_warning() {
            true if debug || are_shown(warnings) => self.say(&format!("warning: {notice}")),
            true => cache.keep_warning(&notice),
            false if debug => self.say(&notice.to_string()),
            false => {}
        };
        let request = Request {
            info: ExecInfo::from_environment(&environment)?
                .with_terminal(|| io::stdin().is_terminal()),
            command,
            args,
            environment,
            policy: PluginPolicy::load(&client, &mut tell)?,
            forward_signals: true,
        }
        .without_cache()?;
        if in_background {
            cache.refresh_ahead(&request, &mut tell)?;
            return Ok(ExitCode::SUCCESS);
        }
        let answer = cache.get(&request, &mut tell)?;
        let code = self.print(answer.credential.expose());
        if answer.refresh_is_due {
            background::start(&client);
        }
        Ok(code)
    }

    /// A plugin that failed has said why itself, on our stderr. Where it was ended, or may have said
    /// nothing, we say what is known: its client names `kcc-cache` only.
    fn fail(self, error: &Error) -> ExitCode {
        match error {
            Error::Plugin(PluginError::Failed {
                end: End::Code(_),
                heard: true,
                ..
            }) => {}
            Error::Plugin(PluginError::Interrupted { signal }) => {
                // Ends this process, as the signal would have without us in between.
                let _ = signal_hook::low_level::emulate_default_handler(*signal);
            }
            _ => self.say(&error.to_string()),
        }
        if let Some(hint) = error.install_hint() {
            self.say(hint.trim_end());
        }
        ExitCode::from(error.exit_code())
    }

    fn print(self, text: &[u8]) -> ExitCode {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text).and_then(|()| stdout.flush()) {
            Ok(()) => ExitCode::SUCCESS,
            // Nobody reads the answer: the client has gone.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
            Err(error) => {
                self.say(&format!("cannot write to stdout: {error}"));
                ExitCode::FAILURE
            }
        }
    }

    fn usage_error(self, problem: &str) -> ExitCode {
        self.say(&format!(
            "{problem}\nusage: kcc-cache <command> [args...]; kcc-cache --help says more"
        ));
        ExitCode::from(USAGE_ERROR)
    }

    /// One line on stderr; where that is closed, nobody wants to read it.
    fn say(self, message: &str) {
        let _ = writeln!(io::stderr(), "{}: {message}", self.name);
    }
}

/// A client may read our stderr as part of the answer (fabric8 does), or show it to nobody.
fn are_shown(warnings: Warnings) -> bool {
    match warnings {
        Warnings::Stderr => true,
        Warnings::Log => false,
        _ => io::stderr().is_terminal(),
    }
}

/// A core dump would hold credentials. The hard limit stays, so that a plugin may raise its own.
fn forbid_core_dumps() {
    let limit = rustix::process::getrlimit(Resource::Core);
    // Many systems have it so.
    if limit.current == Some(0) {
        return;
    }
    let none = Rlimit {
        current: Some(0),
        maximum: limit.maximum,
    };
    let _ = rustix::process::setrlimit(Resource::Core, none);
}

#[cfg(test)]
mod tests {
    use kcc_core::variable;

    use super::HELP;

    #[test]
    fn the_help_names_every_variable_and_no_other() {
        let named = HELP.split_whitespace().filter_map(|word| {
            let name = word.strip_prefix("..._")?;
            Some(format!("{}{name}", variable::PREFIX))
        });
        let mut named: Vec<String> = named.collect();
        named.sort();
        assert_eq!(named, variable::ALL);
    }
}
