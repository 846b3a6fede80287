//! `kcc`: looks after the credential cache.

use std::process::ExitCode;

use clap::Parser;
use kcc_cli::args::Arguments;
use kcc_cli::terminal;

fn main() -> ExitCode {
    Arguments::complete();
    match Arguments::parse().run() {
        Ok(code) => code,
        Err(error) => terminal::fail(&error),
    }
}
