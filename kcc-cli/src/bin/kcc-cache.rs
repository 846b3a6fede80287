//! `kcc-cache <command> [args...]`: stands in front of an exec credential plugin and answers from
//! the credential cache.

use std::process::ExitCode;

use kcc_cli::wrapper::Wrapper;

fn main() -> ExitCode {
    let wrapper = Wrapper { name: "kcc-cache" };
    wrapper.run(std::env::args_os().skip(1))
}
