//! Folders of the user's cache that are made once and used by all runs.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use harness::cluster::{Progress, Task};
use sha2::{Digest as _, Sha256};

/// A folder of this name, and of the state of `source`, which `make` fills where there is none.
pub(super) fn prepared(
    name: &str,
    source: Option<&Path>,
    make: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let home = std::env::home_dir().context("no HOME")?;
    let all = home.join(".cache/kcc-dev/clients");
    let state = source.map(state_of).transpose()?;
    let name = state.map_or_else(|| name.to_owned(), |state| format!("{name}-{state}"));
    let folder = all.join(&name);
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(&all)?;
    // Whoever comes second waits and finds it made.
    let lock = File::create(all.join("lock"))?;
    lock.lock()?;
    if folder.is_dir() {
        return Ok(folder);
    }
    let partial = all.join(format!("partial-{name}"));
    let _ = fs::remove_dir_all(&partial);
    fs::create_dir(&partial)?;
    make(&partial)?;
    fs::rename(&partial, &folder)?;
    Ok(folder)
}

/// Names and contents of the files, or of the one file, as one short word.
fn state_of(source: &Path) -> Result<String> {
    let mut files = vec![source.to_owned()];
    if source.is_dir() {
        let entries = fs::read_dir(source)?.map(|entry| entry.map(|entry| entry.path()));
        files = entries.collect::<Result<_, _>>()?;
        files.retain(|path| path.is_file());
        files.sort();
    }
    let mut hash = Sha256::new();
    for path in files {
        hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        let content = fs::read(&path);
        hash.update(content.with_context(|| format!("cannot read {}", path.display()))?);
    }
    let digest = hash.finalize();
    let digits = digest[..4].iter().map(|byte| format!("{byte:02x}"));
    Ok(digits.collect())
}

/// Runs a command that takes its time, and shows that.
pub(super) fn watched(title: &str, command: &mut Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let mut heard = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(heard.try_clone()?);
    let started = command.stderr(heard.try_clone()?).spawn();
    let mut child =
        started.with_context(|| format!("{title}: cannot start {program}; is it installed?"))?;
    let mut task = Task::start(Progress::Shown, title);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        task.tick(&program);
        std::thread::sleep(Duration::from_millis(200));
    };
    if status.success() {
        task.finish("done");
        return Ok(());
    }
    task.finish("failed");
    let mut bytes = Vec::new();
    heard.rewind()?;
    heard.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    bail!(
        "{program} failed ({status}): {}",
        text.trim().lines().last().unwrap_or_default()
    )
}
