use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::process::{Pid, Signal};
use signal_hook::consts::{SIGINT, SIGQUIT};
use zeroize::Zeroizing;

use super::error::{End, PluginError, StartProblem};
use super::life::watch_life;
use super::run_lock::{RunLock, RunTerms, TERMINATION_GRACE};
use super::signals::SignalPipe;
use super::stderr::Stderr;
use crate::environment::Environment;
use crate::exec::OutputProblem;
use crate::secret::Secret;

/// No credential comes near a megabyte.
const MAX_OUTPUT: usize = 1024 * 1024;

/// How long output is still read after the plugin ended, where a process that it left behind keeps
/// its stdout open.
const DRAIN: Duration = Duration::from_millis(200);

/// A plugin that was told to end by a signal gets this long before it is killed.
const SIGNAL_GRACE: Duration = Duration::from_secs(5);

/// A plugin that can be run.
#[derive(Debug)]
pub(crate) struct Plugin<'a> {
    /// As it stands in the kubeconfig or on the command line; messages show this.
    pub(crate) command: &'a OsStr,
    /// What it is called as: a bare name, or a path.
    pub(crate) name: &'a OsStr,
    /// The file that is run. It is never looked for here.
    pub(crate) program: &'a Path,
    pub(crate) args: &'a [OsString],
    pub(crate) env: &'a Environment,
    /// Whether it may prompt. Then it gets our stdin and stays in our process group, or it would
    /// lose the terminal and Ctrl-C.
    pub(crate) interactive: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) install_hint: Option<&'a str>,
    /// Whether signals to this process go on to the plugin, as for a program that only stands in
    /// for it.
    pub(crate) forward_signals: bool,
}

/// A plugin that runs.
struct Run<'a> {
    plugin: &'a Plugin<'a>,
    child: Child,
    stderr: Stderr,
    stdout: Option<ChildStdout>,
    output: Zeroizing<Vec<u8>>,
    /// A byte when the plugin stops for want of the terminal; the end of the stream when it ends.
    life: UnixStream,
    signals: Option<SignalPipe>,
    deadline: Option<Instant>,
    ended: Option<Instant>,
    stop: Option<Stop>,
}

/// Why a plugin is being stopped, and when it is killed if it does not end.
struct Stop {
    reason: StopReason,
    kill_at: Option<Instant>,
}

#[derive(Clone, Copy)]
enum StopReason {
    Timeout,
    TooLarge,
    WantsTerminal,
    Signal(i32),
}

impl Plugin<'_> {
    /// Runs the plugin to its end and gives what it printed on stdout. Its stderr is ours.
    pub(crate) fn run(&self, lock: Option<&RunLock<'_>>) -> Result<Secret, PluginError> {
        let signals = if self.forward_signals {
            SignalPipe::open().ok()
        } else {
            None
        };
        let mut run = Run::start(self, lock, signals)?;
        let status = run.wait().map_err(|error| self.start_error(error))?;
        run.into_output(status)
    }

    fn to_command(&self) -> Command {
        let mut command = Command::new(self.program);
        if !self.name.as_encoded_bytes().contains(&b'/') {
            command.arg0(self.name);
        }
        command.args(self.args).env_clear().envs(self.env.iter());
        command.stdout(Stdio::piped());
        if !self.interactive {
            command.stdin(Stdio::null()).process_group(0);
        }
        command
    }

    fn start_error(&self, error: io::Error) -> PluginError {
        let problem = match error.kind() {
            io::ErrorKind::NotFound if self.program.exists() => StartProblem::NoInterpreter,
            io::ErrorKind::NotFound => StartProblem::NotFound { in_path: false },
            io::ErrorKind::PermissionDenied => StartProblem::NotExecutable,
            _ => StartProblem::System(error),
        };
        // client-go shows the hint only where the executable is missing.
        let missing = matches!(problem, StartProblem::NotFound { .. });
        PluginError::Start {
            command: self.command.to_owned(),
            problem,
            hint: self.install_hint.filter(|_| missing).map(str::to_owned),
        }
    }

    fn output_error(&self, problem: OutputProblem) -> PluginError {
        PluginError::Output {
            command: self.command.to_owned(),
            problem,
        }
    }
}

