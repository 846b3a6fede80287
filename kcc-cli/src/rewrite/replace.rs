use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use tempfile::NamedTempFile;

/// A file's new content, on the disk beside it and ready to take its place.
pub(super) struct Replacement {
    file: NamedTempFile,
    target: PathBuf,
}

impl Replacement {
    /// Writes the content beside `target`, with its owner and mode.
    pub(super) fn beside(target: &Path, content: &[u8]) -> anyhow::Result<Self> {
        let metadata = fs::metadata(target)?;
        check(target, &metadata)?;
        let folder = target.parent().unwrap_or(Path::new("."));
        // Nobody else can read it until it has the target's mode.
        let mut file = tempfile::Builder::new()
            .prefix(".kcc-")
            .suffix(".tmp")
            .tempfile_in(folder)
            .with_context(|| format!("no file can be made in {}", folder.display()))?;
        file.write_all(content)?;
        take_over(file.as_file(), &metadata)?;
        file.as_file().sync_all()?;
        Ok(Self {
            file,
            target: target.to_owned(),
        })
    }

    /// Takes the target's place, in one step.
    pub(super) fn put(self) -> io::Result<()> {
        self.file
            .persist(&self.target)
            .map_err(|error| error.error)?;
        if let Some(folder) = self.target.parent() {
            // The new name lasts; where a folder cannot be synchronised, it does as long as any.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }
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
    #[cfg(unix)]
    ensure!(
        std::os::unix::fs::MetadataExt::nlink(metadata) == 1,
        "{} has other hard links, which would keep the old content: remove them first",
        target.display()
    );
    Ok(())
}

#[cfg(unix)]
fn take_over(file: &File, metadata: &Metadata) -> anyhow::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};

    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (metadata.uid(), metadata.gid()) {
        fchown(file, Some(metadata.uid()), Some(metadata.gid()))
            .context("the file belongs to another user or group, which would be lost")?;
    }
    file.set_permissions(metadata.permissions())?;
    Ok(())
}

#[cfg(not(unix))]
fn take_over(_: &File, _: &Metadata) -> anyhow::Result<()> {
    Ok(())
}
