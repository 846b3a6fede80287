//! `kcc list`: what is stored.

mod purpose;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use clap::ValueEnum;
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};
use jiff::Timestamp;
use kcc_core::kubeconfig::LoadingRules;
use kcc_core::{CredentialKind, EntryDetails, EntryInfo, EntryState};
use serde_json::{Value, json};

use crate::plugin_context;
use crate::terminal;

/// List the stored credentials, without showing any
///
/// FOR says what a credential is for, as far as that is no secret: options of its plugin, variables
/// and files that decided whose it is. A value behind a # is a fingerprint: equal ones are equal.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How to print the list
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// A table for people
    Table,
    /// JSON for programs
    Json,
}

/// Prints the list.
///
/// # Errors
/// Where the cache directory or standard output cannot be used.
pub(crate) fn run(args: &Args, rules: &LoadingRules) -> anyhow::Result<ExitCode> {
    let mut entries = vec![];
    for cache in plugin_context::caches(&plugin_context::kubeconfig_or_warn(rules))? {
        entries.extend(cache.entries()?);
    }
    entries.sort_by_cached_key(|entry| {
        let details = entry.details.as_ref();
        details.map(|it| (it.user.clone(), it.server.clone(), it.command.clone()))
    });
    let now = Timestamp::now();
    let mut stdout = terminal::stdout();
    match args.output {
        Output::Json => {
            let entries: Vec<Value> = entries.iter().map(|entry| to_json(entry, now)).collect();
            writeln!(stdout, "{:#}", json!({ "entries": entries }))?;
        }
        Output::Table if entries.is_empty() => {
            writeln!(terminal::stderr(), "no credentials are stored")?;
        }
        Output::Table => writeln!(stdout, "{}", table(&entries, now))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(entries: &[EntryInfo], now: Timestamp) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    if terminal::colours() {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    let head = [
        "USER", "SERVER", "COMMAND", "FOR", "KIND", "EXPIRES", "STATE",
    ];
    table.set_header(head.map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
    for (entry, what_for) in entries.iter().zip(purpose::purposes(entries)) {
        table.add_row(row(entry, &what_for, now));
    }
    let last = head.len() - 1;
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index == last { 0 } else { 3 }));
    }
    table.trim_fmt()
}

fn row(entry: &EntryInfo, what_for: &str, now: Timestamp) -> Vec<Cell> {
    let state = Cell::new(state(entry, now)).fg(match entry.state {
        EntryState::Good => Color::Green,
        EntryState::Due => Color::Yellow,
        _ => Color::Red,
    });
    let Some(details) = &entry.details else {
        let file = entry.path.display().to_string();
        return [file.as_str(), "", "", "", "", ""]
            .map(Cell::new)
            .into_iter()
            .chain([state])
            .collect();
    };
    vec![
        Cell::new(or_dash(&details.user)),
        Cell::new(or_dash(details.server.as_deref().unwrap_or_default())),
        Cell::new(&details.command),
        Cell::new(or_dash(what_for)),
        Cell::new(kind(details.kind)),
        Cell::new(expires(details, now)),
        state,
    ]
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

/// A kind as people and programs read it.
fn kind(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Token => "token",
        CredentialKind::Certificate => "cert",
        _ => "token+cert",
    }
}

fn expires(details: &EntryDetails, now: Timestamp) -> String {
    let left = details.expires_at.duration_since(now);
    if left.is_positive() {
        format!("in {}", terminal::span(left))
    } else {
        format!("{} ago", terminal::span(left))
    }
}

/// What an entry is worth, in words.
pub(crate) fn state(entry: &EntryInfo, now: Timestamp) -> String {
    match (&entry.state, &entry.details) {
        (EntryState::Good, _) => "good".to_owned(),
        (EntryState::Due, Some(details)) if details.renew_at > now => {
            "stored in the future: was the clock set back?".to_owned()
        }
        (EntryState::Due, _) => "near expiry".to_owned(),
        (EntryState::Expired, _) => "expired".to_owned(),
        (EntryState::Unusable { problem }, _) => format!("unusable: {problem}"),
        _ => "unknown".to_owned(),
    }
}

fn to_json(entry: &EntryInfo, now: Timestamp) -> Value {
    let (name, problem) = match &entry.state {
        EntryState::Good => ("good", None),
        EntryState::Due => ("due", None),
        EntryState::Expired => ("expired", None),
        EntryState::Unusable { problem } => ("unusable", Some(problem)),
        _ => ("unknown", None),
    };
    let mut object = json!({ "path": entry.path.to_string_lossy(), "state": name });
    if let Some(problem) = problem {
        object["problem"] = problem.as_str().into();
    }
    if let Some(details) = &entry.details {
        object["user"] = details.user.as_str().into();
        object["server"] = details.server.clone().into();
        object["command"] = details.command.as_str().into();
        let parts = details.parts.iter().cloned();
        object["parts"] = parts
            .collect::<BTreeMap<String, String>>()
            .into_iter()
            .collect();
        object["kind"] = kind(details.kind).into();
        object["storedAt"] = details.stored_at.to_string().into();
        object["renewAt"] = details.renew_at.to_string().into();
        object["expiresAt"] = details.expires_at.to_string().into();
        object["expiresInSeconds"] = details.expires_at.duration_since(now).as_secs().into();
    }
    object
}
