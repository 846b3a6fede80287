//! Backups of the server's etcd, and restores.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::running::{Cluster, output_of, spawn};

/// A snapshot of what a cluster's etcd held. Its file is removed with it.
#[derive(Debug)]
pub struct Backup(tempfile::NamedTempFile);

impl Backup {
    /// The snapshot, as `etcdctl snapshot save` writes it.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Cluster {
    /// Saves a snapshot of etcd while the server runs.
    ///
    /// # Errors
    /// What the server's program says, of a server that does not run say.
    pub fn back_up(&self) -> Result<Backup> {
        let file = tempfile::Builder::new()
            .prefix("kcc-etcd-")
            .tempfile()
            .context("cannot make a file for the snapshot")?;
        let mut command = self.program("backup");
        output_of(command.arg("--to").arg(file.path()), None)?;
        Ok(Backup(file))
    }

    /// Kills the server, puts a snapshot in place of what etcd holds, and starts it again.
    ///
    /// With a bump the revision goes on that far behind the snapshot's, and all before is compacted:
    /// what etcd advises for Kubernetes (`--bump-revision --mark-compacted`). Without one the
    /// revision goes back to the snapshot's, and is given again to other changes.
    ///
    /// # Errors
    /// What the server's program says of the snapshot, and those of [`Cluster::restart`].
    pub fn restore(&mut self, backup: &Backup, bump: Option<u64>) -> Result<()> {
        self.kill();
        let mut command = self.program("restore");
        command.arg("--from").arg(backup.path());
        if let Some(bump) = bump {
            command.args(["--bump-revision", &bump.to_string()]);
        }
        output_of(&mut command, None)?;
        self.server = spawn(&self.binaries, &self.data, &self.options)?;
        Ok(())
    }

    /// The server's program with one of its commands, on this cluster's folder.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(&self.binaries.apiserver);
        command.arg(name).arg("--data-dir").arg(self.data.path());
        command
    }
}
