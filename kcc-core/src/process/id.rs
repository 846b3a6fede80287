//! Which process is meant: a process id alone can be reused.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;

use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};

use super::stat::{Stat, origin};

/// A process by its number and, where the system tells them, its start time and where the number
/// means something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessId {
    pid: i32,
    /// Clock ticks since boot, from `/proc/<pid>/stat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<u64>,
    /// Where the number means something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

impl ProcessId {
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok()?;
        Some(Self {
            pid,
            start: Stat::of(pid).map(|stat| stat.start),
            origin: origin(),
        })
    }

    /// A process of which this was read just now; `None` where the system does not say enough.
    pub(super) fn seen(pid: i32, stat: &Stat) -> Option<Self> {
        Some(Self {
            pid,
            start: Some(stat.start),
            origin: Some(origin()?),
        })
    }

    /// Reads what [`to_line`](Self::to_line) wrote.
    pub(super) fn from_line(line: &str) -> Option<Self> {
        let mut fields = line.splitn(3, ' ');
        Some(Self {
            pid: fields.next()?.parse().ok()?,
            start: Some(fields.next()?.parse().ok()?),
            origin: Some(fields.next()?.to_owned()),
        })
    }

    /// `<pid> <start time> <boot> <PID namespace>`; `None` where not all of it is known.
    pub(super) fn to_line(&self) -> Option<String> {
        let (start, origin) = (self.start?, self.origin.as_ref()?);
        Some(format!("{} {start} {origin}", self.pid))
    }

    pub(super) fn has_origin_of(&self, other: &Self) -> bool {
        self.origin == other.origin
    }

    /// Whether there is no such process here any more. One that was not waited for is still there.
    pub(super) fn is_gone(&self) -> bool {
        Stat::of(self.pid).is_none_or(|now| Some(now.start) != self.start)
    }

    /// The leader of a process group that has this file open, other than this process and than the
    /// leader of a session, as a daemon is: a plugin that was started with the file, by a process
    /// that was killed before it could say so.
    pub(crate) fn of_plugin_with(file: &File) -> Option<Self> {
        let wanted = file.metadata().ok()?;
        let is_wanted =
            |open: &fs::Metadata| open.ino() == wanted.ino() && open.dev() == wanted.dev();
        let own = std::process::id();
        let processes = fs::read_dir("/proc").ok()?.flatten();
        let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mut others = numbers.filter(|pid: &u32| *pid != own);
        others.find_map(|pid| {
            let number = i32::try_from(pid).ok()?;
            let stat = Stat::of(number)?;
            if stat.group != number || stat.session == number {
                return None;
            }
            let mut open = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.flatten();
            let has = open.any(|link| fs::metadata(link.path()).is_ok_and(|open| is_wanted(&open)));
            has.then(|| Self::of(pid)).flatten()
        })
    }

    /// Whether this very process may still run; one that ended and was not yet waited for does not,
    /// one that is not [known](Self::is_known) may.
    pub(crate) fn may_run(&self) -> bool {
        if !self.is_known() {
            return true;
        }
        Stat::of(self.pid)
            .is_some_and(|now| Some(now.start) == self.start && !matches!(now.state, 'Z' | 'X'))
    }

    /// Sends `signal` to it, or to the group that it leads; to nobody where that may be another one.
    pub(crate) fn signal(&self, signal: Signal, group: bool) {
        let pid = Pid::from_raw(self.pid).filter(|_| self.is_known() && self.may_run());
        // An error means that it has ended in between.
        let _ = match pid {
            Some(pid) if group => rustix::process::kill_process_group(pid, signal),
            Some(pid) => rustix::process::kill_process(pid, signal),
            None => Ok(()),
        };
    }

    /// Whether its number means this very process here: it is of this host, boot and container, and
    /// its start time is known. Without `/proc` no process is; then only locks tell who runs.
    pub(crate) fn is_known(&self) -> bool {
        self.start.is_some() && self.origin.is_some() && self.origin == origin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_is_alive_until_it_ends() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let id = ProcessId::of(child.id()).unwrap();
        assert!(id.may_run());
        id.signal(Signal::KILL, false);
        child.wait().unwrap();
        assert!(!id.may_run());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_leader_of_a_group_is_found_by_the_file_that_it_has_open() {
        use std::os::unix::process::CommandExt;
        let file = tempfile::tempfile().unwrap();
        assert_eq!(
            ProcessId::of_plugin_with(&file),
            None,
            "this process is not it"
        );
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .stdin(file.try_clone().unwrap())
            .process_group(0)
            .spawn()
            .unwrap();
        let found = ProcessId::of_plugin_with(&file);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found.unwrap().pid.unsigned_abs(), child.id());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn another_process_of_the_same_number_is_not_it() {
        let me = ProcessId::of(std::process::id()).unwrap();
        assert!(me.may_run());
        let start = Some(1);
        assert!(!ProcessId { start, ..me }.may_run());
    }

    /// As it is written without `/proc`: there such numbers are all that there is.
    #[test]
    fn a_number_alone_is_nobody_in_particular() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let known = ProcessId::of(child.id()).unwrap();
        for (start, origin) in [
            (None, None),
            (None, known.origin.clone()),
            (known.start, None),
            (known.start, Some("elsewhere".into())),
        ] {
            let pid = known.pid;
            let id = ProcessId { pid, start, origin };
            assert!(!id.is_known() && id.may_run());
            id.signal(Signal::KILL, false);
        }
        assert!(child.try_wait().unwrap().is_none(), "nothing reached it");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
