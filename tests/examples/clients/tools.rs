//! Clients that are commands: kubectl, helm, stern.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

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

/// A `kubectl proxy` on a free port: one process, a request each time that it is asked.
pub(crate) struct Proxy {
    process: Child,
    address: String,
}

impl Proxy {
    pub(crate) fn start(mut kubectl: Command) -> Result<Self> {
        kubectl.args(["proxy", "--port=0"]);
        kubectl.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = kubectl.spawn().context("cannot start kubectl proxy")?;
        let stdout = process.stdout.take().context("no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .trim()
            .rsplit(' ')
            .next()
            .unwrap_or_default()
            .to_owned();
        Ok(Self { process, address })
    }

    pub(crate) fn get(&mut self) -> Result<Said> {
        let address = &self.address;
        let mut stream = TcpStream::connect(address).context("kubectl proxy is not there")?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let path = "/api/v1/namespaces/default";
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
        Ok(status.map_or(Said::Other(answer), Said::Status))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
