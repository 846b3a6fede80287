//! Which users a command is about, and how it tells what it did to them.

use std::collections::BTreeSet;
use std::io::{self, Write};

use anyhow::{Context, bail};
use kcc_core::kubeconfig::{Kubeconfig, LoadingRules};

use crate::edit::{Action, Outcome, Users, printable};
use crate::rewrite::Plan;
use crate::terminal;

/// Options that select users.
#[derive(Debug, clap::Args)]
pub struct Selection {
    /// Only this user; may be given several times
    #[arg(long = "user", value_name = "NAME")]
    users: Vec<String>,

    /// Only the user of this context; may be given several times
    #[arg(long = "context", value_name = "NAME")]
    contexts: Vec<String>,
}

/// Options for looking before leaping.
#[derive(Debug, clap::Args)]
pub struct Preview {
    /// Show the changed lines, without what else stands on them, on standard output
    #[arg(long)]
    pub(crate) diff: bool,

    /// Write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl Selection {
    /// The users, by the names that the kubeconfigs give them.
    pub(crate) fn users(&self, rules: &LoadingRules) -> anyhow::Result<Users> {
        if self.users.is_empty() && self.contexts.is_empty() {
            return Ok(Users::All);
        }
        let kubeconfig = Kubeconfig::load(rules)?;
        let mut names: BTreeSet<String> = self.users.iter().cloned().collect();
        for name in &self.contexts {
            let context = kubeconfig.contexts.get(name).with_context(|| {
                let known = kubeconfig.contexts.keys();
                format!("there is no context {name:?}{}", listed(known))
            })?;
            names.insert(context.value.user.clone());
        }
        for name in &names {
            if !kubeconfig.users.contains_key(name) {
                let known = kubeconfig.users.keys();
                bail!("there is no user {name:?}{}", listed(known));
            }
        }
        Ok(Users::Named(names))
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("; there is {}", names.join(", "))
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
            writeln!(out, "  {user:width$}  {}", said(action, dry_run))?;
        }
        if users.is_empty() {
            writeln!(out, "  no users here")?;
        }
    }
    Ok(())
}

/// What was done to a user, in words.
pub(crate) fn said(action: &Action, dry_run: bool) -> String {
    let would = if dry_run { "would be " } else { "" };
    let text = match action {
        Action::Injected { plugin } => format!("{would}injected: kcc-cache before {plugin}"),
        Action::AlreadyInjected { plugin } => {
            format!("unchanged: kcc-cache is before {plugin} already")
        }
        Action::Updated { plugin } => {
            format!("{would}updated: the variables of kcc-cache before {plugin}")
        }
        Action::Ejected { plugin } => format!("{would}ejected: {plugin} alone"),
        Action::NotInjected { plugin } => format!("unchanged: kcc-cache is not before {plugin}"),
        Action::NoPlugin => "skipped: it has no exec plugin".to_owned(),
        Action::OtherVersion { version } => {
            format!("skipped: kcc-cache does not speak {version:?}, nor does kubectl")
        }
    };
    printable(&text)
}
