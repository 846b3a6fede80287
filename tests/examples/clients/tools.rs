//! Clients that are commands: kubectl, helm, stern.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::session::{Reply, Said};

/// What client-go's clients say of a 401.
const UNAUTHORIZED: [&str; 3] = ["Unauthorized", "must be logged in", "provide credentials"];

/// A command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Kubectl,
    Helm,
    Stern,
}

impl Tool {
    /// As few requests as it has.
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Kubectl => &["get", "--raw", "/api/v1/namespaces/default"],
            Self::Helm => &["list", "--namespace=default"],
            Self::Stern => &["--no-follow", "--namespace=default", "."],
        }
    }
}

/// A command that runs.
pub(crate) struct Running(Child);

/// Starts it.
pub(crate) fn begin(tool: Tool, mut command: Command) -> Result<Running> {
    command.args(tool.arguments());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let process = command.spawn();
    Ok(Running(
        process.with_context(|| format!("cannot start {tool:?}"))?,
    ))
}

impl Running {
    /// Waits for its end.
    pub(crate) fn end(self) -> Result<Reply> {
        let output = self.0.wait_with_output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        let said = if output.status.success() {
            Said::Status(200)
        } else if UNAUTHORIZED.iter().any(|words| stderr.contains(words)) {
            Said::Status(401)
        } else {
            Said::Other(stderr.trim().lines().last().unwrap_or_default().to_owned())
        };
        let heard = format!("{}{stderr}", String::from_utf8_lossy(&output.stdout));
        Ok(Reply { said, heard })
    }
}