impl<'a> Run<'a> {
    fn start(
        plugin: &'a Plugin<'a>,
        lock: Option<&RunLock<'_>>,
        signals: Option<SignalPipe>,
    ) -> Result<Self, PluginError> {
        let terms = RunTerms {
            group: !plugin.interactive,
            limit: plugin.timeout,
        };
        if let Some(lock) = lock {
            // Without it, only a killed process's plugin could not be waited for.
            let _ = lock.hand_on(terms);
        }
        let mut command = plugin.to_command();
        let stderr = Stderr::of(&mut command, plugin.forward_signals && !plugin.interactive);
        let spawned = command.spawn();
        // With it goes our end of what the plugin writes to.
        drop(command);
        let mut child = spawned.map_err(|error| plugin.start_error(error))?;
        if let Some(lock) = lock {
            lock.handed_on_to(child.id(), terms);
        }
        let life = watch_life(&child).map_err(|error| {
            let _ = child.kill();
            let _ = child.wait();
            plugin.start_error(error)
        })?;
        Ok(Self {
            plugin,
            stderr,
            stdout: child.stdout.take(),
            child,
            // Never grown, so that no copy of a secret is left behind in freed memory.
            output: Zeroizing::new(Vec::with_capacity(MAX_OUTPUT)),
            life,
            signals,
            deadline: plugin.timeout.map(|timeout| Instant::now() + timeout),
            ended: None,
            stop: None,
        })
    }

    /// Reads and waits until the plugin has ended and its output is complete.
    fn wait(&mut self) -> io::Result<ExitStatus> {
        while self.ended.is_none() || self.stdout.is_some() {
            let ready = self.poll()?;
            if ready.signal {
                self.pass_signals_on();
            }
            if ready.output {
                self.read_output();
            } else if self.ended.is_some_and(|ended| ended.elapsed() >= DRAIN) {
                self.stdout = None;
            }
            if ready.life {
                self.read_life();
            }
            self.keep_time();
        }
        let status = self.child.wait()?;
        self.end_group();
        self.stderr
            .end(self.ended.unwrap_or_else(Instant::now) + DRAIN);
        Ok(status)
    }

