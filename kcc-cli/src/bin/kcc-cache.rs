//! `kcc-cache <command> [args...]`: stands in front of an exec credential plugin and answers from
//! the credential cache.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use kcc_core::{CredentialCache, Environment, Error, ExecInfo, Notice, Request, Settings};
use rustix::process::{Resource, Rlimit};

const HELP: &str = include_str!("kcc-cache.help.txt");

const USAGE_ERROR: u8 = 2;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let Some(command) = args.next() else {
        return usage_error("which plugin? Give its command and arguments");
    };
    match command.to_str() {
        Some("-h" | "--help") => return print(HELP.as_bytes()),
        Some("-V" | "--version") => {
            return print(concat!("kcc-cache ", env!("CARGO_PKG_VERSION"), "\n").as_bytes());
        }
        Some("") => return usage_error("the command is empty"),
        Some(option) if option.starts_with('-') => {
            return usage_error(&format!("unknown option {option}"));
        }
        _ => {}
    }
    forbid_core_dumps();
    match answer(command, args.collect()) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

fn answer(command: OsString, args: Vec<OsString>) -> Result<ExitCode, Error> {
    let environment = Environment::of_process();
    let settings = Settings::from_environment(&environment)?;
    let debug = settings.debug();
    let request = Request {
        info: ExecInfo::from_environment(&environment)?,
        command,
        args,
        environment,
        forward_signals: true,
    };
    let mut tell = |notice: Notice| {
        if notice.is_warning() {
            say(&format!("warning: {notice}"));
        } else if debug {
            say(&notice.to_string());
        }
    };
    let answer = CredentialCache::new(settings).get(&request, &mut tell)?;
    Ok(print(answer.credential.expose()))
}

/// A plugin that failed has said so itself, on our stderr and by the exit code that we pass on.
fn fail(error: &Error) -> ExitCode {
    match error {
        Error::Failed { .. } => {}
        Error::Interrupted { signal } => {
            // Ends this process, as the signal would have without us in between.
            let _ = signal_hook::low_level::emulate_default_handler(*signal);
        }
        _ => say(&error.to_string()),
    }
    if let Some(hint) = error.install_hint() {
        say(hint.trim_end());
    }
    ExitCode::from(error.exit_code())
}

fn print(text: &[u8]) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads the answer: the client has gone.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("cannot write to stdout: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn usage_error(problem: &str) -> ExitCode {
    say(&format!(
        "{problem}\nusage: kcc-cache <command> [args...]; kcc-cache --help says more"
    ));
    ExitCode::from(USAGE_ERROR)
}

/// One line on stderr; where that is closed, nobody wants to read it.
fn say(message: &str) {
    let _ = writeln!(io::stderr(), "kcc-cache: {message}");
}

/// A core dump would hold credentials. The hard limit stays, so that a plugin may raise its own.
fn forbid_core_dumps() {
    let limit = rustix::process::getrlimit(Resource::Core);
    let none = Rlimit {
        current: Some(0),
        maximum: limit.maximum,
    };
    let _ = rustix::process::setrlimit(Resource::Core, none);
}
