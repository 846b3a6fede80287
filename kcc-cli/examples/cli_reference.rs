//! Prints docs/cli.md: what `--help` says of each command. `cargo xtask cli-docs` writes the page.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use kcc_cli::args::Arguments;
use kcc_cli::wrapper;

const HEAD: &str = "\
# The command line

`kcc` looks after the cache; `kcc-cache` is what stands in a kubeconfig. [kcc.md](kcc.md) shows how
they are used. This page is what `--help` says: `cargo xtask cli-docs` writes it, and CI checks it.
";

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{HEAD}")?;
    let mut kcc = Arguments::command().term_width(98);
    kcc.build();
    print(&mut kcc.clone(), &mut out)?;
    for command in kcc.get_subcommands_mut() {
        if command.get_name() != "help" {
            print(command, &mut out)?;
        }
    }
    section("kcc-cache", wrapper::HELP, &mut out)
}

fn print(command: &mut Command, out: &mut impl Write) -> io::Result<()> {
    let name = command
        .get_bin_name()
        .unwrap_or(command.get_name())
        .to_owned();
    let help = command.render_long_help().to_string();
    section(&name, &help, out)
}

fn section(name: &str, help: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n## {name}\n\n```text")?;
    for line in help.trim_end().lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    writeln!(out, "```")
}
