//! The server's process: start, the line that says it is ready, kill.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::binaries::last_lines;

/// How many lines of the server's log an error carries.
const LOG_LINES: usize = 25;

/// What the server says of itself when it is ready. It names files that hold keys, but holds none.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Ready {
    /// The address, as in `https://127.0.0.1:26384`.
    pub server: String,
    /// The CA of the server's certificate, as a file.
    pub ca_file: PathBuf,
    /// The same as PEM text.
    pub ca: String,
    /// The administrator's client certificate.
    pub admin_certificate_file: PathBuf,
    /// Its private key.
    pub admin_key_file: PathBuf,
    /// A kubeconfig with that certificate.
    pub admin_kubeconfig: PathBuf,
    /// Whose tokens the server takes; read at each request.
    pub token_file: PathBuf,
    /// One line for each request with a credential.
    pub auth_log: PathBuf,
    /// What etcd and the API server have to say.
    pub log: PathBuf,
    /// Versions of `kubernetes`, `etcd` and `go`.
    pub versions: BTreeMap<String, String>,
    /// The server's process.
    pub pid: u32,
}

/// A running server, which ends when this is dropped or when this process ends, however it does.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    /// The server ends when this pipe is closed.
    _stdin: Option<ChildStdin>,
    pub(super) ready: Ready,
}

impl Server {
    pub(super) fn start(command: &mut Command, data: &Path, timeout: Duration) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let stdin = child.stdin.take();
        match first_line(&mut child, timeout) {
            Some(line) if !line.is_empty() => Ok(Self {
                ready: serde_json::from_str(&line)
                    .context("the server's first line is not its JSON")?,
                child,
                _stdin: stdin,
            }),
            end_or_timeout => {
                let what = match end_or_timeout {
                    Some(_) => "ended before it was ready".to_owned(),
                    None => format!("was not ready after {} s", timeout.as_secs()),
                };
                bail!("the API server {what}\n{}", last_words(&mut child, data))
            }
        }
    }

    /// SIGKILL, so that the server has no time to put anything in order.
    pub(super) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until the server ends by itself.
    pub(super) fn wait(&mut self) -> Result<()> {
        let status = self.child.wait()?;
        if !status.success() {
            let data = self.ready.log.parent().unwrap_or(Path::new("."));
            bail!(
                "the API server ended ({status})\n{}",
                last_words(&mut self.child, data)
            );
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// `None` when the time is over; empty when the server ends without a line.
fn first_line(child: &mut Child, timeout: Duration) -> Option<String> {
    let stdout = child.stdout.take()?;
    let (send, line) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(stdout).read_line(&mut line);
        let _ = send.send(line);
    });
    line.recv_timeout(timeout).ok()
}

/// The server's own error, or else the end of its log.
fn last_words(child: &mut Child, data: &Path) -> String {
    let _ = child.kill();
    let _ = child.wait();
    let mut words = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        let _ = stderr.read_to_string(&mut words);
    }
    // An error that is the caller's business (a folder in use, a port taken) is whole; any other
    // one names the log.
    let log = data.join("server.log");
    if words.is_empty() || words.contains("server.log") {
        let text = std::fs::read(&log).unwrap_or_default();
        let tail = last_lines(&String::from_utf8_lossy(&text), LOG_LINES);
        words = format!("{words}the end of {}:\n{tail}", log.display());
    }
    words.trim_end().to_owned()
}
