//! Runs what was built where nothing else is there.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use super::build::{PROGRAMS, STATIC, is_linux};
use super::keyring;
use crate::step;

/// Prints a credential, as a plugin does. It is linked statically, since nothing else is there.
const PLUGIN: &str = r##"
fn main() {
    println!(r#"{{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",
        "status":{{"token":"t","expirationTimestamp":"2100-01-01T00:00:00Z"}}}}"#);
}
"##;

/// From another directory, with an empty environment; with keyrings; then, where we may, in a root
/// directory that holds nothing but the programs and three devices: no library, no `/etc` for name
/// services, no `/proc`.
pub(super) fn run(programs: &Path, room: &Path, target: &str) -> Result<()> {
    if room.exists() {
        fs::remove_dir_all(room)?;
    }
    fs::create_dir(room)?;
    versions(programs, room)?;
    for program in PROGRAMS {
        fs::copy(programs.join(program), room.join(program))?;
    }
    plugin(room, target)?;
    if is_linux(target) {
        keyring::run(room)?;
    }
    match devices(room) {
        Ok(()) => alone(room)?,
        Err(error) => step::say(&format!(
            "\n=== an empty root directory: left out, since this user may not make one: {error:#}"
        )),
    }
    Ok(fs::remove_dir_all(room)?)
}

fn versions(programs: &Path, room: &Path) -> Result<()> {
    for program in PROGRAMS {
        let mut version = Command::new(programs.join(program));
        version.arg("--version").current_dir(room).env_clear();
        let said = step::output_of(&mut version)?;
        let expected = format!("{program} {}\n", env!("CARGO_PKG_VERSION"));
        ensure!(said == expected, "{program} --version says {said:?}");
    }
    Ok(())
}

/// `/dev/null`, which plugins get to read, and the system's random numbers: a static program does
/// not find the C library's `getrandom`.
fn devices(room: &Path) -> Result<()> {
    fs::create_dir(room.join("dev"))?;
    for (name, minor) in [("null", "3"), ("random", "8"), ("urandom", "9")] {
        let device = room.join("dev").join(name);
        let mut mknod = Command::new("mknod");
        step::output_of(mknod.arg(&device).args(["c", "1", minor]))?;
        fs::File::open(&device)?;
    }
    let mut chroot = Command::new("chroot");
    step::output_of(chroot.arg(room).args(["/kcc", "--version"]))?;
    Ok(())
}

fn alone(room: &Path) -> Result<()> {
    step::say("\n=== an empty root directory");
    fs::create_dir(room.join("home"))?;
    let run = |arguments: &[&str]| {
        let mut command = Command::new("chroot");
        command.arg(room).args(arguments).env_clear();
        // chroot itself is found by PATH.
        let path = "/usr/sbin:/usr/bin:/sbin:/bin";
        command.env("PATH", path).env("HOME", "/home");
        step::output_of(command.stdin(Stdio::null()))
    };
    let first = run(&["/kcc-cache", "/plugin"])?;
    fs::remove_file(room.join("plugin"))?;
    let second = run(&["/kcc-cache", "/plugin"])?;
    ensure!(first == second, "the second answer is another: {second}");
    let list = run(&["/kcc", "list"])?;
    ensure!(list.contains("/plugin"), "kcc list says {list:?}");
    Ok(())
}

fn plugin(room: &Path, target: &str) -> Result<()> {
    let source = room.join("plugin.rs");
    fs::write(&source, PLUGIN)?;
    let mut rustc = Command::new("rustc");
    rustc
        .args("-O -C panic=abort --target".split(' '))
        .arg(target);
    if is_linux(target) {
        rustc.args(STATIC.split(' '));
    }
    rustc.arg("-o").arg(room.join("plugin")).arg(&source);
    step::run("a plugin", &mut rustc)
}
