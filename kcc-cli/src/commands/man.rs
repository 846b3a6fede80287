//! `kcc man`: manual pages.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Command, ValueHint};
use clap_mangen::Man;

use crate::wrapper;

/// Print the manual page of kcc, or write those of all its commands
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write the pages of kcc, of each of its commands and of kcc-cache into this directory
    #[arg(long, value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

/// Prints one page, or writes all.
///
/// # Errors
/// Where standard output or the directory cannot be written.
pub(crate) fn run(args: &Args, kcc: Command) -> anyhow::Result<ExitCode> {
    match &args.dir {
        None => print(kcc)?,
        Some(dir) => write_all(dir, kcc)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print(kcc: Command) -> anyhow::Result<()> {
    let mut page = Vec::new();
    Man::new(kcc).render(&mut page)?;
    std::io::stdout().write_all(&page)?;
    Ok(())
}

fn write_all(dir: &Path, kcc: Command) -> anyhow::Result<()> {
    let at = |path: &Path| format!("cannot write {}", path.display());
    fs::create_dir_all(dir).with_context(|| at(dir))?;
    clap_mangen::generate_to(kcc, dir).with_context(|| at(dir))?;
    let path = dir.join("kcc-cache.1");
    fs::write(&path, kcc_cache()).with_context(|| at(&path))
}

/// `kcc-cache` has no clap in it, so its page is its help text, set as it stands.
fn kcc_cache() -> String {
    let mut page = format!(
        ".TH kcc-cache 1 \"\" \"kcc-cache {}\"\n.SH NAME\nkcc\\-cache \\- a cache in front of a \
         Kubernetes exec credential plugin\n.SH DESCRIPTION\n.nf\n",
        env!("CARGO_PKG_VERSION")
    );
    for line in wrapper::HELP.lines().skip(2) {
        // A point or an apostrophe in first place would be a request.
        if line.starts_with(['.', '\'']) {
            page.push_str("\\&");
        }
        page.push_str(&line.replace('\\', "\\e").replace('-', "\\-"));
        page.push('\n');
    }
    page.push_str(".fi\n");
    page
}
