//! A client process that lives and makes a request when it is told to.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use harness::KubectlProxy;

/// What is requested through a proxy.
const PATH: &str = "/api/v1/namespaces/default";

/// How long a client may take for a request; eight at once start slowly on a small machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// The server answered with this status.
    Status(u16),
    /// There was no answer, and this is what the client says.
    Other(String),
}

/// What became of a request, and all that a person would see.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) said: Said,
    /// Both streams.
    pub(crate) heard: String,
}

/// A process that lives on between requests.
pub(crate) enum Session {
    Lines(Lines),
    Proxy(KubectlProxy),
}

/// A program that makes a request for each line.
pub(crate) struct Lines {
    process: Child,
    stdin: Option<ChildStdin>,
    answers: Receiver<String>,
    stderr: File,
}

impl Said {
    pub(crate) fn is_good(&self) -> bool {
        *self == Self::Status(200)
    }

    fn read(line: &str) -> Self {
        let status = line.parse().map(Self::Status);
        status.unwrap_or_else(|_| Self::Other(line.to_owned()))
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl Session {
    /// One request; in the current context where none is named.
    pub(crate) fn get(&mut self, context: &str) -> Result<Said> {
        match self {
            Self::Lines(lines) => lines.get(context),
            Self::Proxy(proxy) => Ok(Said::Status(proxy.status(PATH)?)),
        }
    }
}

impl Lines {
    /// Starts it, and waits until it is ready for a request.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let program = command.get_program().display().to_string();
        let stderr = tempfile::tempfile()?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command
            .stderr(stderr.try_clone()?)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let stdout = process.stdout.take().context("no stdout")?;
        let (send, answers) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let mut lines = Self {
            stdin: process.stdin.take(),
            process,
            answers,
            stderr,
        };
        match lines.answer() {
            Said::Other(ready) if ready == "ready" => Ok(lines),
            said => bail!("{program} is not ready: {said}; {}", lines.heard()),
        }
    }

    /// Tells it to make a request, and waits for the answer.
    pub(crate) fn get(&mut self, context: &str) -> Result<Said> {
        self.request(context)?;
        Ok(self.answer())
    }

    /// Tells it to make a request.
    pub(crate) fn request(&mut self, context: &str) -> Result<()> {
        let stdin = self.stdin.as_mut().context("its stdin is closed")?;
        writeln!(stdin, "{context}").context("it has ended")
    }

    /// What it says of the request.
    pub(crate) fn answer(&self) -> Said {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(line) => Said::read(&line),
            Err(error) => Said::Other(format!("no answer: {error}")),
        }
    }

    /// Lets it end by itself, as a program does.
    pub(crate) fn end(mut self, said: Said) -> Reply {
        drop(self.stdin.take());
        // It ends at the end of its input; whatever hangs after that is ended below.
        while self.answers.recv_timeout(PATIENCE).is_ok() {}
        let heard = format!("{}\n{said}", self.heard());
        Reply { said, heard }
    }

    fn heard(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = self
            .stderr
            .rewind()
            .and_then(|()| self.stderr.read_to_end(&mut bytes));
        read.map_or_else(
            |error| error.to_string(),
            |_| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
