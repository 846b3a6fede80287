//! `kcc`: looks after the credential cache.

use std::process::ExitCode;

use clap::Parser;
use kcc_cli::args::Arguments;
use kcc_cli::{completions, terminal};

fn main() -> ExitCode {
    completions::answer();
    match Arguments::parse().run() {
        Ok(code) => code,
        Err(error) => terminal::fail(&error),
    }
}
