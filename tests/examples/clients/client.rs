//! The clients, and how each is started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;
use harness::KubectlProxy;

use crate::session::{Lines, Reply, Session};
use crate::tools::{self, Running, Tool};
use crate::user::User;

/// A client of the matrix, ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// As in `kr8s`.
    pub(crate) name: &'static str,
    /// As in `0.20.15`.
    pub(crate) version: String,
    /// The version of the protocol that it understands: kr8s takes any, lightkube only the old one.
    pub(crate) protocol: &'static str,
    pub(crate) kind: Kind,
}

/// How a request is made with it.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// A program of ours around a library: a line for each request.
    Lines(Vec<OsString>),
    /// A command of its own for each request.
    Tool(Tool, PathBuf),
}

/// A process of one request, under way.
pub(crate) enum Once {
    Lines(Lines),
    Tool(Running),
}

impl Once {
    /// Waits for its end.
    pub(crate) fn end(self) -> Result<Reply> {
        match self {
            Self::Lines(lines) => {
                let said = lines.answer();
                Ok(lines.end(said))
            }
            Self::Tool(running) => running.end(),
        }
    }
}

impl Client {
    /// Starts a process that lives on; `None` where this client has none that makes requests.
    pub(crate) fn start(&self, user: &User<'_>) -> Result<Option<Session>> {
        Ok(match &self.kind {
            Kind::Lines(words) => Some(Session::Lines(Lines::start(command(words, user))?)),
            Kind::Tool(Tool::Kubectl, path) => {
                Some(Session::Proxy(KubectlProxy::start(bare(path, user))?))
            }
            Kind::Tool(..) => None,
        })
    }

    /// A process of one request.
    pub(crate) fn once(&self, user: &User<'_>) -> Result<Reply> {
        self.begin(user)?.end()
    }

    /// Starts a process of one request.
    pub(crate) fn begin(&self, user: &User<'_>) -> Result<Once> {
        Ok(match &self.kind {
            Kind::Lines(words) => {
                let mut lines = Lines::start(command(words, user))?;
                lines.request("")?;
                Once::Lines(lines)
            }
            Kind::Tool(tool, path) => Once::Tool(tools::begin(*tool, bare(path, user))?),
        })
    }

    /// Whether one process talks to several contexts.
    pub(crate) fn has_contexts(&self) -> bool {
        matches!(self.kind, Kind::Lines(_))
    }
}

fn command(words: &[OsString], user: &User<'_>) -> Command {
    let mut command = bare(Path::new(&words[0]), user);
    command.args(&words[1..]);
    command
}

/// No environment but this user's home, cache and kubeconfig.
fn bare(program: &Path, user: &User<'_>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(user.variables());
    command.stdin(Stdio::null());
    command
}
