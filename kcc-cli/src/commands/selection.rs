//! Which users a command is about, and how it tells what it did to them.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::process::ExitCode;

use kcc_core::kubeconfig::{Kubeconfig, LoadingRules, NamedKind};

use crate::contexts;
use crate::edit::{Action, Outcome, Users, printable};
use crate::rewrite::Plan;
use crate::terminal;

/// Options that select users.
#[derive(Debug, clap::Args)]
pub(crate) struct Selection {
    /// Only the users of these contexts
    #[arg(value_name = "CONTEXT", add = contexts::completer())]
    contexts: Vec<String>,

    /// Only this user; may be given several times
    #[arg(long = "user", value_name = "NAME", add = contexts::user_completer())]
    users: Vec<String>,

    /// The same as CONTEXT
    #[arg(long = "context", value_name = "NAME", hide = true, add = contexts::completer())]
    by_option: Vec<String>,
}

/// Options for looking before leaping.
#[derive(Debug, clap::Args)]
pub(crate) struct Preview {
    /// Show the changed lines on standard output, with their other text left out
    #[arg(long)]
    pub(crate) diff: bool,

    /// Write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl Selection {
    /// The users, by the names that the kubeconfigs give them.
    pub(crate) fn users(&self, rules: &LoadingRules) -> anyhow::Result<Users> {
        let contexts = || self.contexts.iter().chain(&self.by_option);
        if self.users.is_empty() && contexts().next().is_none() {
            return Ok(Users::All);
        }
        let kubeconfig = Kubeconfig::load(rules)?;
        let mut names: BTreeSet<String> = self.users.iter().cloned().collect();
        for name in contexts::named(&kubeconfig, contexts())? {
            names.insert(kubeconfig.contexts[name].value.user.clone());
        }
        for name in &names {
            if !kubeconfig.users.contains_key(name) {
                let known = kubeconfig.users.keys();
                return Err(contexts::unknown(NamedKind::User, name, known).into());
            }
        }
        Ok(Users::Named(names))
    }
}

/// 1 where a user could not be edited.
pub(crate) fn exit_code(plans: &[Plan]) -> ExitCode {
    let mut refused = plans.iter().flat_map(|plan| plan.edited.refused());
    match refused.next() {
        Some(_) => ExitCode::FAILURE,
        None => ExitCode::SUCCESS,
    }
}

/// Tells what was done, file by file and user by user, and shows the changes if they are wanted.
pub(crate) fn tell(plans: &[Plan], preview: &Preview) -> io::Result<()> {
    if preview.diff {
        let mut stdout = terminal::stdout();
        for plan in plans.iter().filter(|plan| !plan.edited.diff.is_empty()) {
            let path = plan.path.display();
            write!(stdout, "--- {path}\n+++ {path}\n{}", plan.edited.diff)?;
        }
        return summary(&mut terminal::stderr(), plans, preview.dry_run);
    }
    summary(&mut terminal::stdout(), plans, preview.dry_run)
}

fn summary(out: &mut impl Write, plans: &[Plan], dry_run: bool) -> io::Result<()> {
    for plan in plans {
        writeln!(out, "{}", plan.path.display())?;
        let users = &plan.edited.users;
        let width = users.iter().map(|outcome| outcome.user.chars().count());
        let width = width.max().unwrap_or(0).min(60);
        for Outcome { user, action, .. } in users {
            let user = printable(user);
            writeln!(out, "  {user:width$}  {}", describe(action, dry_run))?;
        }
        if users.is_empty() {
            writeln!(out, "  no users here")?;
        }
    }
    Ok(())
}

/// What was done to a user, in words.
pub(crate) fn describe(action: &Action, dry_run: bool) -> String {
    let would = if dry_run { "would be " } else { "" };
    let text = match action {
        Action::Injected { plugin } => format!("{would}injected: kcc-cache before {plugin}"),
        Action::AlreadyInjected { plugin } => {
            format!("already injected: kcc-cache before {plugin}")
        }
        Action::Updated { plugin } => {
            format!("{would}updated: kcc-cache before {plugin}, and its variables")
        }
        Action::Ejected { plugin } => format!("{would}ejected: {plugin} alone"),
        Action::NotInjected { plugin } => format!("unchanged: kcc-cache is not before {plugin}"),
        Action::NoPlugin => "skipped: it has no exec plugin".to_owned(),
        Action::OtherVersion { version } => {
            format!("skipped: kcc-cache does not speak {version:?}, nor does kubectl")
        }
        Action::Refused { problem } => format!("REFUSED, left as it is: {problem}"),
    };
    printable(&text)
}