    fn poll(&self) -> io::Result<Ready> {
        let sources = [
            self.stdout.as_ref().map(AsFd::as_fd),
            self.ended.is_none().then(|| self.life.as_fd()),
            self.signals.as_ref().map(SignalPipe::wake),
        ];
        let open = sources.iter().flatten();
        let mut fds: Vec<_> = open.map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
        let timeout = self.next_wake().map(|wake| {
            let left = wake.saturating_duration_since(Instant::now());
            Timespec::try_from(left + Duration::from_millis(1)).unwrap_or_default()
        });
        match rustix::event::poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut polled = fds.iter();
        let mut is_ready = |source: &Option<BorrowedFd<'_>>| {
            let fd = source.and_then(|_| polled.next());
            fd.is_some_and(|fd| !fd.revents().is_empty())
        };
        Ok(Ready {
            output: is_ready(&sources[0]),
            life: is_ready(&sources[1]),
            signal: is_ready(&sources[2]),
        })
    }

    fn next_wake(&self) -> Option<Instant> {
        let kill_at = self.stop.as_ref().and_then(|stop| stop.kill_at);
        let deadline = self.deadline.filter(|_| self.stop.is_none());
        let drained = self.ended.map(|ended| ended + DRAIN);
        [kill_at, deadline, drained].into_iter().flatten().min()
    }

    fn read_output(&mut self) {
        let Some(stdout) = &mut self.stdout else {
            return;
        };
        let mut chunk = Zeroizing::new([0; 16 * 1024]);
        match stdout.read(chunk.as_mut()) {
            Ok(0) => self.stdout = None,
            Ok(count) if self.output.len() + count > MAX_OUTPUT => {
                self.stdout = None;
                self.stop(StopReason::TooLarge, Some(TERMINATION_GRACE));
            }
            Ok(count) => self.output.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => self.stdout = None,
        }
    }

    fn read_life(&mut self) {
        match self.life.read(&mut [0]) {
            Ok(0) => drop(self.ended.get_or_insert_with(Instant::now)),
            Ok(_) if self.stop.is_none() => {
                self.stop(StopReason::WantsTerminal, Some(TERMINATION_GRACE));
            }
            // Interrupted, or stopped again while it is being stopped for good.
            Ok(_) | Err(_) => {}
        }
    }

    /// An interactive plugin shares our process group: the terminal's own signals reach it anyway,
    /// and it is for the person at the terminal to end it.
    fn pass_signals_on(&mut self) {
        let Some(signals) = &mut self.signals else {
            return;
        };
        for number in signals.take() {
            let by_terminal = self.plugin.interactive && matches!(number, SIGINT | SIGQUIT);
            if let (false, Some(signal)) = (by_terminal, Signal::from_named_raw(number)) {
                self.send(signal);
            }
            let patience = (!self.plugin.interactive).then_some(SIGNAL_GRACE);
            self.stop.get_or_insert_with(|| Stop {
                reason: StopReason::Signal(number),
                kill_at: patience.map(|patience| Instant::now() + patience),
            });
        }
    }

    fn keep_time(&mut self) {
        if self.ended.is_some() {
            return;
        }
        let now = Instant::now();
        if self.stop.is_none() && self.deadline.is_some_and(|deadline| now >= deadline) {
            self.stop(StopReason::Timeout, Some(TERMINATION_GRACE));
        }
        if let Some(stop) = &mut self.stop
            && stop.kill_at.is_some_and(|kill_at| now >= kill_at)
        {
            stop.kill_at = None;
            self.send(Signal::KILL);
        }
    }

    fn stop(&mut self, reason: StopReason, patience: Option<Duration>) {
        self.send(Signal::TERM);
        // One that is stopped takes no signal before it goes on.
        self.send(Signal::CONT);
        let kill_at = patience.map(|patience| Instant::now() + patience);
        self.stop = Some(Stop { reason, kill_at });
    }

    /// The child is not waited for before `wait` returns, so its number is still its own.
    fn send(&self, signal: Signal) {
        if self.ended.is_some() {
            return;
        }
        let pid = Pid::from_child(&self.child);
        // An error means that it has ended in between.
        let _ = if self.plugin.interactive {
            rustix::process::kill_process(pid, signal)
        } else {
            rustix::process::kill_process_group(pid, signal)
        };
    }

    /// After a plugin that was told to end, what is left of its process group gets the rest of the
    /// time to end, too: a shell may have gone before what it started. The group's number is not
    /// given to another one while anybody is in it.
    fn end_group(&self) {
        let (Some(stop), false) = (&self.stop, self.plugin.interactive) else {
            return;
        };
        let group = Pid::from_child(&self.child);
        let killed_by = stop.kill_at.unwrap_or_else(Instant::now);
        while rustix::process::test_kill_process_group(group).is_ok() {
            if Instant::now() >= killed_by {
                let _ = rustix::process::kill_process_group(group, Signal::KILL);
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn into_output(self, status: ExitStatus) -> Result<Secret, PluginError> {
        let command = || self.plugin.command.to_owned();
        match self.stop.as_ref().map(|stop| stop.reason) {
            // A prompt may handle Ctrl-C itself and go on to an answer.
            Some(StopReason::Signal(_)) if self.plugin.interactive && status.success() => {}
            Some(StopReason::Signal(signal)) => return Err(PluginError::Interrupted { signal }),
            Some(StopReason::Timeout) => {
                let after = self.plugin.timeout.unwrap_or_default();
                let command = command();
                return Err(PluginError::TimedOut { command, after });
            }
            Some(StopReason::TooLarge) => {
                let limit = MAX_OUTPUT;
                return Err(self.plugin.output_error(OutputProblem::TooLarge { limit }));
            }
            Some(StopReason::WantsTerminal) => {
                let command = command();
                return Err(PluginError::WantsTerminal { command });
            }
            None => {}
        }
        if !status.success() {
            let end = match status.signal() {
                Some(signal) => End::Signal(signal),
                None => End::Code(status.code().unwrap_or(1)),
            };
            return Err(PluginError::Failed {
                command: command(),
                end,
                heard: self.stderr.is_heard(),
            });
        }
        Ok(Secret::from(self.output))
    }
}

struct Ready {
    output: bool,
    life: bool,
    signal: bool,
}
