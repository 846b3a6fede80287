//! `kcc-cache <command> [args...]`: stands in front of an exec credential plugin and answers from
//! the credential cache.

use std::process::ExitCode;

use kcc_cli::front::Front;

fn main() -> ExitCode {
    let front = Front { name: "kcc-cache" };
    front.run(std::env::args_os().skip(1))
}
