//! `tail` at work.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use harness::{CacheHome, ContainerLog, build_example, process_memory, with_terminal};
use libtest_mimic::Failed;
use rustix::process::{Pid, Signal, kill_process};

use crate::trial::{Outcome, check, wait_until};

/// Only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) struct Tail {
    child: Child,
    lines: Receiver<String>,
    notices: Receiver<String>,
}

impl Tail {
    /// Starts it.
    pub(super) fn run(mut command: Command) -> Result<Self, Failed> {
        command.stderr(Stdio::piped());
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

    /// The lines from now on, for someone else.
    pub(super) fn take_lines(&mut self) -> Receiver<String> {
        std::mem::replace(&mut self.lines, channel().1)
    }

    /// What it has of memory, in bytes: a field of `/proc/PROCESS/status`.
    pub(super) fn memory(&self, field: &str) -> Result<f64, Failed> {
        Ok(process_memory(self.child.id(), field)?)
    }

    /// This notice, and no others before it.
    pub(super) fn says(&self, expected: &str) -> Outcome {
        let notice = next(&self.notices)?;
        check(notice == expected, format!("{notice:?}, not {expected:?}"))
    }

    pub(super) fn notice(&self) -> Result<String, Failed> {
        next(&self.notices)
    }

    /// A notice, if one comes in this time.
    pub(super) fn notice_within(&self, time: Duration) -> Option<String> {
        self.notices.recv_timeout(time).ok()
    }

    /// Nobody reads its lines any longer.
    pub(super) fn close_lines(&mut self) {
        drop(self.take_lines());
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

/// `tail` at a terminal, where lines and notices are on one screen.
pub(super) struct Screen {
    script: Child,
    keyboard: ChildStdin,
    lines: Receiver<String>,
}

impl Screen {
    pub(super) fn run(command: &Command) -> Result<Self, Failed> {
        let mut script = with_terminal(command).spawn()?;
        let lines = read(script.stdout.take().ok_or("no screen")?);
        let keyboard = script.stdin.take().ok_or("no keyboard")?;
        Ok(Self {
            script,
            keyboard,
            lines,
        })
    }

    pub(super) fn line(&self) -> Result<String, Failed> {
        next(&self.lines)
    }

    /// Somebody presses Ctrl-C.
    pub(super) fn end(mut self) -> Outcome {
        self.keyboard.write_all(b"\x03")?;
        self.script.wait()?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

/// How it is called.
pub(super) fn command(
    arguments: &[&str],
    home: &CacheHome,
    kubeconfig: &Path,
) -> Result<Command, Failed> {
    let mut command = Command::new(build_example("tail")?);
    command.args(arguments).env_clear();
    command.envs(home.variables()).env("KUBECONFIG", kubeconfig);
    command.stdin(Stdio::null());
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
    wait_until(LIMIT, "the program", || Ok(holds()))
}
