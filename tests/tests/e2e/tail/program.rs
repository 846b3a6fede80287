//! `tail` at work.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use harness::{CacheHome, ContainerLog, build_example};
use libtest_mimic::Failed;
use rustix::process::{Pid, Signal, kill_process};

use crate::trial::{Outcome, check};

/// Only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) struct Tail {
    child: Child,
    lines: Receiver<String>,
    notices: Receiver<String>,
}

impl Tail {
    pub(super) fn start(
        arguments: &[&str],
        home: &CacheHome,
        kubeconfig: &Path,
    ) -> Result<Self, Failed> {
        let mut command = command(arguments, home, kubeconfig)?;
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let lines = read(child.stdout.take().ok_or("no stdout")?);
        let notices = read(child.stderr.take().ok_or("no stderr")?);
        Ok(Self {
            child,
            lines,
            notices,
        })
    }

    /// These lines, and no others before them.
    pub(super) fn prints(&self, lines: &[&str]) -> Outcome {
        for expected in lines {
            let line = next(&self.lines)?;
            check(line == *expected, format!("{line:?}, not {expected:?}"))?;
        }
        Ok(())
    }

    /// These lines in any order.
    pub(super) fn prints_all(&self, expected: &[&str]) -> Outcome {
        let lines = expected.iter().map(|_| next(&self.lines));
        let mut lines = lines.collect::<Result<Vec<_>, _>>()?;
        lines.sort();
        check(lines == expected, format!("{lines:?}, not {expected:?}"))
    }

    pub(super) fn line(&self) -> Result<String, Failed> {
        next(&self.lines)
    }

    /// This notice, and no others before it.
    pub(super) fn says(&self, expected: &str) -> Outcome {
        let notice = next(&self.notices)?;
        check(notice == expected, format!("{notice:?}, not {expected:?}"))
    }

    pub(super) fn notice(&self) -> Result<String, Failed> {
        next(&self.notices)
    }

    /// Nobody reads its lines any longer.
    pub(super) fn close_lines(&mut self) {
        let (_, closed) = channel();
        self.lines = closed;
    }

    pub(super) fn signal(&self, signal: Signal) -> Outcome {
        Ok(kill_process(Pid::from_child(&self.child), signal)?)
    }

    /// It ends with this code; all that it still says, on both.
    pub(super) fn ends(mut self, code: i32) -> Result<(Vec<String>, Vec<String>), Failed> {
        let rest = |lines: &Receiver<String>| {
            let mut rest = Vec::new();
            while let Ok(line) = lines.recv_timeout(LIMIT) {
                rest.push(line);
            }
            rest
        };
        let rest = (rest(&self.lines), rest(&self.notices));
        let status = self.child.wait()?;
        check(status.code() == Some(code), format!("{status}: {rest:?}"))?;
        Ok(rest)
    }

    /// Somebody presses Ctrl-C, and there is nothing more to be printed.
    pub(super) fn end(self) -> Outcome {
        self.signal(Signal::INT)?;
        let rest = self.ends(0)?;
        check(rest == (Vec::new(), Vec::new()), format!("{rest:?}"))
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(arguments: &[&str], home: &CacheHome, kubeconfig: &Path) -> Result<Command, Failed> {
    let mut command = Command::new(build_example("tail")?);
    command.args(arguments).env_clear();
    command.envs(home.variables()).env("KUBECONFIG", kubeconfig);
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    Ok(command)
}

fn read(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(from).lines().map_while(Result::ok);
        lines.try_for_each(|line| sender.send(line))
    });
    lines
}

fn next(lines: &Receiver<String>) -> Result<String, Failed> {
    let line = lines.recv_timeout(LIMIT);
    line.map_err(|_| "no further line".into())
}

/// Waits until so many streams of a log are read.
pub(super) fn is_read(log: &ContainerLog, streams: usize) -> Outcome {
    until(|| log.readers() == streams)
}

/// Waits for something.
pub(super) fn until(holds: impl Fn() -> bool) -> Outcome {
    let started = Instant::now();
    while !holds() {
        check(started.elapsed() < LIMIT, "it does not come to hold")?;
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
