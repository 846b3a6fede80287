//! `kcc doctor`: looks for what is wrong with a set-up, and says how to repair it.

mod directory;
mod installation;
mod kubeconfig;
mod users;
mod variables;

use std::io::{self, Write};
use std::process::ExitCode;

use kcc_core::kubeconfig::LoadingRules;
use serde_json::{Value, json};

use crate::list::Output;
use crate::terminal::{self, BAD, FAINT, GOOD, WARNING};

/// Check the set-up, and say how to fix what is wrong
///
/// Looks at PATH, the cache directory, the clock, kubeconfigs, their users and plugins, and kuberc.
/// No plugin is run and nothing is sent anywhere. The exit code is 1 where something does not work;
/// what could be better is a warning.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How to print what is found
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// What a check came to.
#[derive(Debug)]
struct Finding {
    check: &'static str,
    message: String,
    verdict: Verdict,
}

#[derive(Debug)]
enum Verdict {
    Good,
    /// It works, and could be better.
    Warning {
        repair: String,
    },
    /// It does not work.
    Bad {
        repair: String,
    },
}

/// Checks everything, and prints what it found.
///
/// # Errors
/// Where standard output cannot be written.
pub fn run(args: &Args, rules: &LoadingRules) -> anyhow::Result<ExitCode> {
    let mut findings = installation::check();
    findings.extend(directory::check());
    let (found, kubeconfig) = kubeconfig::check(rules);
    findings.extend(found);
    findings.extend(users::check(&kubeconfig));
    let mut stdout = terminal::stdout();
    match args.output {
        Output::Json => writeln!(stdout, "{:#}", to_json(&findings))?,
        Output::Table => {
            for finding in &findings {
                finding.print(&mut stdout)?;
            }
        }
    }
    Ok(if is_healthy(&findings) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn is_healthy(findings: &[Finding]) -> bool {
    let is_bad = |finding: &Finding| matches!(finding.verdict, Verdict::Bad { .. });
    !findings.iter().any(is_bad)
}

fn to_json(findings: &[Finding]) -> Value {
    let all: Vec<Value> = findings.iter().map(Finding::to_json).collect();
    json!({ "healthy": is_healthy(findings), "findings": all })
}

impl Finding {
    fn good(check: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        let verdict = Verdict::Good;
        Self {
            check,
            message,
            verdict,
        }
    }

    fn warning(check: &'static str, message: impl Into<String>, repair: impl Into<String>) -> Self {
        let repair = repair.into();
        Self {
            check,
            message: message.into(),
            verdict: Verdict::Warning { repair },
        }
    }

    fn bad(check: &'static str, message: impl Into<String>, repair: impl Into<String>) -> Self {
        let repair = repair.into();
        Self {
            check,
            message: message.into(),
            verdict: Verdict::Bad { repair },
        }
    }

    fn is_good(&self) -> bool {
        matches!(self.verdict, Verdict::Good)
    }

    fn print(&self, to: &mut impl Write) -> io::Result<()> {
        let (style, word, repair) = match &self.verdict {
            Verdict::Good => (GOOD, "ok", None),
            Verdict::Warning { repair } => (WARNING, "warn", Some(repair)),
            Verdict::Bad { repair } => (BAD, "FAIL", Some(repair)),
        };
        let Self { check, message, .. } = self;
        writeln!(to, "{style}{word:<4}{style:#}  {check}: {message}")?;
        match repair {
            Some(repair) => writeln!(to, "      {FAINT}fix:{FAINT:#} {repair}"),
            None => Ok(()),
        }
    }

    fn to_json(&self) -> Value {
        let (verdict, repair) = match &self.verdict {
            Verdict::Good => ("good", None),
            Verdict::Warning { repair } => ("warning", Some(repair)),
            Verdict::Bad { repair } => ("bad", Some(repair)),
        };
        json!({
            "check": self.check,
            "verdict": verdict,
            "message": self.message,
            "repair": repair,
        })
    }
}
