//! What the manifests say.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::step;

/// What is to be had from crates.io.
pub(crate) struct Published {
    pub(crate) names: Vec<String>,
    /// The oldest Rust that compiles it, as in `1.89`.
    pub(crate) rust: String,
    /// The project's address on the web; it stands in the workspace's Cargo.toml and nowhere else.
    pub(crate) repository: Option<String>,
}

impl Published {
    /// # Errors
    /// Where cargo cannot be run.
    pub(crate) fn read() -> Result<Self> {
        let mut metadata = step::cargo("metadata --no-deps --format-version=1");
        let metadata: Value = serde_json::from_str(&step::output_of(&mut metadata)?)?;
        let packages = metadata["packages"].as_array().context("no packages")?;
        let published = packages.iter().filter(|it| it["publish"].is_null());
        let published: Vec<&Value> = published.collect();
        let text = |field: &str| {
            let texts = published.iter().map(|package| &package[field]);
            let mut texts = texts.filter_map(Value::as_str).map(str::to_owned);
            texts.find(|text| !text.is_empty())
        };
        let names = published
            .iter()
            .filter_map(|package| package["name"].as_str());
        Ok(Self {
            names: names.map(str::to_owned).collect(),
            rust: text("rust_version").context("no rust-version")?,
            repository: text("repository"),
        })
    }

    /// `--package NAME` for each.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.names.iter().flat_map(|name| ["--package", name])
    }
}
