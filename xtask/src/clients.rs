//! What the cache is to real clients.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::{programs, step};

/// Runs the clients, alone and with the cache; fails where anything is worse with it.
pub(crate) fn run(only: &[String], json: &Path, write: bool, require_all: bool) -> Result<()> {
    let (kcc_cache, kcc) = (programs::kcc_cache()?, harness::build_kcc()?);
    let mut clients = Command::new(programs::example("clients")?);
    clients.env("KCC_BIN", kcc).env("KCC_CACHE_BIN", kcc_cache);
    clients.current_dir(step::root()).arg("--json").arg(json);
    for name in only {
        clients.arg("--only").arg(name);
    }
    for (flag, given) in [("--write", write), ("--require-all", require_all)] {
        clients.args(given.then_some(flag));
    }
    step::run("clients", &mut clients)
}
