use std::io::{self, IsTerminal, PipeReader, Read, Write};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver};
use std::time::Instant;

use rustix::fs::FileType;

/// What the plugin says, on its way to our stderr. Who stands in for a plugin has to know whether it
/// said anything at all.
pub(super) enum Stderr {
    /// The plugin has ours, and nobody sees what goes there.
    Ours,
    /// The plugin has a file that is ours, too.
    File {
        /// Its size before.
        size: i64,
    },
    /// What comes is passed on at once, as it is.
    Passed {
        heard: Arc<AtomicBool>,
        ended: Receiver<()>,
    },
}

impl Stderr {
    /// Arranges it for `command`. A plugin that may prompt keeps a terminal and what it starts for a
    /// person, such as a browser, keeps its place to write to.
    pub(super) fn of(command: &mut Command, is_passed_on: bool) -> Self {
        let stderr = io::stderr();
        if !is_passed_on || stderr.is_terminal() {
            return Self::Ours;
        }
        let Ok(stat) = rustix::fs::fstat(&stderr) else {
            return Self::Ours;
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Self::File { size: stat.st_size },
            FileType::Fifo | FileType::Socket => Self::pass(command).unwrap_or(Self::Ours),
            _ => Self::Ours,
        }
    }

    fn pass(command: &mut Command) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let heard = Arc::new(AtomicBool::new(false));
        let (done, ended) = mpsc::channel();
        let hears = Arc::clone(&heard);
        std::thread::Builder::new().spawn(move || {
            pass_on(reader, &hears);
            let _ = done.send(());
        })?;
        command.stderr(writer);
        Ok(Self::Passed { heard, ended })
    }

    /// Waits until all of it is passed on, and not beyond `until`: what the plugin left running may
    /// never close it.
    pub(super) fn end(&self, until: Instant) {
        if let Self::Passed { ended, .. } = self {
            let _ = ended.recv_timeout(until.saturating_duration_since(Instant::now()));
        }
    }

    /// Whether it is known that something was said.
    pub(super) fn is_heard(&self) -> bool {
        match self {
            Self::Ours => false,
            Self::File { size } => {
                rustix::fs::fstat(io::stderr()).is_ok_and(|stat| stat.st_size != *size)
            }
            Self::Passed { heard, .. } => heard.load(SeqCst),
        }
    }
}

/// Where nobody reads what we pass on, the plugin does not learn of it.
fn pass_on(mut reader: PipeReader, heard: &AtomicBool) {
    let mut chunk = [0; 4096];
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => return,
            Ok(count) => {
                heard.store(true, SeqCst);
                let _ = io::stderr().write_all(&chunk[..count]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
