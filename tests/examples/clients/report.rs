//! The tables, and what is worse with the cache than alone.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::client::Client;
use crate::outcome::Outcome;
use crate::run::{Cells, SHORT_LIFE, columns, say};
use crate::user::Front;

/// The lines between which the page's tables are.
const MARKERS: [&str; 2] = ["<!-- measured: begin -->", "<!-- measured: end -->"];

/// The tables of the page: a title, and each column's heading with its check.
const TABLES: [(&str, &[(&str, &str)]); 4] = [
    (
        "Works, alone / with the cache",
        &[
            ("v1, token", "v1 token"),
            ("v1, certificate", "v1 certificate"),
            ("v1beta1, token", "v1beta1 token"),
            ("v1beta1, certificate", "v1beta1 certificate"),
            ("v1beta1, a plugin that knows no other", "v1beta1, always"),
            (
                "v1, a plugin that says v1beta1 where it is told nothing",
                "v1, v1beta1 where untold",
            ),
            ("v1beta1, one that says v1 then", "v1beta1, v1 where untold"),
        ],
    ),
    (
        "What reaches the client, alone / with the cache",
        &[
            ("a failing plugin's message", "message of a failing plugin"),
            ("no cache directory", "no cache directory"),
            ("a damaged entry", "damaged entry"),
            ("two users of one process", "two users"),
        ],
    ),
    (
        "Runs of the plugin, alone / with the cache",
        &[
            ("two processes", "two processes"),
            ("eight at once", "eight processes"),
            ("tokens of 30 s: failures in 70 s", SHORT_LIFE),
        ],
    ),
    (
        "Failures after the token is revoked, alone / with the cache",
        &[
            ("while it lives", "revoked while it lives"),
            ("again at once", "revoked again"),
            ("life of 5 min", "revoked, life of 5 min"),
            ("no expiry", "revoked, no expiry"),
            ("between processes", "revoked between processes"),
        ],
    ),
];

/// What is worse with the cache and cannot be otherwise: client, check, and why.
const KNOWN: [(&str, &str, &str); 3] = [
    ("kube-rs", "two processes", THREE_REQUESTS),
    ("kube-rs", "eight processes", THREE_REQUESTS),
    (
        "Python kubernetes",
        "revoked, life of 5 min",
        "in the last five minutes it requests before each request, refused or not",
    ),
];
const THREE_REQUESTS: &str = "it runs the plugin three times for a client, and where the machine is slow, that looks like a refusal, \
     once a minute at most";

fn why_known(client: &str, check: &str) -> Option<&'static str> {
    let known = KNOWN
        .iter()
        .find(|known| known.0 == client && known.1 == check);
    known.map(|known| known.2)
}

/// What was measured.
pub(crate) struct Report<'a> {
    clients: &'a [Client],
    cells: &'a Cells,
    missing: Vec<(&'static str, String)>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(
        clients: &'a [Client],
        cells: &'a Cells,
        missing: Vec<(&'static str, String)>,
    ) -> Self {
        Self {
            clients,
            cells,
            missing,
        }
    }

    /// Whether nothing is worse with the cache.
    pub(crate) fn is_good(&self) -> bool {
        self.complaints().is_empty()
    }

    pub(crate) fn print(&self) {
        say(&format!("\n{}", self.markdown()));
        for (client, check, complaint) in self.worse() {
            let known = why_known(client, check);
            let known = known.map(|why| format!(" (known: {why})"));
            let known = known.unwrap_or_default();
            say(&format!("worse: {client}: {check}: {complaint}{known}"));
        }
        let complaints = self.complaints();
        say(&format!(
            "{} clients, {} things are worse with the cache that need not be",
            self.clients.len(),
            complaints.len()
        ));
    }

    /// All cells, for programs.
    pub(crate) fn json(&self) -> Value {
        let clients = self.clients.iter().enumerate().map(|(index, client)| {
            let checks = columns().map(|(check, demand)| {
                let (alone, cache) = (
                    self.cell(index, check, Front::Alone),
                    self.cell(index, check, Front::Cache),
                );
                let worse = demand.complaint(alone, cache);
                let cell = json!({ "alone": alone.json(), "cache": cache.json(), "worse": worse });
                (check.to_owned(), cell)
            });
            let checks: serde_json::Map<String, Value> = checks.collect();
            json!({ "client": client.name, "version": client.version, "checks": checks })
        });
        json!({ "clients": clients.collect::<Vec<_>>(), "worse": self.complaints() })
    }

    /// Replaces the tables of the page.
    pub(crate) fn write_into(&self, page: &Path) -> Result<()> {
        let text =
            fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
        let markers = format!("{} has no lines {MARKERS:?}", page.display());
        let (before, rest) = text.split_once(MARKERS[0]).context(markers.clone())?;
        let (_, after) = rest.split_once(MARKERS[1]).context(markers)?;
        let [begin, end] = MARKERS;
        let text = format!("{before}{begin}\n\n{}\n{end}{after}", self.markdown());
        fs::write(page, text).with_context(|| format!("cannot write {}", page.display()))
    }

    /// What is worse with the cache, but for what cannot be otherwise.
    fn complaints(&self) -> Vec<String> {
        let worse = self.worse().into_iter();
        let unknown = worse.filter(|(client, check, _)| why_known(client, check).is_none());
        let lines =
            unknown.map(|(client, check, complaint)| format!("{client}: {check}: {complaint}"));
        lines.collect()
    }

    /// Client, check and complaint.
    fn worse(&self) -> Vec<(&'static str, &'static str, String)> {
        let mut worse = Vec::new();
        for (index, client) in self.clients.iter().enumerate() {
            for (check, demand) in columns() {
                let alone = self.cell(index, check, Front::Alone);
                let cache = self.cell(index, check, Front::Cache);
                if let Some(complaint) = demand.complaint(alone, cache) {
                    worse.push((client.name, check, complaint));
                }
            }
        }
        worse
    }

    fn cell(&self, client: usize, check: &'static str, front: Front) -> &Outcome {
        self.cells
            .get(&(client, check, front))
            .unwrap_or(&Outcome::NotApplicable)
    }

    fn markdown(&self) -> String {
        let today = jiff::Zoned::now().date();
        let mut text = format!("Measured on {today}.\n");
        for (name, _) in &self.missing {
            let _ = writeln!(text, "Left out: {name}.");
        }
        for (title, columns) in TABLES {
            let headings: Vec<_> = columns.iter().map(|column| column.0).collect();
            let _ = writeln!(
                text,
                "\n**{title}**\n\n| client | {} |",
                headings.join(" | ")
            );
            let _ = writeln!(text, "|---{}|", "|---".repeat(columns.len()));
            for (index, client) in self.clients.iter().enumerate() {
                let cells = columns.iter().map(|(_, check)| {
                    let pair = [Front::Alone, Front::Cache]
                        .map(|front| self.cell(index, check, front).to_string());
                    if pair[0] == "–" {
                        "–".to_owned()
                    } else {
                        pair.join(" / ")
                    }
                });
                let cells: Vec<_> = cells.collect();
                let _ = writeln!(text, "| {} | {} |", label(client), cells.join(" | "));
            }
        }
        text
    }
}

fn label(client: &Client) -> String {
    let name = client
        .name
        .split_once(" 1.")
        .map_or(client.name, |(name, _)| name);
    format!("{name} {}", client.version)
}
