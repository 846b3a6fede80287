use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use rustix::fs::{CWD, RenameFlags};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::change::{FileChange, bars_replacement};
use super::in_place::{self, Backup};

/// A change that is ready to be made, and can be undone until it is finished.
pub(super) struct Replacement<'a> {
    change: FileChange<'a>,
    /// The new content, on the disk beside the file; none where no file may be made there.
    beside: Option<NamedTempFile>,
    state: State,
}

enum State {
    Ready,
    /// Both files have changed their names: the old one is beside the new one.
    Exchanged,
    /// The new file has the old one's name, and the old one is gone.
    Renamed,
    /// The file has the new content.
    Written(Backup),
}

impl<'a> Replacement<'a> {
    /// Writes the content beside the file, with its owner and mode. The file stays as it is.
    pub(super) fn prepare(change: FileChange<'a>) -> anyhow::Result<Self> {
        let target = change.target;
        let metadata = fs::metadata(target)?;
        check(target, &metadata)?;
        let beside = match beside(target, change.after, &metadata) {
            Ok(file) => Some(file),
            Err(error) if bars_replacement(&error) => None,
            Err(error) => {
                let folder = target.parent().unwrap_or(target).display();
                return Err(error).with_context(|| format!("no file can be made in {folder}"));
            }
        };
        let state = State::Ready;
        Ok(Self {
            change,
            beside,
            state,
        })
    }

    /// Makes the change, in one step where a file can be replaced there. False where the file is no
    /// more what it was: then it stays as it is.
    pub(super) fn put(&mut self) -> anyhow::Result<bool> {
        if !self.has(self.change.before) {
            return Ok(false);
        }
        let Some(beside) = &self.beside else {
            return self.put_in_place();
        };
        let target = self.change.target;
        let done = match exchange(beside.path(), target) {
            Ok(()) => return self.confirm(),
            // The file system cannot, so a last look has to do.
            Err(error) if cannot_exchange(&error) => {
                if !self.has(self.change.before) {
                    return Ok(false);
                }
                fs::rename(beside.path(), target)
            }
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => {
                self.state = State::Renamed;
                Ok(true)
            }
            // Somebody has just removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            // A mount point has to keep its file.
            Err(error) if bars_replacement(&error) => {
                self.beside = None;
                self.put_in_place()
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Looks at what the exchange has put aside: what somebody wrote since the last look goes back
    /// to its place.
    fn confirm(&mut self) -> anyhow::Result<bool> {
        self.state = State::Exchanged;
        let Some(beside) = &self.beside else {
            return Ok(false);
        };
        if read(beside.path()).is_some_and(|old| *old == self.change.before) {
            return Ok(true);
        }
        exchange(beside.path(), self.change.target)?;
        self.state = State::Ready;
        if read(beside.path()).is_none_or(|new| *new != self.change.after) {
            // Somebody else has written once more.
            bail!(
                "other programs write {} all the time; what one of them wrote is in {}",
                self.change.target.display(),
                self.keep_beside()
            );
        }
        Ok(false)
    }

    fn put_in_place(&mut self) -> anyhow::Result<bool> {
        let FileChange { target, before, .. } = self.change;
        let backup = Backup::make(self.change)?;
        if !self.has(before) {
            backup.remove();
            return Ok(false);
        }
        if let Err(error) = in_place::write(target, self.change.after) {
            if in_place::write(target, before).is_ok() {
                backup.remove();
                return Err(error.into());
            }
            bail!("{error}, and its content could not be put back; it is in {backup}");
        }
        self.state = State::Written(backup);
        Ok(true)
    }

    /// Gives the file back what it was.
    pub(super) fn undo(&mut self) -> anyhow::Result<()> {
        let FileChange { target, before, .. } = self.change;
        if matches!(self.state, State::Ready) {
            return Ok(());
        }
        let shown = target.display();
        ensure!(
            self.has(self.change.after),
            "{shown} was written by another program meanwhile, and keeps the change"
        );
        let beside = self.beside.as_ref().map(NamedTempFile::path);
        let undone = match (&self.state, beside) {
            (State::Exchanged, Some(old)) => {
                exchange(old, target).or_else(|_| fs::rename(old, target))
            }
            (State::Renamed, _) => fs::metadata(target)
                .and_then(|metadata| self::beside(target, before, &metadata))
                .and_then(|file| file.persist(target).map(drop).map_err(|error| error.error)),
            _ => Err(io::ErrorKind::ResourceBusy.into()),
        };
        if let Err(error) = undone.or_else(|_| in_place::write(target, before)) {
            let copy = match &self.state {
                State::Written(backup) => backup.to_string(),
                _ => self.keep_beside(),
            };
            bail!("{shown} could not be put back: {error}; its old content is in {copy}");
        }
        if let State::Written(backup) = std::mem::replace(&mut self.state, State::Ready) {
            backup.remove();
        }
        Ok(())
    }

    /// Leaves nothing but the new content.
    pub(super) fn finish(self) {
        drop(self.beside);
        if let State::Written(backup) = self.state {
            backup.remove();
        } else if let Some(folder) = self.change.target.parent() {
            // The new name lasts; where a folder cannot be synchronised, it does as long as any.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
    }

    fn has(&self, content: &[u8]) -> bool {
        read(self.change.target).is_some_and(|now| *now == content)
    }

    fn keep_beside(&mut self) -> String {
        let kept = self.beside.take().map(NamedTempFile::keep);
        match kept {
            Some(Ok((_, path))) => path.display().to_string(),
            _ => "no file".to_owned(),
        }
    }
}

fn read(path: &Path) -> Option<Zeroizing<Vec<u8>>> {
    fs::read(path).map(Zeroizing::new).ok()
}

/// A new file in the target's folder. Nobody else can read it until it has the target's mode.
fn beside(target: &Path, content: &[u8], metadata: &Metadata) -> io::Result<NamedTempFile> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".kcc-")
        .suffix(".tmp")
        .tempfile_in(folder)?;
    file.write_all(content)?;
    take_over(file.as_file(), metadata)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Both files change their names, in one step: what a look has missed is not lost.
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    let flags = RenameFlags::EXCHANGE;
    Ok(rustix::fs::renameat_with(CWD, one, CWD, other, flags)?)
}

fn cannot_exchange(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, Unsupported};
    matches!(error.kind(), InvalidInput | Unsupported)
}

/// A rename would get past what protects the file.
fn check(target: &Path, metadata: &Metadata) -> anyhow::Result<()> {
    ensure!(
        !metadata.permissions().readonly(),
        "{} is read-only: make it writable first",
        target.display()
    );
    OpenOptions::new()
        .write(true)
        .open(target)
        .context("it may not be written")?;
    ensure!(
        std::os::unix::fs::MetadataExt::nlink(metadata) == 1,
        "{} has other hard links, which would keep the old content: remove them first",
        target.display()
    );
    Ok(())
}

fn take_over(file: &File, metadata: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};

    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (metadata.uid(), metadata.gid()) {
        fchown(file, Some(metadata.uid()), Some(metadata.gid()))?;
    }
    file.set_permissions(metadata.permissions())
}
