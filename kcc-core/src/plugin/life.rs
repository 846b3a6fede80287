use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::process::Child;

use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions};
use signal_hook::consts::{SIGTTIN, SIGTTOU};

/// A stream that gets a byte when the child stops for want of the terminal, and ends when the child
/// ends. The child is not waited for: its number stays its own until we do, so that a signal can
/// never reach another process.
pub(super) fn watch_life(child: &Child) -> io::Result<UnixStream> {
    let (ours, mut theirs) = UnixStream::pair()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    std::thread::Builder::new().spawn(move || {
        let Some(pid) = pid else {
            return;
        };
        loop {
            let options = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
            match rustix::process::waitid(WaitId::Pid(pid), options) {
                Ok(Some(status)) if status.stopped() => {
                    let by = status.stopping_signal();
                    if matches!(by, Some(by) if by == SIGTTIN || by == SIGTTOU) {
                        let _ = theirs.write_all(b"T");
                    }
                    take_stop(pid);
                }
                Err(Errno::INTR) => {}
                _ => return,
            }
        }
    })?;
    Ok(ours)
}

/// Marks a stop as seen, or the next look would see it again. Where the child has gone on or ended in
/// between, there is nothing to mark, and nothing to wait for.
fn take_stop(pid: Pid) {
    let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
    let _ = rustix::process::waitid(WaitId::Pid(pid), options);
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use rustix::process::{Signal, kill_process};

    use super::*;

    fn sleeping() -> (Child, Pid) {
        // A group of its own, or the system leaves out stops for want of a terminal where this process
        // is not of a terminal's session.
        let mut sleep = Command::new("sleep");
        let child = sleep.arg("60").process_group(0).spawn().unwrap();
        let pid = Pid::from_child(&child);
        (child, pid)
    }

    #[test]
    fn a_stop_that_is_over_is_not_waited_for() {
        let (mut child, pid) = sleeping();
        take_stop(pid);
        kill_process(pid, Signal::KILL).unwrap();
        // It has ended, and nobody has waited for it.
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        rustix::process::waitid(WaitId::Pid(pid), ended).unwrap();
        take_stop(pid);
        child.wait().unwrap();
        take_stop(pid);
    }

    #[test]
    fn a_child_that_wants_the_terminal_is_seen_after_other_stops() {
        let (mut child, pid) = sleeping();
        let mut life = watch_life(&child).unwrap();
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
        for _ in 0..20 {
            kill_process(pid, Signal::STOP).unwrap();
            kill_process(pid, Signal::CONT).unwrap();
        }
        kill_process(pid, Signal::TTIN).unwrap();
        let mut seen = [0];
        life.read_exact(&mut seen).unwrap();
        assert_eq!(&seen, b"T");
        let _ = rustix::process::waitid(WaitId::Pid(pid), stopped | WaitIdOptions::NOHANG);
        kill_process(pid, Signal::KILL).unwrap();
        assert_eq!(life.read(&mut seen).unwrap(), 0, "it has ended");
        child.wait().unwrap();
    }
}
