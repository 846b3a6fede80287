//! Measures a client from outside, by what `/proc` says of its process.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use anyhow::{Context, Result, bail, ensure};
use harness::process_memory;

use crate::clients::Program;
use crate::modes::Mode;
use crate::pods::{Phase, Pod, State};
use crate::server;

/// A process that reads and says lines.
struct Process {
    child: Child,
    tell: ChildStdin,
    heard: BufReader<ChildStdout>,
}

impl Process {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let tell = child.stdin.take().context("stdin is a pipe")?;
        let heard = child.stdout.take().context("stdout is a pipe")?;
        let heard = BufReader::new(heard);
        Ok(Self { child, tell, heard })
    }

    fn tell(&mut self, line: &str) -> Result<()> {
        Ok(writeln!(self.tell, "{line}")?)
    }

    fn hear(&mut self) -> Result<String> {
        let mut line = String::new();
        self.heard.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the process ended");
        Ok(line.trim_end().to_owned())
    }

    /// The program of a mode, with a server to follow.
    fn client(mode: &Mode, program: Option<&Path>, server: &Server) -> Result<Self> {
        let url = format!("{}{}", server.url, server::path(mode));
        let mut command = Command::new(program.map_or_else(env::current_exe, |it| Ok(it.into()))?);
        match mode.program {
            Program::Rust(_) => {
                command.args(["client", mode.name, &url, &server.count.to_string()]);
            }
            Program::Go(arguments) => {
                let last = Pod::marker(server.count).version();
                let second = Pod::second_marker(server.count).version();
                command.args(arguments).arg(format!("-url={url}"));
                command.args([format!("-last={last}"), format!("-second={second}")]);
            }
        }
        command.envs(mode.environment.iter().copied());
        Self::start(&mut command)
    }

    /// From now on, the most that it holds is counted anew.
    fn forget_peak(&self) -> Result<()> {
        Ok(fs::write(
            format!("/proc/{}/clear_refs", self.child.id()),
            "5",
        )?)
    }

    /// The memory that it holds, once it has given back what it can.
    fn rest(&mut self) -> Result<f64> {
        self.tell("")?;
        ensure!(self.hear()? == "collected", "nothing was collected");
        self.settle()?;
        self.memory("VmRSS")
    }

    /// What it has. To be called only when everything was measured that this could change.
    fn state(&mut self) -> Result<State> {
        self.tell("")?;
        let line = self.hear()?;
        let (count, sum) = line.split_once(' ').context("not a state")?;
        let (count, sum) = (count.parse()?, sum.parse()?);
        Ok(State { count, sum })
    }

    /// User and system time of all its threads, also of those that have ended.
    fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks: Vec<u32> = ticks.map(str::parse).collect::<Result<_, _>>()?;
        let per_second = u32::try_from(rustix::param::clock_ticks_per_second())?;
        Ok(Duration::from_secs(1) * ticks.iter().sum() / per_second)
    }

    /// A line of its status, in megabytes (of a million bytes).
    /// In megabytes.
    fn memory(&self, field: &str) -> Result<f64> {
        Ok(process_memory(self.child.id(), field)? / 1e6)
    }

    /// Waits until it does nothing any longer, so that what it left for later counts.
    fn settle(&self) -> Result<()> {
        const STEP: Duration = Duration::from_millis(50);
        let (mut before, mut quiet) = (self.cpu()?, 0);
        for _ in 0..600 {
            thread::sleep(STEP);
            let now = self.cpu()?;
            quiet = if now == before { quiet + 1 } else { 0 };
            before = now;
            if quiet == 10 {
                return Ok(());
            }
        }
        bail!("the process does not come to rest")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server of a number of Pods.
pub(crate) struct Server {
    process: Process,
    url: String,
    count: usize,
}

impl Server {
    /// Makes ready what these modes are sent.
    pub(crate) fn start(count: usize, modes: &[&Mode]) -> Result<Self> {
        let mut forms: Vec<_> = modes.iter().map(|mode| mode.form.name()).collect();
        forms.sort_unstable();
        forms.dedup();
        let mut command = Command::new(env::current_exe()?);
        command.args(["serve", &count.to_string()]).args(forms);
        let mut process = Process::start(&mut command)?;
        let url = format!("http://127.0.0.1:{}", process.hear()?);
        Ok(Self {
            process,
            url,
            count,
        })
    }

    /// Lets the client's watch go on, or the next client begin.
    fn go_on_to(&mut self, phase: Phase) -> Result<()> {
        self.process.tell(&format!("{phase:?}"))
    }
}

/// What one phase of one run took; memory in megabytes.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
    /// What it held before, once it was at rest.
    pub(crate) before: f64,
    pub(crate) peak: f64,
    pub(crate) rest: f64,
}

/// What one run of one client took.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) list: Took,
    pub(crate) updates: Took,
    pub(crate) relist: Took,
}

impl Run {
    /// Runs a client: from its start until it is synced, then through the updates, and then until it has
    /// the second list. CPU time is counted until it is at rest.
    pub(crate) fn of(mode: &Mode, program: Option<&Path>, server: &mut Server) -> Result<Self> {
        server.go_on_to(Phase::List)?;
        let started = Instant::now();
        let mut client = Process::client(mode, program, server)?;
        ensure!(client.hear()? == "synced", "not synced first");
        let wall = started.elapsed().as_secs_f64();
        client.settle()?;
        let list = Took {
            wall,
            cpu: client.cpu()?.as_secs_f64(),
            before: 0.0,
            peak: client.memory("VmHWM")?,
            rest: client.rest()?,
        };
        check(Phase::List, client.state()?, mode, server)?;
        let (updates, events) = Self::phase(Phase::Updates, &mut client, mode, server)?;
        // Each Pod is changed once, so nothing can be merged.
        ensure!(
            events == server.count,
            "{events} updates came to the subscriber"
        );
        let (relist, _) = Self::phase(Phase::Relist, &mut client, mode, server)?;
        Ok(Self {
            list,
            updates,
            relist,
        })
    }

    /// One of the phases after the list, and how many updates the subscriber has got since the start.
    fn phase(
        phase: Phase,
        client: &mut Process,
        mode: &Mode,
        server: &mut Server,
    ) -> Result<(Took, usize)> {
        client.settle()?;
        client.forget_peak()?;
        let (before, cpu) = (client.memory("VmRSS")?, client.cpu()?.as_secs_f64());
        let started = Instant::now();
        server.go_on_to(phase)?;
        let done = client.hear()?;
        let wall = started.elapsed().as_secs_f64();
        let form = server.process.hear()?;
        ensure!(form == mode.form.name(), "it was sent {form}");
        client.settle()?;
        let took = Took {
            wall,
            cpu: client.cpu()?.as_secs_f64() - cpu,
            before,
            peak: client.memory("VmHWM")?,
            rest: client.rest()?,
        };
        check(phase, client.state()?, mode, server)?;
        let events = done.strip_prefix("done ").context("not done")?.parse()?;
        Ok((took, events))
    }
}

fn check(phase: Phase, found: State, mode: &Mode, server: &Server) -> Result<()> {
    let wanted = State::wanted(server.count, mode.depth, phase);
    ensure!(
        found == wanted,
        "after {phase:?} it has {found:?}, not {wanted:?}"
    );
    Ok(())
}
