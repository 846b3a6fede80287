//! A file that cannot be replaced, such as one that is mounted into a container, is written in
//! place. Until it is whole again, a copy beside it, or in the cache directory, has both contents.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use kcc_core::kubeconfig::Kubeconfig;
use kcc_core::{Environment, Settings};
use zeroize::Zeroizing;

use super::change::FileChange;

/// Writes from the front on and cuts the rest off, so that whoever ends it leaves a part of the new
/// content before the rest of the old one: see [`is_torn`].
pub(super) fn write(target: &Path, content: &[u8]) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(target)?;
    file.write_all_at(content, 0)?;
    file.set_len(content.len() as u64)?;
    file.sync_all()
}

/// The copy of a file that is being written in place. It stays where the process is killed.
pub(super) struct Backup {
    path: PathBuf,
}

impl Backup {
    pub(super) fn make(change: FileChange<'_>) -> anyhow::Result<Self> {
        let FileChange {
            target,
            before,
            after,
        } = change;
        let mut text = Zeroizing::new(Vec::with_capacity(before.len() + after.len() + 64));
        writeln!(text, "{MARK} {} {}", before.len(), after.len())?;
        text.extend_from_slice(before);
        text.extend_from_slice(after);
        let mut refused = None;
        for path in places(target) {
            match create(&path, &text) {
                Ok(()) => return Ok(Self { path }),
                Err(error) => refused = Some((path, error)),
            }
        }
        let (path, error) = refused.context("there is no place for a copy")?;
        let shown = path.display();
        Err(error).with_context(|| {
            format!("it can only be written in place, and no copy of it can be made at {shown}")
        })
    }

    /// The file is whole.
    pub(super) fn remove(self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl fmt::Display for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, behind its first line", self.path.display())
    }
}

/// Whether a process was killed while it wrote the file in place, or still writes.
pub(super) fn is_unfinished(target: &Path) -> bool {
    places(target).iter().any(|path| path.exists())
}

/// Gives the file back its old content if a process was killed while it wrote. To be called under
/// the file's lock.
pub(super) fn recover(target: &Path) -> anyhow::Result<()> {
    for path in places(target) {
        let Ok(text) = fs::read(&path).map(Zeroizing::new) else {
            continue;
        };
        let now = Zeroizing::new(fs::read(target)?);
        // A copy that is not whole is of a file that was not yet touched.
        if let Some((before, after)) = read(&text) {
            let is_whole = *now == before || *now == after;
            if !is_whole && is_torn(&now, before, after) {
                write(target, before)?;
            } else if !is_whole && Kubeconfig::parse(target, &now).is_err() {
                bail!(
                    "{} was left half written and has changed since; what it was stands in {}, behind its first line: put it back, and remove that copy",
                    target.display(),
                    path.display()
                );
            }
        }
        fs::remove_file(&path)?;
    }
    Ok(())
}

const MARK: &str = "kcc-cache: a kubeconfig before and after an edit:";

fn read(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let head = str::from_utf8(&text[..end]).ok()?.strip_prefix(MARK)?;
    let mut lengths = head.split_ascii_whitespace().map(str::parse::<usize>);
    let (before, after) = (lengths.next()?.ok()?, lengths.next()?.ok()?);
    let contents = &text[end + 1..];
    (contents.len() == before.checked_add(after)?).then(|| contents.split_at(before))
}

/// Whether `now` is what [`write`] leaves where it is ended: a part of the new content, and behind
/// it what stood there.
fn is_torn(now: &[u8], before: &[u8], after: &[u8]) -> bool {
    if now.len() > before.len() {
        return after.starts_with(now);
    }
    let written = now.iter().zip(after).take_while(|(now, new)| now == new);
    let written = written.count();
    now.len() == before.len() && now[written..] == before[written..]
}

/// Where the copy may be: beside the file, or else, under the file's own path, in the cache
/// directory.
fn places(target: &Path) -> Vec<PathBuf> {
    let mut places = vec![];
    if let (Some(folder), Some(name)) = (target.parent(), target.file_name()) {
        places.push(folder.join(format!(".{}.kcc-copy", name.to_string_lossy())));
    }
    let settings = Settings::from_environment(&Environment::of_process());
    if let Ok(settings) = settings
        && let Some(directory) = settings.directory()
    {
        let mut path = directory.join("kubeconfigs").into_os_string();
        path.push(target);
        path.push(".kcc-copy");
        places.push(path.into());
    }
    places
}

/// A file that only its owner can read, on the disk with its name.
fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
            options.open(path)?
        }
        opened => opened?,
    };
    let written = file.write_all(content).and_then(|()| file.sync_all());
    let lasting = written.and_then(|()| File::open(folder)?.sync_all());
    lasting.inspect_err(|_| drop(fs::remove_file(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_interrupted_write_leaves_is_known() {
        let torn = |now: &str, before: &str, after: &str| {
            is_torn(now.as_bytes(), before.as_bytes(), after.as_bytes())
        };
        // It became longer, and it became shorter.
        for (before, after) in [
            ("command: aws\n", "command: kcc\n- aws\n"),
            ("abcdef", "xyz"),
        ] {
            for written in 0..=after.len() {
                let rest = before.get(written..).unwrap_or_default();
                let now = format!("{}{rest}", &after[..written]);
                assert!(torn(&now, before, after), "{now}");
            }
        }
        for now in ["", "abc", "xy", "xycdeg", "xyzdefg", "abcdef\n"] {
            assert!(!torn(now, "abcdef", "xyz"), "{now}");
        }
    }

    #[test]
    fn a_copy_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("config");
        let (before, after) = ("a\nb".as_bytes(), "c\n".as_bytes());
        fs::write(&target, before).unwrap();
        let change = FileChange {
            target: &target,
            before,
            after,
        };
        let backup = Backup::make(change).unwrap();
        let mut text = fs::read(&backup.path).unwrap();
        assert_eq!(read(&text), Some((before, after)));
        text.pop();
        assert_eq!(read(&text), None, "it is not whole");

        // The file was cut off, half written, or written by somebody else.
        assert!(is_unfinished(&target));
        fs::write(&target, "c\nb").unwrap();
        recover(&target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), before);
        assert!(!is_unfinished(&target));
        let backup = Backup::make(change).unwrap();
        fs::write(&target, "users: []").unwrap();
        recover(&target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"users: []");
        assert!(!backup.path.exists());
        let backup = Backup::make(change).unwrap();
        fs::write(&target, "users: [").unwrap();
        let error = recover(&target).unwrap_err().to_string();
        assert!(
            error.contains(&backup.path.display().to_string()),
            "{error}"
        );
        assert!(backup.path.exists());
    }
}
