//! Which process is meant: a number alone is used again for another one.

use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};

/// A process by its number and, where the system tells it, its start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessId {
    pid: i32,
    /// Clock ticks since boot, from `/proc/<pid>/stat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<u64>,
}

impl ProcessId {
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok()?;
        let start = start_time(pid);
        Some(Self { pid, start })
    }

    /// Whether this very process still runs; one that ended and was not yet waited for does not.
    pub(crate) fn is_alive(self) -> bool {
        match (self.start, stat(self.pid)) {
            (Some(start), Some(now)) => now.start == start && !matches!(now.state, 'Z' | 'X'),
            (Some(_), None) if cfg!(target_os = "linux") => false,
            _ => self.exists(),
        }
    }

    /// Sends `signal` to it, and to the group that it leads if `with_group`.
    pub(crate) fn signal(self, signal: Signal, with_group: bool) {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return;
        };
        // An error means that it has ended in between.
        let _ = if with_group {
            rustix::process::kill_process_group(pid, signal)
        } else {
            rustix::process::kill_process(pid, signal)
        };
    }

    fn exists(self) -> bool {
        let pid = Pid::from_raw(self.pid);
        pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
    }
}

struct Stat {
    state: char,
    start: u64,
}

fn start_time(pid: i32) -> Option<u64> {
    stat(pid).map(|stat| stat.start)
}

/// proc(5): the name in parentheses may hold anything, so fields count from the last `)`.
fn stat(pid: i32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let start = fields.nth(18)?.parse().ok()?;
    Some(Stat { state, start })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_alive_until_it_ends() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let id = ProcessId::of(child.id()).unwrap();
        assert!(id.is_alive());
        id.signal(Signal::KILL, false);
        child.wait().unwrap();
        assert!(!id.is_alive());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn another_process_of_the_same_number_is_not_it() {
        let me = ProcessId::of(std::process::id()).unwrap();
        let earlier = ProcessId {
            start: Some(1),
            ..me
        };
        assert!(me.is_alive());
        assert!(!earlier.is_alive());
    }
}
