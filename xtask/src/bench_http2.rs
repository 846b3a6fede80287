//! What HTTP/2 is worth to a client. The benchmark is an example of `tests`, as `bench_core` is.

use std::path::Path;

use anyhow::Result;

use crate::step;

/// Prints the table, and writes it as JSON to `json`.
pub(crate) fn run(json: &Path) -> Result<()> {
    let mut cargo = step::cargo_with("run --release --package tests --example bench_http2 --");
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    step::run("HTTP/2 and HTTP/1.1", cargo.arg(json))
}
