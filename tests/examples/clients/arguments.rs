//! What the program is to do.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The page that has the tables.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/clients.md");

/// The arguments, as `cargo xtask e2e clients` hands them on.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    /// Whether a client that cannot run here is a failure.
    pub(crate) require_all: bool,
    /// The only clients; all where it is empty.
    pub(crate) only: Vec<String>,
    /// The page into which the tables go.
    pub(crate) page: Option<PathBuf>,
    /// Where all cells go.
    pub(crate) json: Json,
}

/// A file for the figures.
#[derive(Debug, Default)]
pub(crate) struct Json(Option<PathBuf>);

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = Self::default();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .with_context(|| format!("{word} needs a value"))
            };
            match word.as_str() {
                "--require-all" => arguments.require_all = true,
                "--write" => arguments.page = Some(PAGE.into()),
                "--only" => arguments.only.push(value()?),
                "--json" => arguments.json = Json(Some(value()?.into())),
                _ => bail!("no such argument: {word}"),
            }
        }
        Ok(arguments)
    }

    /// Whether this client is wanted.
    pub(crate) fn includes(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.contains(only.as_str()))
    }
}

impl Json {
    pub(crate) fn write(&self, value: &Value) -> Result<()> {
        let Some(path) = &self.0 else { return Ok(()) };
        let text = serde_json::to_vec_pretty(value)?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}
