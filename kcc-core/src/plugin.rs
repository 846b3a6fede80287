use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use zeroize::Zeroizing;

use crate::environment::Environment;
use crate::error::{AnswerProblem, End, Error, StartProblem};
use crate::lock::{RunLock, TERMINATION_GRACE};
use crate::process::ProcessId;
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
    /// What is run: an absolute path, or a bare name that is looked for in `PATH`.
    pub(crate) program: &'a OsStr,
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
    id: Option<ProcessId>,
    stdout: Option<ChildStdout>,
    output: Zeroizing<Vec<u8>>,
    /// Readable as soon as the child has ended.
    end: UnixStream,
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
    Signal(i32),
}

/// Signals to this process, as something to poll.
struct SignalPipe {
    /// Readable when a signal came.
    wake: UnixStream,
    raised: Vec<(i32, Arc<AtomicBool>)>,
    registrations: Vec<SigId>,
}

impl Plugin<'_> {
    /// Runs the plugin to its end and gives what it printed on stdout. Its stderr is ours.
    pub(crate) fn run(&self, lock: Option<&RunLock<'_>>) -> Result<Secret, Error> {
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
        command.args(self.args).env_clear().envs(self.env.iter());
        command.stdout(Stdio::piped());
        if !self.interactive {
            command.stdin(Stdio::null()).process_group(0);
        }
        command
    }

    fn start_error(&self, error: io::Error) -> Error {
        let has_path = self.program.as_encoded_bytes().contains(&b'/');
        let problem = match error.kind() {
            io::ErrorKind::NotFound if has_path && Path::new(self.program).exists() => {
                StartProblem::NoInterpreter
            }
            io::ErrorKind::NotFound => StartProblem::NotFound { in_path: !has_path },
            io::ErrorKind::PermissionDenied => StartProblem::NotExecutable,
            _ => StartProblem::System(error),
        };
        // client-go shows the hint only where the executable is missing.
        let missing = matches!(problem, StartProblem::NotFound { .. });
        Error::Start {
            command: self.command.to_owned(),
            problem,
            hint: self.install_hint.filter(|_| missing).map(str::to_owned),
        }
    }

    fn answer_error(&self, problem: AnswerProblem) -> Error {
        Error::Answer {
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
    ) -> Result<Self, Error> {
        let group = !plugin.interactive;
        let latest = plugin.timeout.map(|timeout| Timestamp::now() + timeout);
        if let Some(lock) = lock {
            // Without it, only a killed process's plugin could not be waited for.
            let _ = lock.hand_on(group, latest);
        }
        let spawned = plugin.to_command().spawn();
        let mut child = spawned.map_err(|error| plugin.start_error(error))?;
        if let Some(lock) = lock {
            lock.handed_on_to(child.id(), group, latest);
        }
        let end = notify_end(&child).map_err(|error| {
            let _ = child.kill();
            let _ = child.wait();
            plugin.start_error(error)
        })?;
        Ok(Self {
            plugin,
            id: ProcessId::of(child.id()),
            stdout: child.stdout.take(),
            child,
            // Never grown, so that no copy of a secret is left behind in freed memory.
            output: Zeroizing::new(Vec::with_capacity(MAX_OUTPUT)),
            end,
            signals,
            deadline: plugin.timeout.map(|timeout| Instant::now() + timeout),
            ended: None,
            stop: None,
        })
    }

    /// Reads and waits until the plugin has ended and its output is complete.
    fn wait(&mut self) -> io::Result<ExitStatus> {
        while !self.is_over() {
            let ready = self.poll()?;
            if ready.signal {
                self.pass_signals_on();
            }
            if ready.output {
                self.read_output();
            }
            if ready.end {
                self.ended.get_or_insert_with(Instant::now);
            }
            self.keep_time();
        }
        self.child.wait()
    }

    fn is_over(&self) -> bool {
        let Some(ended) = self.ended else {
            return false;
        };
        self.stdout.is_none() || ended.elapsed() >= DRAIN
    }

    fn poll(&self) -> io::Result<Ready> {
        let sources = [
            self.stdout.as_ref().map(AsFd::as_fd),
            self.ended.is_none().then(|| self.end.as_fd()),
            self.signals.as_ref().map(|signals| signals.wake.as_fd()),
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
            end: is_ready(&sources[1]),
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
        let kill_at = patience.map(|patience| Instant::now() + patience);
        self.stop = Some(Stop { reason, kill_at });
    }

    /// The child is not waited for before `wait` returns, so its number is still its own.
    fn send(&self, signal: Signal) {
        if let (None, Some(id)) = (self.ended, &self.id) {
            id.signal(signal, !self.plugin.interactive);
        }
    }

    fn into_output(self, status: ExitStatus) -> Result<Secret, Error> {
        let command = || self.plugin.command.to_owned();
        match self.stop.as_ref().map(|stop| stop.reason) {
            // A prompt may handle Ctrl-C itself and go on to an answer.
            Some(StopReason::Signal(_)) if self.plugin.interactive && status.success() => {}
            Some(StopReason::Signal(signal)) => return Err(Error::Interrupted { signal }),
            Some(StopReason::Timeout) => {
                let after = self.plugin.timeout.unwrap_or_default();
                let command = command();
                return Err(Error::TimedOut { command, after });
            }
            Some(StopReason::TooLarge) => {
                let limit = MAX_OUTPUT;
                return Err(self.plugin.answer_error(AnswerProblem::TooLarge { limit }));
            }
            None => {}
        }
        if !status.success() {
            let end = match status.signal() {
                Some(signal) => End::Signal(signal),
                None => End::Code(status.code().unwrap_or(1)),
            };
            let command = command();
            return Err(Error::Failed { command, end });
        }
        Ok(Secret::from(self.output))
    }
}

struct Ready {
    output: bool,
    end: bool,
    signal: bool,
}

impl SignalPipe {
    fn open() -> io::Result<Self> {
        let (wake, waker) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let mut opened = Self {
            wake,
            raised: vec![],
            registrations: vec![],
        };
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            let raised = Arc::new(AtomicBool::new(false));
            // In this order, so that the flag is up when the reader wakes.
            let flag = signal_hook::flag::register(signal, Arc::clone(&raised))?;
            opened.registrations.push(flag);
            let wake = signal_hook::low_level::pipe::register(signal, waker.try_clone()?)?;
            opened.registrations.push(wake);
            opened.raised.push((signal, raised));
        }
        Ok(opened)
    }

    /// The signals that came since the last call, each once.
    fn take(&mut self) -> Vec<i32> {
        // Only wakes; what matters is in the flags.
        let _ = self.wake.read(&mut [0; 64]);
        let raised = self
            .raised
            .iter()
            .filter(|(_, raised)| raised.swap(false, SeqCst));
        raised.map(|(signal, _)| *signal).collect()
    }
}

impl Drop for SignalPipe {
    fn drop(&mut self) {
        for registration in self.registrations.drain(..) {
            signal_hook::low_level::unregister(registration);
        }
    }
}

/// A stream that ends when the child ends. The child is not waited for: its number stays its own
/// until we do, so that a signal can never reach another process.
fn notify_end(child: &Child) -> io::Result<UnixStream> {
    let (ours, theirs) = UnixStream::pair()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    std::thread::Builder::new().spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Some(pid) = pid
            && let Err(Errno::INTR) = rustix::process::waitid(WaitId::Pid(pid), options)
        {}
        drop(theirs);
    })?;
    Ok(ours)
}
